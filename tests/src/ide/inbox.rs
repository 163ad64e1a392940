//! Everything that the agent said, in order, until a test reads it. Reading is taking: what is left at the end is a
//! message that nobody expected.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use crate::clock;
use crate::redact::redact;

/// A message of the agent that is not the answer to a request of the IDE.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// When it arrived.
    pub at: Instant,
    /// Its method; empty for an answer that belongs to no request.
    pub method: String,
    /// Its params; the whole message for such an answer.
    pub params: Value,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcError {
    /// JSON-RPC's code.
    pub code: i64,
    /// For a person.
    pub message: String,
    /// [`ErrorData`](codestream_protocol::lsp::error::ErrorData), when it is one.
    pub data: Value,
}

pub(crate) type Reply = Result<Value, RpcError>;

/// One progress bar, from `begin` to `end`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) token: Value,
    pub(crate) begin: Value,
    pub(crate) ended: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) unread: Vec<Incoming>,
    pub(crate) pending: BTreeMap<i64, oneshot::Sender<Reply>>,
    /// Snapshots: each replaces the one before, so none of them is ever owed a reader.
    pub(crate) snapshots: Vec<Incoming>,
    pub(crate) progress: BTreeMap<String, Progress>,
    pub(crate) transcript: Vec<String>,
    /// Everything that the agent said, as it was.
    pub(crate) said: Vec<Value>,
    pub(crate) closed: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    contents: Mutex<Contents>,
    changed: Notify,
}

impl Inbox {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the contents and wakes whoever waits for that.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Contents) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_waiters();
        result
    }

    /// Waits until `find` finds something. The caller bounds the time. `Err` says how the stream ended before.
    pub(crate) async fn until<T>(
        &self,
        mut find: impl FnMut(&mut Contents) -> Option<T>,
    ) -> Result<T, String> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut contents = self.lock();
                if let Some(found) = find(&mut contents) {
                    return Ok(found);
                }
                if let Some(end) = &contents.closed {
                    return Err(end.clone());
                }
            }
            changed.await;
        }
    }
}

impl Contents {
    pub(crate) fn note(&mut self, arrow: &str, message: &Value) {
        self.transcript.push(format!("{arrow} {}", redact(message)));
    }

    /// Files a message of the agent.
    pub(crate) fn receive(&mut self, message: Value) {
        self.note("<--", &message);
        self.said.push(message.clone());
        let method = message["method"].as_str().map(str::to_owned);
        let Some(method) = method else {
            self.answered(message);
            return;
        };
        let incoming = Incoming {
            at: clock::now(),
            params: message["params"].clone(),
            method,
        };
        match incoming.method.as_str() {
            "$/progress" => self.progressed(incoming),
            "window/workDoneProgress/create" => {
                let token = incoming.params["token"].clone();
                let bar = self.progress.entry(token.to_string()).or_default();
                bar.token = token;
            }
            "codestream/didChangeData" | "codestream/didChangeConnectionStatus" => {
                self.snapshots.push(incoming);
            }
            _ => self.unread.push(incoming),
        }
    }

    fn answered(&mut self, message: Value) {
        let waiting = message["id"].as_i64().and_then(|id| self.pending.remove(&id));
        let Some(waiting) = waiting else {
            self.unread.push(Incoming {
                at: clock::now(),
                method: String::new(),
                params: message,
            });
            return;
        };
        let reply = match message.get("error") {
            Some(error) => Err(RpcError {
                code: error["code"].as_i64().unwrap_or(0),
                message: error["message"].as_str().unwrap_or("").to_owned(),
                data: error["data"].clone(),
            }),
            None => Ok(message["result"].clone()),
        };
        // A test that gave up waiting has dropped its end.
        let _ = waiting.send(reply);
    }

    fn progressed(&mut self, incoming: Incoming) {
        let value = incoming.params["value"].clone();
        let known = self.progress.get_mut(&incoming.params["token"].to_string());
        match (known, value["kind"].as_str()) {
            (Some(bar), Some("begin")) if bar.begin.is_null() => bar.begin = value,
            (Some(bar), Some("report")) if !bar.begin.is_null() && !bar.ended => {}
            (Some(bar), Some("end")) if !bar.begin.is_null() && !bar.ended => bar.ended = true,
            // Out of order, or a bar that was never created: a message that nobody expects.
            _ => self.unread.push(incoming),
        }
    }
}
