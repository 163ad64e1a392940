//! An attempt as a progress bar of the IDE: `window/workDoneProgress/create`, then `$/progress`. The token is the attempt's
//! id, so that the bar's cancel button names the attempt.

use std::collections::HashMap;
use std::time::Duration;

use codestream_protocol::AttemptId;
use codestream_protocol::lsp::attempt::{Attempt, AttemptEnd, AttemptKind, Outcome, Step};
use tokio::sync::mpsc;
use tower_lsp::Client;
use tower_lsp::lsp_types::notification::Progress as Report;
use tower_lsp::lsp_types::request::WorkDoneProgressCreate;
use tower_lsp::lsp_types::{
    NumberOrString, ProgressParams, ProgressParamsValue, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport,
};

use super::ask::ask;
use crate::lifecycle::Lifecycle;

/// How long the IDE may take to make a bar.
const CREATION: Duration = Duration::from_secs(10);

/// The bars of all attempts that run.
#[derive(Debug)]
pub(crate) struct Progress {
    client: Client,
    lifecycle: Lifecycle,
    bars: HashMap<AttemptId, mpsc::UnboundedSender<Attempt>>,
}

impl Progress {
    pub(crate) fn new(client: Client, lifecycle: Lifecycle) -> Self {
        Self {
            client,
            lifecycle,
            bars: HashMap::new(),
        }
    }

    /// Shows where an attempt is. Never blocks: each bar has a task of its own.
    pub(crate) fn show(&mut self, attempt: &Attempt) {
        let id = attempt.attempt_id;
        let ended = attempt.end.is_some();
        let bar = match self.bars.remove(&id) {
            Some(bar) => bar,
            None if ended => return,
            None => {
                let (bar, steps) = mpsc::unbounded_channel();
                self.lifecycle
                    .spawn(run(self.client.clone(), self.lifecycle.clone(), steps));
                bar
            }
        };
        // A bar that the IDE refused listens no more.
        let _ = bar.send(attempt.clone());
        if !ended {
            self.bars.insert(id, bar);
        }
    }
}

async fn run(client: Client, lifecycle: Lifecycle, mut steps: mpsc::UnboundedReceiver<Attempt>) {
    let Some(first) = steps.recv().await else { return };
    let token = NumberOrString::String(first.attempt_id.to_string());
    let params = WorkDoneProgressCreateParams { token: token.clone() };
    let created = ask::<WorkDoneProgressCreate>(&client, &lifecycle, params, CREATION).await;
    if !matches!(created, Some(Ok(()))) {
        return;
    }
    let tell = async |value| {
        let value = ProgressParamsValue::WorkDone(value);
        client
            .send_notification::<Report>(ProgressParams {
                token: token.clone(),
                value,
            })
            .await;
    };
    tell(WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: title(&first),
        cancellable: Some(true),
        message: Some(step(first.step).to_owned()),
        percentage: None,
    }))
    .await;
    let mut message = None;
    while let Some(attempt) = steps.recv().await {
        if let Some(end) = &attempt.end {
            message = ended(end);
            break;
        }
        tell(WorkDoneProgress::Report(WorkDoneProgressReport {
            cancellable: Some(true),
            message: Some(step(attempt.step).to_owned()),
            percentage: None,
        }))
        .await;
    }
    tell(WorkDoneProgress::End(WorkDoneProgressEnd { message })).await;
}

fn title(attempt: &Attempt) -> String {
    match attempt.kind {
        AttemptKind::Connect => format!("Connecting to {}", attempt.host),
        AttemptKind::SignIn => format!("Signing in with {}", attempt.host),
        AttemptKind::Link => format!("Linking {}", attempt.host),
    }
}

fn step(step: Step) -> &'static str {
    match step {
        Step::Opening => "Opening your browser",
        Step::Waiting => "Waiting for you in the browser",
        Step::Confirming => "Waiting for you to confirm the account",
        Step::Finishing => "Checking the account",
    }
}

fn ended(end: &AttemptEnd) -> Option<String> {
    match (end.outcome, &end.account) {
        (Outcome::Connected, Some(account)) => Some(format!("Connected as {account}")),
        (Outcome::SignedIn, Some(account)) => Some(format!("Signed in as {account}")),
        _ => end.message.clone(),
    }
}
