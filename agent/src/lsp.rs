//! LSP over standard streams: the IDE's way to a session.
//!
//! [`front`] reads frames and survives all of them, [`server`] has one thin handler a request, [`host`] is the IDE as the
//! session sees it. State is the session's alone.

mod ask;
mod error;
mod framer;
mod front;
mod host;
mod message;
mod methods;
mod options;
mod parent;
mod progress;
mod server;

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::clock::Clock;
use crate::environment::Environment;
use crate::lifecycle::Lifecycle;
use crate::log::Log;
use crate::random::Random;

use parent::Parent;

/// How many requests may be waiting at once: far more than an IDE has, so that none ever keeps a cancel waiting.
const CONCURRENCY: usize = 1024;
/// How long tasks may take to end after the conversation has.
const GRACE: Duration = Duration::from_millis(500);

/// What a server needs of the process around it.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The process environment.
    pub environment: Environment,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Random,
    /// Where tasks run.
    pub lifecycle: Lifecycle,
    /// The log, whose level the IDE may set.
    pub log: Log,
}

/// Serves one IDE until it leaves. Returns the exit status of LSP 3.17: 0 after `shutdown` and `exit`, else 1.
pub async fn serve<R, W>(input: R, output: W, surroundings: Surroundings) -> u8
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let lifecycle = surroundings.lifecycle.clone();
    let parent = Parent::default();
    let (service, socket) = server::service(surroundings, parent.clone());
    let ending = front::run(input, output, parent.gone(), |stdin, stdout| {
        tower_lsp::Server::new(stdin, stdout, socket)
            .concurrency_level(CONCURRENCY)
            .serve(service)
    })
    .await;
    lifecycle.stop(GRACE).await;
    match ending {
        front::Ending::Orderly => 0,
        front::Ending::Abrupt => 1,
    }
}
