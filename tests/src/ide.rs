//! An IDE without a screen around the real agent: LSP over stdio, strict about everything that the agent says.
//!
//! Every message must be read by the test ([`HeadlessIde::finish`] fails on what is left), with two exceptions that are
//! snapshots by contract, each replacing the one before: `didChangeData` and `didChangeConnectionStatus`. Progress is
//! checked on the way: create, begin, end, each once.

mod answers;
mod flow;
pub mod frame;
mod inbox;
pub mod methods;

use std::io::{BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use self::answers::Manners;
pub use self::answers::ShowDocument;
pub use self::flow::Opened;
use self::inbox::{Contents, Inbox, Reply};
pub use self::inbox::{Incoming, RpcError};
use self::methods::{Method, Notice};
use crate::PATIENCE;
use crate::bins::bin;
use crate::process::{GRACE, Home, Process};

/// How an IDE is started.
#[derive(Debug)]
pub struct IdeBuilder {
    options: Value,
    manners: Manners,
    environment: Vec<(String, String)>,
    bare: bool,
    home: Option<Home>,
    desktop: bool,
    patience: Duration,
    droppable: bool,
}

impl IdeBuilder {
    /// Sets one of `initializationOptions`.
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.options[name] = value.into();
        self
    }

    /// With a session from the IDE's secret store.
    pub fn session(self, token: &str) -> Self {
        self.option("accessToken", token)
    }

    /// How it answers `window/showDocument`.
    pub fn show_document(mut self, how: ShowDocument) -> Self {
        self.manners.show_document = how;
        self
    }

    /// Whether it can show progress.
    pub fn progress(mut self, can: bool) -> Self {
        self.manners.progress = can;
        self
    }

    /// What the person picks in every message with actions.
    pub fn pick(mut self, title: &str) -> Self {
        self.manners.pick = Some(title.to_owned());
        self
    }

    /// Sets a variable of the agent's environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the agent without arguments.
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// The agent inherits the environment, so that it finds the person's own browser.
    pub fn on_the_desktop(mut self) -> Self {
        self.desktop = true;
        self
    }

    /// How long it waits for one thing to happen.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Dropping it ends the agent without a complaint.
    pub fn droppable(mut self) -> Self {
        self.droppable = true;
        self
    }

    /// Starts the agent and initializes it.
    pub async fn start(self) -> HeadlessIde {
        let params = json!({
            "processId": std::process::id(),
            "clientInfo": {"name": "Headless IDE", "version": "1.0"},
            "rootUri": null,
            "capabilities": self.manners.capabilities(),
            "initializationOptions": self.options,
        });
        let ide = self.spawn();
        let answer = ide.call("initialize", &params).await;
        let answer = answer.unwrap_or_else(|error| panic!("initialize always succeeds, but: {error:?}"));
        assert!(answer["capabilities"].is_object(), "no capabilities in {answer}");
        ide.tell("initialized", &json!({}));
        ide
    }

    /// Starts the agent and says nothing yet.
    pub fn spawn(self) -> HeadlessIde {
        let home = self.home.unwrap_or_default();
        let program = bin("codestream-agent");
        let mut command = if self.desktop {
            std::process::Command::new(program)
        } else {
            home.command(&program)
        };
        if !self.bare {
            command.arg("--stdio");
        }
        command
            .envs(self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = Process::spawn("codestream-agent", &mut command);
        let stdin = process.child().stdin.take().expect("standard input is piped");
        let stdout = process.child().stdout.take().expect("standard output is piped");
        let inbox = Arc::new(Inbox::default());
        let (to_agent, outgoing) = mpsc::channel();
        std::thread::spawn(move || write(stdin, &outgoing));
        let reader = Reader {
            inbox: Arc::clone(&inbox),
            answers: to_agent.clone(),
            manners: self.manners,
        };
        std::thread::spawn(move || reader.read(stdout));
        HeadlessIde {
            inbox,
            to_agent: Some(to_agent),
            process,
            home,
            next_id: AtomicI64::new(1),
            patience: self.patience,
            finished: self.droppable,
        }
    }
}

const CLOSED: &str = "it closed its standard output";

/// What the writer thread does next.
enum Outgoing {
    Bytes(Vec<u8>),
    Close,
}

fn write(mut stdin: ChildStdin, outgoing: &mpsc::Receiver<Outgoing>) {
    while let Ok(Outgoing::Bytes(bytes)) = outgoing.recv() {
        if stdin.write_all(&bytes).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

struct Reader {
    inbox: Arc<Inbox>,
    answers: mpsc::Sender<Outgoing>,
    manners: Manners,
}

impl Reader {
    fn read(self, stdout: ChildStdout) {
        let mut stdout = BufReader::new(stdout);
        let end = loop {
            match frame::read(&mut stdout) {
                Ok(Some(body)) => match serde_json::from_slice(&body) {
                    Ok(message) => self.take(message),
                    Err(error) => {
                        break format!(
                            "a frame that is not JSON ({error}): {}",
                            String::from_utf8_lossy(&body)
                        );
                    }
                },
                Ok(None) => break CLOSED.to_owned(),
                Err(error) => break error.to_string(),
            }
        };
        self.inbox.change(|contents| contents.closed = Some(end));
    }

    fn take(&self, message: Value) {
        let id = message
            .get("id")
            .filter(|_| message.get("method").is_some())
            .cloned();
        let method = message["method"].as_str().unwrap_or("").to_owned();
        let answer = id.and_then(|id| {
            Some(match self.manners.answer(&method)? {
                Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
                Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
            })
        });
        self.inbox.change(|contents| {
            contents.receive(message);
            if let Some(answer) = &answer {
                contents.note("-->", answer);
            }
        });
        if let Some(answer) = answer {
            // The agent may be gone by now.
            let _ = self.answers.send(Outgoing::Bytes(frame::encode(&answer)));
        }
    }
}

/// An IDE with a running agent.
#[derive(Debug)]
pub struct HeadlessIde {
    inbox: Arc<Inbox>,
    to_agent: Option<mpsc::Sender<Outgoing>>,
    process: Process,
    home: Home,
    next_id: AtomicI64,
    patience: Duration,
    finished: bool,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Close => f.write_str("close"),
        }
    }
}

impl HeadlessIde {
    /// One whose agent belongs to `server`.
    pub fn builder(server: &str) -> IdeBuilder {
        IdeBuilder {
            options: json!({
                "serverUrl": server,
                "ide": {"name": "Headless IDE", "version": "1.0"},
                "extension": {"version": "1.0.0"},
                "machineName": "test-machine",
            }),
            manners: Manners::default(),
            environment: Vec::new(),
            bare: false,
            home: None,
            desktop: false,
            patience: PATIENCE,
            droppable: false,
        }
    }

    /// One with defaults.
    pub async fn start(server: &str) -> Self {
        Self::builder(server).start().await
    }

    /// Sends a request and gives its id and a future of the reply; the request is on its way before that is polled.
    pub fn begin(&self, method: &str, params: &Value) -> (i64, impl Future<Output = Reply> + use<>) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (reply_tx, reply) = oneshot::channel();
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.inbox.lock().pending.insert(id, reply_tx);
        self.send(&message);
        let method = method.to_owned();
        let (inbox, patience) = (Arc::clone(&self.inbox), self.patience);
        let reply = async move {
            let closed = inbox.until(|_| None::<()>);
            tokio::select! {
                biased;
                Ok(reply) = reply => reply,
                Err(end) = closed => panic!("no reply to {method}: {end}"),
                () = tokio::time::sleep(patience) => panic!("no reply to {method} in {patience:?}"),
            }
        };
        (id, reply)
    }

    /// Sends a request by name and awaits the reply.
    pub async fn call(&self, method: &str, params: &impl Serialize) -> Reply {
        let params = serde_json::to_value(params).expect("params are JSON");
        self.begin(method, &params).1.await
    }

    /// Sends a typed request and awaits the answer.
    pub async fn request<M: Method>(&self, params: M::Params) -> Result<M::Answer, RpcError> {
        let answer = self.call(M::NAME, &params).await?;
        Ok(serde_json::from_value(answer.clone())
            .unwrap_or_else(|error| panic!("{} answered what is not its shape ({error}): {answer}", M::NAME)))
    }

    /// Sends a notification.
    pub fn tell(&self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Cancels a request (`$/cancelRequest`).
    pub fn cancel_request(&self, id: i64) {
        self.tell("$/cancelRequest", &json!({ "id": id }));
    }

    fn send(&self, message: &Value) {
        self.inbox.lock().note("-->", message);
        self.send_bytes(frame::encode(message));
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&self, bytes: Vec<u8>) {
        if let Some(to_agent) = &self.to_agent {
            // A dead agent is noticed by whoever waits for its reply.
            let _ = to_agent.send(Outgoing::Bytes(bytes));
        }
    }

    /// Takes the first message of `method` that `accept` accepts, waiting for it.
    pub async fn message(&self, method: &str, accept: impl Fn(&Value) -> bool) -> Incoming {
        let found = self.inbox.until(|contents| {
            let fits = |one: &Incoming| one.method == method && accept(&one.params);
            let at = contents.unread.iter().position(fits)?;
            Some(contents.unread.remove(at))
        });
        let Ok(found) = tokio::time::timeout(self.patience, found).await else {
            panic!("the agent sent no such {method} in {:?}", self.patience);
        };
        found.unwrap_or_else(|end| panic!("the agent sent no such {method} before {end}"))
    }

    /// Takes the first notification of a type that `accept` accepts, waiting for it. For snapshots, those that
    /// arrived before count too.
    pub async fn await_notification<N: Notice>(&self, accept: impl Fn(&N::Params) -> bool) -> N::Params {
        let found = self.inbox.until(|contents| {
            let Contents {
                unread, snapshots, ..
            } = contents;
            for list in [unread, snapshots] {
                for at in 0..list.len() {
                    if list[at].method == N::NAME {
                        let params = typed::<N>(&list[at].params);
                        if accept(&params) {
                            list.remove(at);
                            return Some(params);
                        }
                    }
                }
            }
            None
        });
        let Ok(found) = tokio::time::timeout(self.patience, found).await else {
            panic!("the agent sent no such {} in {:?}", N::NAME, self.patience);
        };
        found.unwrap_or_else(|end| panic!("the agent sent no such {} before {end}", N::NAME))
    }

    /// What the test has not read yet.
    pub fn unread(&self) -> Vec<Incoming> {
        self.inbox.lock().unread.clone()
    }

    /// Takes what the test has not read yet.
    pub fn take_unread(&self) -> Vec<Incoming> {
        std::mem::take(&mut self.inbox.lock().unread)
    }

    /// Everything that went over the wire, secrets taken out.
    pub fn transcript(&self) -> String {
        self.inbox.lock().transcript.join("\n")
    }

    /// What the agent logged so far.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// The agent's process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The agent's home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The agent's standard input ends, as when its IDE dies.
    pub fn hang_up(&mut self) {
        if let Some(to_agent) = self.to_agent.take() {
            // The writer may have ended with the agent.
            let _ = to_agent.send(Outgoing::Close);
        }
    }

    /// Waits for the agent's end and gives its exit status.
    pub async fn ended(&mut self) -> Option<i32> {
        self.finished = true;
        self.process.wait(GRACE).await.code()
    }

    /// Ends the agent without a word, as a crash does.
    pub async fn kill(mut self) {
        self.process.kill();
        self.ended().await;
    }

    /// Shuts the agent down as an IDE does, and checks what is true of every run: it exits with 0, every message was
    /// read, every progress bar that began has ended.
    pub async fn finish(mut self) -> String {
        self.quit().await;
        self.assert_all_read().await;
        self.log()
    }

    /// Shuts the agent down as an IDE does.
    pub async fn quit(&mut self) {
        let shutdown = self.call("shutdown", &Value::Null).await;
        assert_eq!(shutdown, Ok(Value::Null), "shutdown is answered with null");
        self.tell("exit", &Value::Null);
        self.hang_up();
        assert_eq!(
            self.ended().await,
            Some(0),
            "shutdown and exit end the agent with 0:\n{}",
            self.log()
        );
    }

    async fn assert_all_read(&self) {
        // What was written before the end may still be on its way through the pipe.
        let end = self.inbox.until(|contents| contents.closed.clone()).await;
        assert_eq!(
            end.as_deref(),
            Ok(CLOSED),
            "nothing but frames on standard output"
        );
        let contents = self.inbox.lock();
        let unread: Vec<_> = contents
            .unread
            .iter()
            .map(|one| (&one.method, one.params.to_string()))
            .collect();
        assert!(unread.is_empty(), "messages that nobody expected: {unread:#?}");
        for (token, bar) in &contents.progress {
            assert!(
                bar.begin.is_null() || bar.ended,
                "progress {token} never ended: {}",
                bar.begin
            );
        }
    }
}

fn typed<N: Notice>(params: &Value) -> N::Params {
    serde_json::from_value(params.clone())
        .unwrap_or_else(|error| panic!("{} is not of its shape ({error}): {params}", N::NAME))
}

impl Drop for HeadlessIde {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- LSP transcript ---\n{}", self.transcript());
            eprintln!("--- standard error of codestream-agent ---\n{}", self.log());
        } else {
            assert!(self.finished, "a test ends its IDE: finish(), ended() or kill()");
        }
    }
}
