//! The two threads between the agent's pipes and the IDE: one writes, one reads and answers what the agent asks.
//!
//! Threads, so that the agent is served whatever a test is doing.

use std::io::{BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout};
use std::sync::{Arc, mpsc};

use serde_json::{Value, json};

use super::answers::Manners;
use super::frame;
use super::inbox::Inbox;

/// How a stream ends that was not broken.
pub(super) const CLOSED: &str = "it closed its standard output";

/// What the writer thread does next.
pub(super) enum Outgoing {
    Bytes(Vec<u8>),
    Close,
}

/// Starts both threads; what is sent to the channel is written.
pub(super) fn open(
    stdin: ChildStdin,
    stdout: ChildStdout,
    inbox: &Arc<Inbox>,
    manners: Manners,
) -> mpsc::Sender<Outgoing> {
    let (to_agent, outgoing) = mpsc::channel();
    std::thread::spawn(move || write(stdin, &outgoing));
    let reader = Reader {
        inbox: Arc::clone(inbox),
        answers: to_agent.clone(),
        manners,
    };
    std::thread::spawn(move || reader.read(stdout));
    to_agent
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

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Close => f.write_str("close"),
        }
    }
}
