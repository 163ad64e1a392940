//! Does what the machine says: one connection at a time, one loop that owns it.
//!
//! A dial or a socket that was given up is dropped before the next one begins, so nothing of an earlier connection can
//! arrive in a later one.

use std::pin::Pin;
use std::time::Duration;

use codestream_protocol::channel::ChannelName;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::sync::CancellationToken;

use crate::channel::dial::{DialError, Socket, dial};
use crate::channel::machine::{Effect, Identity, Input, Machine, Now};
use crate::channel::{ChannelConfig, ChannelDeps};

/// Time for a frame to leave: a dead link takes nothing any more.
const SENDING: Duration = Duration::from_secs(5);
/// Time for a close frame to leave.
const CLOSING: Duration = Duration::from_millis(200);

type Dialling = Pin<Box<dyn Future<Output = Result<Socket, DialError>> + Send>>;

enum Link {
    None,
    Dialling(Dialling),
    Open(Box<Socket>),
    /// It took no frame; the machine is told once.
    Dead,
}

impl Link {
    /// The next thing that happens; never, without a link. Cancel-safe.
    async fn next(&mut self) -> Input {
        let input = match self {
            Self::None => std::future::pending().await,
            Self::Dead => Input::Closed(None),
            Self::Dialling(dialling) => match dialling.await {
                Ok(socket) => {
                    *self = Self::Open(Box::new(socket));
                    return Input::Opened;
                }
                Err(error) => {
                    tracing::info!(%error, "the push channel could not be opened");
                    Input::DialFailed
                }
            },
            Self::Open(socket) => match received(socket).await {
                Ok(text) => return Input::Text(text),
                Err(code) => {
                    tracing::debug!(code, "the push channel was closed");
                    Input::Closed(code)
                }
            },
        };
        *self = Self::None;
        input
    }
}

/// The next text frame, or the peer's close code.
async fn received(socket: &mut Socket) -> Result<String, Option<u16>> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(None),
        }
    }
}

/// Runs until `stop`, or until the session ends.
pub(super) async fn run(deps: ChannelDeps, config: ChannelConfig, stop: CancellationToken) {
    let mut driver = Driver {
        began: Instant::now(),
        deps,
        config,
        link: Link::None,
    };
    tokio::select! {
        () = driver.drive() => {}
        () = stop.cancelled() => driver.hang(1000).await,
    }
}

struct Driver {
    began: Instant,
    deps: ChannelDeps,
    config: ChannelConfig,
    link: Link,
}

impl Driver {
    async fn drive(&mut self) {
        let (mut machine, mut effects) = Machine::start(self.identity(), self.config.since, self.now());
        loop {
            for effect in effects {
                if !self.perform(effect).await {
                    return;
                }
            }
            let Some(wake) = machine.wake() else { return };
            let input = tokio::select! {
                input = self.link.next() => input,
                () = sleep_until(self.began + wake) => Input::Woken,
            };
            (machine, effects) = machine.step(input, self.now());
        }
    }

    /// `false`: there is nothing more to do.
    async fn perform(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::Dial => {
                let network = self.deps.network.clone();
                let socket_cluster = self.config.socket_cluster.clone();
                let entropy = self.deps.random.bytes();
                self.link =
                    Link::Dialling(Box::pin(
                        async move { dial(&network, &socket_cluster, entropy).await },
                    ));
            }
            Effect::Send(text) => self.send(text).await,
            Effect::Hang(code) => self.hang(code).await,
            Effect::Awake => self.deps.network.forget_connections(),
            Effect::Tell(event) => return self.deps.events.send(event).await.is_ok(),
            Effect::Stop => {
                self.hang(1000).await;
                return false;
            }
        }
        true
    }

    async fn send(&mut self, text: String) {
        if let Link::Open(socket) = &mut self.link {
            let sent = timeout(SENDING, socket.send(Message::text(text))).await;
            if !matches!(sent, Ok(Ok(()))) {
                self.link = Link::Dead;
            }
        }
    }

    async fn hang(&mut self, code: u16) {
        if let Link::Open(mut socket) = std::mem::replace(&mut self.link, Link::None) {
            let frame = CloseFrame {
                code: code.into(),
                reason: "".into(),
            };
            // The peer may be long gone.
            let _ = timeout(CLOSING, Socket::close(&mut socket, Some(frame))).await;
        }
    }

    fn now(&self) -> Now {
        Now {
            elapsed: self.began.elapsed(),
            wall: self.deps.clock.now(),
            chance: self.deps.random.fraction(),
        }
    }

    fn identity(&self) -> Identity {
        let user = ChannelName::User(self.config.user_id.clone());
        let teams = self.config.team_ids.iter().cloned().map(ChannelName::Team);
        Identity {
            token: self.config.broadcaster_token.clone(),
            uid: self.config.user_id.to_string(),
            channels: std::iter::once(user)
                .chain(teams)
                .map(|name| name.to_string())
                .collect(),
        }
    }
}
