//! `codestream-server-stub` as a process. Owns its life; what it does is asked through HTTP alone.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::sync::oneshot;

use crate::PATIENCE;
use crate::process::{GRACE, Home, Process};

/// The line that `--ready-json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// Origin of the API.
    pub api: String,
    /// URL of the me-channel.
    pub channel: String,
    /// Origin of the sandbox.
    #[serde(default)]
    pub sandbox: Option<String>,
    /// Origin of the metrics.
    #[serde(default)]
    pub metrics: Option<String>,
}

/// A running one.
#[derive(Debug)]
pub(crate) struct Node {
    ready: Ready,
    process: Process,
    more: Arc<Mutex<Vec<String>>>,
    _home: Home,
}

impl Node {
    /// Starts it and waits until every listener is up.
    pub(crate) async fn start(home: Home, command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::spawn("codestream-server-stub", command);
        let stdout = process.child().stdout.take().expect("standard output is piped");
        let (ready_tx, ready_rx) = oneshot::channel();
        let more = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&more);
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            if let Some(line) = lines.next() {
                // The other side may have given up.
                let _ = ready_tx.send(line);
            }
            for line in lines {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let Ok(Ok(line)) = tokio::time::timeout(PATIENCE, ready_rx).await else {
            panic!("the stub is not ready; standard error:\n{}", process.stderr());
        };
        let ready =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in the ready line {line}"));
        Self {
            ready,
            process,
            more,
            _home: home,
        }
    }

    pub(crate) fn ready(&self) -> &Ready {
        &self.ready
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        self.process.stderr()
    }

    /// Tells whoever reads a failed test how its log ended.
    pub(crate) fn last_words(&self) {
        self.process.last_words();
    }

    /// What it printed after its ready line.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.more.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for an end that something else brought about, and gives the exit status.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        self.process.wait(PATIENCE).await.code()
    }

    /// Ends it without a word, as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Tells it to end, as a service manager does.
    pub(crate) fn terminate(&mut self) {
        self.process.terminate();
    }

    /// Waits until it has done what it was told, and gives its exit status.
    pub(crate) async fn gone(&mut self) -> Option<i32> {
        self.process.wait(GRACE).await.code()
    }

    /// As [`gone`](Self::gone), for a destructor.
    pub(crate) fn gone_blocking(&mut self) -> Option<i32> {
        self.process.end_blocking(GRACE).and_then(|status| status.code())
    }
}
