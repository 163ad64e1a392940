//! The WebSocket of one connection: carries out what its machine decides.
//!
//! One task, no buffers of its own. A peer that takes nothing for as long as a ping may take is given up.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use axum::extract::{State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use codestream_protocol::channel::{Packet, close, decode};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite;

use super::hub::{End, Hub, Line, LineId, Push};
use super::lookup::{Asker, find};
use super::machine::{Effect, Input, Machine, Now, PING_TIMEOUT};
use crate::api::Peer;
use crate::app::App;

/// Most bytes of an inbound frame; the largest call, `history` of 100 channels, has under 4 KiB.
const FRAME_LIMIT: usize = 64 * 1024;
/// Most bytes of an inbound frame that is read in order to be refused in good form: what is left unread when the socket
/// closes resets the connection, and the peer never sees the close code.
const READ_LIMIT: usize = 4 * FRAME_LIMIT;
/// A connection keeps this much for reading; larger frames grow it while they last.
const READ_BUFFER: usize = 1024;
/// How long the peer may take to close, once told to.
const PATIENCE: Duration = Duration::from_secs(1);

/// `GET /socketcluster/`.
pub(super) async fn upgrade(State(app): State<Arc<App>>, peer: Peer, upgrade: WebSocketUpgrade) -> Response {
    if app.lifecycle.is_draining() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(READ_LIMIT)
        .max_frame_size(READ_LIMIT)
        .on_upgrade(move |socket| async move {
            // A task of the lifecycle's, so that shutdown waits for its close frame.
            let lifecycle = app.lifecycle.clone();
            lifecycle.spawn(run(app, socket, peer.limit_key()));
        })
}

async fn run(app: Arc<App>, socket: WebSocket, limit_key: String) {
    let line = app.channel.hub.open();
    let _open = Open {
        hub: app.channel.hub.clone(),
        line: line.id,
    };
    let machine = Machine::new(app.random.token::<15>());
    let mut connection = Connection {
        asker: Asker {
            line: line.id,
            limit_key,
        },
        app,
        socket,
        machine: Some(machine),
        opened: Instant::now(),
    };
    if let Closed(Some(code)) = connection.serve(line).await {
        connection.close(code).await;
    }
}

/// Forgets the line when the task ends, however it does.
struct Open {
    hub: Hub,
    line: LineId,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.hub.close(self.line);
    }
}

/// The connection is over; with a code it is to be closed in good form.
struct Closed(Option<u16>);

struct Connection {
    app: Arc<App>,
    asker: Asker,
    socket: WebSocket,
    /// Absent only within a step.
    machine: Option<Machine>,
    opened: Instant,
}

impl Connection {
    async fn serve(&mut self, line: Line) -> Closed {
        let Line {
            mut pushes, mut end, ..
        } = line;
        let app = self.app.clone();
        let draining = app.lifecycle.draining();
        tokio::pin!(draining);
        loop {
            let deadline = self.opened + self.machine.as_ref().map(Machine::deadline).unwrap_or_default();
            let done = tokio::select! {
                biased;
                end = &mut end => match end {
                    Ok(End::SessionOver) => self.input(Input::SessionOver).await,
                    Ok(End::Behind) => Err(Closed(Some(close::BEHIND))),
                    Ok(End::Cut) | Err(_) => Err(Closed(None)),
                },
                () = &mut draining => Err(Closed(Some(close::GOING_AWAY))),
                Some(push) = pushes.recv() => self.push(push).await,
                message = self.socket.recv() => self.message(message).await,
                () = sleep_until(deadline) => self.input(Input::Tick).await,
            };
            if let Err(closed) = done {
                return closed;
            }
        }
    }

    async fn push(&mut self, push: Push) -> Result<(), Closed> {
        match push {
            Push::Frame(text) => self.send(Message::Text(text)).await,
            Push::KickedOut(channel) => self.input(Input::KickedOut(channel)).await,
        }
    }

    async fn message(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Closed> {
        match message {
            Some(Ok(Message::Text(text))) if text.len() > FRAME_LIMIT => Err(Closed(Some(close::TOO_LARGE))),
            Some(Ok(Message::Binary(bytes))) if bytes.len() > FRAME_LIMIT => {
                Err(Closed(Some(close::TOO_LARGE)))
            }
            Some(Ok(Message::Text(text))) => self.packets(decode(&text)).await,
            // JSON counts in a binary frame too; an empty one is no pong.
            Some(Ok(Message::Binary(bytes))) if !bytes.is_empty() => match std::str::from_utf8(&bytes) {
                Ok(text) => self.packets(decode(text)).await,
                Err(_) => Ok(()),
            },
            // The library answers pings of the WebSocket itself, which are not the protocol's.
            Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_))) | None => Err(Closed(None)),
            Some(Err(error)) => Err(Closed(unreadable(&error))),
        }
    }

    async fn packets(&mut self, packets: Vec<Packet>) -> Result<(), Closed> {
        for packet in packets {
            self.input(Input::Packet(packet)).await?;
        }
        Ok(())
    }

    /// One step, and the steps that its questions lead to.
    async fn input(&mut self, input: Input) -> Result<(), Closed> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let Some(machine) = self.machine.take() else {
                return Err(Closed(None));
            };
            let now = Now {
                since_open: self.opened.elapsed(),
                calendar: self.app.clock.now(),
            };
            let (machine, effects) = machine.step(input, now);
            self.machine = Some(machine);
            for effect in effects {
                match effect {
                    Effect::Send(packet) => self.send(Message::Text(packet.encode().into())).await?,
                    Effect::Ask(question) => {
                        // Boxed, so that an idle connection does not keep room for a lookup.
                        let found = Box::pin(find(&self.app, &self.asker, question)).await;
                        next = Some(Input::Found(found));
                    }
                    Effect::Unsubscribe(channel) => {
                        self.app.channel.hub.unsubscribe(self.asker.line, &channel);
                    }
                    Effect::Close(code) => return Err(Closed(Some(code))),
                }
            }
        }
        Ok(())
    }

    async fn send(&mut self, message: Message) -> Result<(), Closed> {
        match timeout(PING_TIMEOUT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Closed(None)),
        }
    }

    /// RFC 6455 §7.1.1: says so, and waits a moment for the peer to close.
    async fn close(&mut self, code: u16) {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::default(),
        };
        if self.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        let closed = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        // Err means that the peer does not care; the connection is dropped all the same.
        let _ = timeout(PATIENCE, closed).await;
    }
}

/// The close code for what could not be read; none when the connection broke.
fn unreadable(error: &axum::Error) -> Option<u16> {
    match error.source()?.downcast_ref()? {
        tungstenite::Error::Capacity(_) => Some(close::TOO_LARGE),
        tungstenite::Error::Utf8(_) => Some(close::NOT_UTF8),
        tungstenite::Error::Protocol(_) => Some(close::PROTOCOL_ERROR),
        _ => None,
    }
}
