//! The one owner of the session's state.

use tokio::sync::mpsc;

use crate::session::inbox::Input;
use crate::session::{SessionConfig, SessionDeps};

pub(crate) struct Actor {
    deps: SessionDeps,
}

impl Actor {
    pub(crate) fn new(
        _config: SessionConfig,
        deps: SessionDeps,
        _inbox: mpsc::WeakUnboundedSender<Input>,
    ) -> Self {
        Self { deps }
    }

    pub(crate) async fn run(self, mut inputs: mpsc::UnboundedReceiver<Input>) {
        let soft = self.deps.lifecycle.soft().clone();
        while let Some(Some(input)) = soft.run_until_cancelled(inputs.recv()).await {
            match input {
                Input::Request(request) => drop(request),
            }
        }
    }
}
