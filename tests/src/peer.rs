//! Software that was not written for this project, as a process of one JSON object a line: see `tests/peers`.
//!
//! What a peer says is kept until a test reads it. Where Node or the peer's packages are missing, a test is told so and
//! ends; with `CI=true` that is a failure, so that nothing is left out where it counts.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::PATIENCE;
use crate::process::{Home, Process};

#[derive(Debug, Default)]
struct Heard {
    lines: Mutex<Vec<Value>>,
    changed: Notify,
}

/// A running peer.
#[derive(Debug)]
pub struct Peer {
    script: &'static str,
    process: Process,
    stdin: ChildStdin,
    heard: Arc<Heard>,
    next: u64,
    ready: Value,
    patience: Duration,
    _home: Home,
}

/// The folder of the peers.
pub fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Whether what a test needs is there.
///
/// # Panics
/// When it is not and `CI=true`: no test is left out there.
#[expect(clippy::disallowed_methods, reason = "CI tells itself by its environment")]
pub fn available(what: &str, there: bool) -> bool {
    if !there {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "{what} is missing, and nothing is left out in CI");
        eprintln!("left out: {what} is missing (see tests/peers/README.md)");
    }
    there
}

/// Whether `program` runs here.
pub fn runs(program: &str) -> bool {
    succeeds(Command::new(program).arg("--version"))
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

impl Peer {
    /// Starts `tests/peers/<script>`; `None` where Node or the packages are missing.
    pub async fn start(script: &'static str, arguments: &[&str]) -> Option<Self> {
        let installed = peers().join("node_modules").is_dir() && runs("node");
        if !available("Node.js with the packages of tests/peers", installed) {
            return None;
        }
        let home = Home::new();
        let mut command = home.command(Path::new("node"));
        command.arg(peers().join(script)).args(arguments);
        Some(Self::spawn(script, command, home).await)
    }

    /// Starts Neovim with `tests/peers/<script>`, which does all by itself; `None` where there is no Neovim.
    pub async fn neovim(script: &'static str, environment: &[(&str, &str)]) -> Option<Self> {
        if !available("Neovim", runs("nvim")) {
            return None;
        }
        let home = Home::new();
        let mut command = home.command(Path::new("nvim"));
        command
            .args(["--headless", "-u", "NONE", "-c"])
            .arg(format!("luafile {}", peers().join(script).display()))
            .envs(environment.iter().copied());
        Some(Self::spawn(script, command, home).await)
    }

    /// Starts Emacs with `tests/peers/<script>`, which does all by itself; `None` where there is no Emacs with Eglot.
    pub async fn emacs(script: &'static str, environment: &[(&str, &str)]) -> Option<Self> {
        const HAS_EGLOT: [&str; 4] = [
            "--batch",
            "--funcall=package-initialize",
            "--eval",
            "(require 'eglot)",
        ];
        if !available(
            "Emacs with Eglot",
            succeeds(Command::new("emacs").args(HAS_EGLOT)),
        ) {
            return None;
        }
        let home = Home::new();
        let mut command = home.command(Path::new("emacs"));
        command
            .args(["--batch", "--load"])
            .arg(peers().join(script))
            .envs(environment.iter().copied());
        Some(Self::spawn(script, command, home).await)
    }

    async fn spawn(script: &'static str, mut command: Command, home: Home) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(script, &mut command);
        let stdin = process.child().stdin.take().expect("standard input is piped");
        let stdout = process.child().stdout.take().expect("standard output is piped");
        let heard = Arc::new(Heard::default());
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let value =
                    serde_json::from_str(&line).unwrap_or_else(|_| json!({ "event": "text", "text": line }));
                kept.lines
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(value);
                kept.changed.notify_waiters();
            }
        });
        let mut peer = Self {
            script,
            process,
            stdin,
            heard,
            next: 0,
            ready: Value::Null,
            patience: PATIENCE,
            _home: home,
        };
        peer.ready = peer.event("ready", |_| true).await;
        peer
    }

    /// How long one answer or event may take.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What it said when it was ready.
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// Has the peer do something and waits for its answer: `Err` is what the peer's own library threw.
    pub async fn call(&mut self, op: &str, arguments: Value) -> Result<Value, Value> {
        self.next += 1;
        let id = self.next;
        let mut command = json!({ "id": id, "op": op });
        if let (Some(command), Value::Object(arguments)) = (command.as_object_mut(), arguments) {
            command.extend(arguments);
        }
        writeln!(self.stdin, "{command}").expect("the peer reads its commands");
        let answer = self
            .take(&format!("the answer to {op}"), |line| line["id"] == id)
            .await;
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// As [`call`](Self::call), where the test wants it to succeed.
    pub async fn ok(&mut self, op: &str, arguments: Value) -> Value {
        let shown = arguments.to_string();
        self.call(op, arguments)
            .await
            .unwrap_or_else(|error| panic!("{} {op} {shown}: {error}", self.script))
    }

    /// Takes the first event of this name that fits.
    pub async fn event(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.take(&format!("the event {name}"), |line| {
            line["event"] == name && fits(line)
        })
        .await
    }

    /// How many events of this name were not taken yet.
    pub fn count(&self, name: &str) -> usize {
        let lines = self.heard.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| line["event"] == name).count()
    }

    async fn take(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let heard = Arc::clone(&self.heard);
        let found = tokio::time::timeout(self.patience, async {
            loop {
                let changed = heard.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                {
                    let mut lines = heard.lines.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(at) = lines.iter().position(&fits) {
                        return lines.remove(at);
                    }
                }
                changed.await;
            }
        })
        .await;
        found.unwrap_or_else(|_| {
            let lines = self.heard.lines.lock().unwrap_or_else(PoisonError::into_inner);
            panic!(
                "{} never said {what}; it said {lines:#?}; standard error:\n{}",
                self.script,
                self.process.stderr()
            )
        })
    }
}
