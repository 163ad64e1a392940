//! `codestream-server-stub` as a process. Owns its life; what it does is asked through HTTP alone.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::sync::oneshot;

use crate::PATIENCE;
use crate::bins::bin;
use crate::control::Control;
use crate::http::Http;
use crate::kept::{Kept, Options};
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

/// How a stub is started.
#[derive(Debug, Default)]
pub struct StubBuilder {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    listen: Option<String>,
    home: Option<Home>,
    store: Option<Options>,
    any_exit: bool,
    sandbox: Sandbox,
}

/// The imitated third parties.
#[derive(Debug, Default)]
enum Sandbox {
    /// Of its own.
    #[default]
    Own,
    /// Another stub's.
    At(String),
    /// None.
    None,
}

impl Sandbox {
    fn options(&self) -> Vec<&str> {
        match self {
            Self::Own => vec!["--sandbox", "--sandbox-listen", "127.0.0.1:0"],
            Self::At(url) => vec!["--sandbox-url", url],
            Self::None => Vec::new(),
        }
    }
}

impl StubBuilder {
    /// Adds arguments of its command line.
    pub fn args<A: Into<String>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where the API listens; a free port otherwise.
    pub fn listen(mut self, address: &str) -> Self {
        self.listen = Some(address.to_owned());
        self
    }

    /// Keeps everything here; in a store of its own otherwise.
    pub fn keeping(self, store: &Kept) -> Self {
        self.storing(store.options())
    }

    pub(crate) fn storing(mut self, store: Options) -> Self {
        self.store = Some(store);
        self
    }

    /// With another stub's third parties.
    pub fn sharing_sandbox_of(mut self, other: &Stub) -> Self {
        self.sandbox = Sandbox::At(other.sandbox().to_owned());
        self
    }

    /// Without the imitated third parties, as in production.
    pub fn without_sandbox(mut self) -> Self {
        self.sandbox = Sandbox::None;
        self
    }

    /// The test ends it in its own way: any exit status is good.
    pub fn any_exit(mut self) -> Self {
        self.any_exit = true;
        self
    }

    /// Starts it with its sandbox and waits until every listener is up.
    pub async fn start(self) -> Stub {
        let home = self.home.unwrap_or_default();
        let store = self.store.unwrap_or_else(Options::passing);
        let mut command = home.command(&bin("codestream-server-stub"));
        command
            .arg("serve")
            .args(self.sandbox.options())
            .args(["--ready-json", "--listen"])
            .arg(self.listen.as_deref().unwrap_or("127.0.0.1:0"))
            .args(
                store
                    .database
                    .iter()
                    .flat_map(|database| ["--database", database]),
            )
            .args(&self.arguments)
            .env("RUST_LOG", "info")
            .envs(store.environment)
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = Process::spawn("codestream-server-stub", &mut command);
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
        let ready: Ready =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in the ready line {line}"));
        let none = matches!(self.sandbox, Sandbox::None);
        assert_eq!(ready.sandbox.is_none(), none, "{line}");
        Stub {
            control: ready.sandbox.as_deref().map(Control::new),
            ready,
            process,
            more,
            home,
            any_exit: self.any_exit,
        }
    }
}

/// A running stub with its sandbox. Ends with it.
#[derive(Debug)]
pub struct Stub {
    control: Option<Control>,
    ready: Ready,
    process: Process,
    more: Arc<Mutex<Vec<String>>>,
    home: Home,
    any_exit: bool,
}

impl Stub {
    /// One with defaults.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// One with options.
    pub fn builder() -> StubBuilder {
        StubBuilder::default()
    }

    /// Origin of the API.
    pub fn api(&self) -> &str {
        &self.ready.api
    }

    /// A URL of the API.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ready.api)
    }

    /// Origin of the sandbox.
    pub fn sandbox(&self) -> &str {
        self.ready.sandbox.as_deref().expect("this stub has a sandbox")
    }

    /// What it said when it was ready.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The sandbox's control endpoints.
    pub fn control(&self) -> &Control {
        self.control.as_ref().expect("this stub has a sandbox")
    }

    /// A client to call it with.
    pub fn http(&self) -> Http {
        Http::new()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// What it printed after its ready line.
    pub fn printed(&self) -> Vec<String> {
        self.more.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for an end that something else brought about, and gives the exit status.
    pub async fn ended(&mut self) -> Option<i32> {
        self.process.wait(PATIENCE).await.code()
    }

    /// Ends it without a word, as a power cut does.
    pub async fn kill(&mut self) {
        self.any_exit = true;
        self.process.kill();
        self.process.wait(GRACE).await;
    }

    /// Tells it to end, as a service manager does.
    pub fn terminate(&mut self) {
        self.process.terminate();
    }

    /// Ends it as a service manager does, and gives its exit status and its log.
    pub async fn stop(mut self) -> (Option<i32>, String) {
        self.process.terminate();
        let code = self.process.wait(GRACE).await.code();
        self.any_exit = true;
        (code, self.log())
    }

    /// Ends it, keeping its home for the next one: `stub.restart().await.start().await`.
    pub async fn restart(mut self) -> StubBuilder {
        self.process.terminate();
        self.process.wait(GRACE).await;
        self.any_exit = true;
        let home = std::mem::take(&mut self.home);
        StubBuilder {
            home: Some(home),
            ..StubBuilder::default()
        }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.process.terminate();
        let status = self.process.end_blocking(GRACE);
        if std::thread::panicking() {
            eprintln!("--- standard error of codestream-server-stub ---\n{}", self.log());
            return;
        }
        let code = status.and_then(|status| status.code());
        let printed = self.printed();
        assert!(
            printed.is_empty(),
            "the stub printed more than its ready line: {printed:?}"
        );
        assert!(
            self.any_exit || code == Some(0),
            "the stub ended with {status:?}:\n{}",
            self.log()
        );
    }
}
