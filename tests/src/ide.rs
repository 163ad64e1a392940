//! An IDE without a screen around the real agent: LSP over stdio, strict about everything that the agent says.
//!
//! Every message must be read by the test ([`HeadlessIde::finish`] fails on what is left), with two exceptions that are
//! snapshots by contract, each replacing the one before: `didChangeData` and `didChangeConnectionStatus`. Progress is
//! checked on the way: create, begin, end, each once.

mod answers;
mod builder;
mod flow;
pub mod frame;
mod inbox;
pub mod methods;
mod pipes;
mod services;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub use self::answers::ShowDocument;
pub use self::builder::IdeBuilder;
pub use self::flow::Opened;
use self::inbox::{Contents, Inbox, Reply};
pub use self::inbox::{Incoming, RpcError};
use self::methods::{Method, Notice};
use self::pipes::{CLOSED, Outgoing};
use crate::process::{GRACE, Home, Process};

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

impl HeadlessIde {
    /// One whose agent belongs to `server`.
    pub fn builder(server: &str) -> IdeBuilder {
        IdeBuilder::new(server)
    }

    /// One with defaults.
    pub async fn start(server: &str) -> Self {
        Self::builder(server).start().await
    }

    /// Sends a request and gives its id and a future of the reply; the request is on its way before that is polled.
    pub fn begin(&self, method: &str, params: &Value) -> (i64, impl Future<Output = Reply> + use<>) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (reply_tx, reply) = oneshot::channel();
        let message = without_null(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
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
        self.send(&without_null(
            json!({"jsonrpc": "2.0", "method": method, "params": params}),
        ));
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

    /// Everything that the agent said so far, as it was.
    pub fn said(&self) -> Vec<Value> {
        self.inbox.lock().said.clone()
    }

    /// What the agent logged so far.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// The agent's process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Lets the agent stand still, as a machine that sleeps, or go on.
    #[cfg(unix)]
    pub fn freeze(&self, still: bool) {
        self.process.freeze(still);
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
        self.bars_end().await;
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

    /// An agent that is told to quit draws nothing more: every bar has its time to end before. One that does not is found
    /// afterwards.
    async fn bars_end(&self) {
        let ended = self.inbox.until(|contents| {
            let mut bars = contents.progress.values();
            bars.all(|bar| bar.ended).then_some(())
        });
        let _ = tokio::time::timeout(self.patience, ended).await;
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

/// JSON-RPC 2.0 §4.2: params that are not there are left out, not null.
fn without_null(mut message: Value) -> Value {
    if let Value::Object(map) = &mut message
        && map["params"].is_null()
    {
        map.shift_remove("params");
    }
    message
}

fn typed<N: Notice>(params: &Value) -> N::Params {
    serde_json::from_value(params.clone())
        .unwrap_or_else(|error| panic!("{} is not of its shape ({error}): {params}", N::NAME))
}

impl Drop for HeadlessIde {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- LSP transcript ---\n{}", self.transcript());
            self.process.last_words();
        } else {
            assert!(self.finished, "a test ends its IDE: finish(), ended() or kill()");
        }
    }
}
