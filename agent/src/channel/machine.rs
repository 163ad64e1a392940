//! The me-channel client's decisions: pure, one step for each input.
//!
//! A connection goes: dialling → handshake → (auth, and the JWT that it sets) → subscribing → history → live. Calls are
//! numbered once for all connections and not from 1 again, so that an answer of an earlier connection matches nothing.
//!
//! **Position.** Live messages carry no time, so the position is the server's time of the last frame that arrived while live;
//! TCP keeps order, so everything before it was told. The server's time is known from the JWT's `iat` and from then on by the
//! monotonic clock: rounded down, and standing still while the machine sleeps, it is never too late. History is asked for
//! from 15 s before it, which covers rounding, latency and late commits, and what was seen is dropped by id.

mod catch_up;
mod liveness;

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codestream_protocol::UnixMillis;
use codestream_protocol::channel::{AuthCall, Handshake, HandshakeAnswer, Packet, close, decode, event};
use codestream_protocol::lsp::notification::ConnectionStatus;
use codestream_protocol::secret::{BroadcasterToken, ChannelJwt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::backoff::{Backoff, Jitter};
use crate::channel::ChannelEvent;
use crate::channel::inbox::Inbox;
use crate::channel::machine::catch_up::CatchUp;

/// RFC 6455 §7.4.1.
const NORMAL: u16 = 1000;
/// Time for an answer to a call, and for the JWT after `auth`.
const ANSWER: Duration = Duration::from_secs(10);
/// Time without any frame until the handshake tells the server's own.
const FIRST_PING: Duration = Duration::from_secs(20);
/// Bounds of what a server may tell: a shorter time would flap, a longer one would not notice.
const PING_BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(2));
/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Time and chance of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// Since the start of the client, monotonic.
    pub(crate) elapsed: Duration,
    /// The wall clock.
    pub(crate) wall: UnixMillis,
    /// From 0 up to but not including 1.
    pub(crate) chance: f64,
}

#[derive(Debug)]
pub(crate) enum Input {
    /// The WebSocket is open.
    Opened,
    /// It could not be opened.
    DialFailed,
    /// A text frame.
    Text(String),
    /// The connection is gone; the code is the peer's.
    Closed(Option<u16>),
    /// [`Machine::wake`] has come.
    Woken,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Open the WebSocket.
    Dial,
    /// Send a text frame.
    Send(String),
    /// Close the WebSocket with this code, or give up opening it; `Closed` does not follow.
    Hang(u16),
    /// Trust no other connection of this process either: the machine has slept.
    Awake,
    /// Tell the session.
    Tell(ChannelEvent),
    /// Nothing will follow.
    Stop,
}

/// Whose channels.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) token: BroadcasterToken,
    pub(crate) uid: String,
    /// The me-channel first.
    pub(crate) channels: Vec<String>,
}

#[derive(Debug)]
enum State {
    /// No connection until then.
    Resting {
        until: Duration,
    },
    Dialling,
    /// `cid` of `#handshake`.
    Greeting {
        cid: u64,
    },
    /// `auth` is answered first, the JWT comes right after, or the other way round.
    Authenticating {
        cid: u64,
        answered: bool,
    },
    Subscribing {
        open: HashMap<u64, String>,
    },
    CatchingUp(CatchUp),
    Live {
        since: Duration,
    },
    Stopped,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Machine {
    identity: Identity,
    /// Channels that the server has not refused.
    channels: Vec<String>,
    state: State,
    jwt: Option<ChannelJwt>,
    next_cid: u64,
    backoff: Backoff,
    inbox: Inbox,
    /// Published between the first subscription and the end of catching up.
    buffered: Vec<Value>,
    told: ConnectionStatus,
    ping_timeout: Duration,
    last_frame: Duration,
    /// When the state's answer is due.
    due: Option<Duration>,
    /// The server's time minus the time since the start.
    server_clock: Option<UnixMillis>,
    position: Position,
    looked: (Duration, UnixMillis),
}

/// Up to where everything was told.
#[derive(Debug, Clone, Copy)]
enum Position {
    /// In the server's time.
    Server(UnixMillis),
    /// Since the start, as long as the server's time is not known.
    Elapsed(Duration),
}

impl Machine {
    /// A client that has not dialled yet, and its first effects.
    pub(crate) fn start(identity: Identity, since: Option<UnixMillis>, now: Now) -> (Self, Vec<Effect>) {
        let machine = Self {
            channels: identity.channels.clone(),
            identity,
            state: State::Dialling,
            jwt: None,
            next_cid: 1,
            backoff: Backoff::new(
                Duration::from_millis(200),
                2.0,
                Duration::from_secs(20),
                Jitter::Full,
            ),
            inbox: Inbox::default(),
            buffered: Vec::new(),
            told: ConnectionStatus::Disconnected,
            ping_timeout: FIRST_PING,
            last_frame: now.elapsed,
            due: None,
            server_clock: None,
            position: since.map_or(Position::Elapsed(now.elapsed), Position::Server),
            looked: (now.elapsed, now.wall),
        };
        (machine, vec![Effect::Dial])
    }

    /// When [`Input::Woken`] is wanted; `None` once stopped.
    pub(crate) fn wake(&self) -> Option<Duration> {
        let state = match &self.state {
            State::Stopped => return None,
            State::Resting { until } => Some(*until),
            State::Dialling => None,
            _ => Some(self.last_frame + self.ping_timeout),
        };
        let looked = self.looked.0 + LOOK;
        [state, self.due, self.inbox.patience_ends()]
            .into_iter()
            .flatten()
            .chain([looked])
            .min()
    }

    /// Decides.
    pub(crate) fn step(mut self, input: Input, now: Now) -> (Self, Vec<Effect>) {
        let mut effects = Vec::new();
        if !matches!(self.state, State::Stopped) {
            self.take(input, now, &mut effects);
        }
        (self, effects)
    }

    fn take(&mut self, input: Input, now: Now, effects: &mut Vec<Effect>) {
        match input {
            Input::Opened => self.greet(now, effects),
            Input::DialFailed => {
                self.tell(ConnectionStatus::Disconnected, effects);
                self.rest(now);
            }
            Input::Text(text) => {
                self.last_frame = now.elapsed;
                for packet in decode(&text) {
                    self.packet(packet, now, effects);
                }
                if let (State::Live { .. }, Some(time)) = (&self.state, self.server_time(now)) {
                    self.position = Position::Server(time);
                }
            }
            Input::Closed(code) => self.closed(code, now, effects),
            Input::Woken => self.woken(now, effects),
        }
    }

    fn greet(&mut self, now: Now, effects: &mut Vec<Effect>) {
        self.last_frame = now.elapsed;
        self.ping_timeout = FIRST_PING;
        let greeting = Handshake {
            auth_token: self.jwt.clone(),
        };
        let cid = self.call(event::HANDSHAKE, &greeting, now, effects);
        self.state = State::Greeting { cid };
    }

    fn packet(&mut self, packet: Packet, now: Now, effects: &mut Vec<Effect>) {
        match packet {
            Packet::Ping => effects.push(Effect::Send(String::new())),
            Packet::Answer { rid, result } => {
                if let Some(cid) = rid.as_u64() {
                    self.answered(cid, result, now, effects);
                }
            }
            Packet::Transmit { event, data } => self.told_by_server(&event, &data, now, effects),
            Packet::Call { event, data, cid } => {
                // Some servers want to know that the JWT has arrived, and so make a call of it.
                let answer = Packet::Answer {
                    rid: cid,
                    result: Ok(Value::Null),
                };
                effects.push(Effect::Send(answer.encode()));
                self.told_by_server(&event, &data, now, effects);
            }
        }
    }

    fn answered(&mut self, cid: u64, result: Result<Value, Value>, now: Now, effects: &mut Vec<Effect>) {
        match &mut self.state {
            State::Greeting { cid: expected } if *expected == cid => match result.map(parse) {
                Ok(Some(answer)) => self.greeted(&answer, now, effects),
                _ => self.redial(NORMAL, now, effects),
            },
            State::Authenticating {
                cid: expected,
                answered,
            } if *expected == cid => {
                if result.is_err() {
                    self.refused(now, effects);
                } else if self.jwt.is_some() {
                    self.subscribe(now, effects);
                } else {
                    *answered = true;
                }
            }
            State::Subscribing { open } => {
                let Some(channel) = open.remove(&cid) else { return };
                let done = open.is_empty();
                let given_up = result.is_err() && self.drop_channel(&channel, now, effects);
                if done && !given_up {
                    self.catch_up(now, effects);
                }
            }
            State::CatchingUp(catch_up) => {
                let caught_up = catch_up.take(cid, result);
                if caught_up {
                    self.caught_up(now, effects);
                }
            }
            _ => {}
        }
    }

    fn greeted(&mut self, answer: &HandshakeAnswer, now: Now, effects: &mut Vec<Effect>) {
        let (least, most) = PING_BOUNDS;
        self.ping_timeout = Duration::from_millis(answer.ping_timeout).clamp(least, most);
        if answer.is_authenticated && self.jwt.is_some() {
            self.subscribe(now, effects);
            return;
        }
        self.jwt = None;
        let auth = AuthCall {
            token: self.identity.token.clone(),
            uid: self.identity.uid.clone(),
        };
        let cid = self.call(event::AUTH, &auth, now, effects);
        self.state = State::Authenticating { cid, answered: false };
    }

    fn told_by_server(&mut self, event: &str, data: &Value, now: Now, effects: &mut Vec<Effect>) {
        match event {
            event::SET_AUTH_TOKEN => {
                let Some(token) = data.get("token").and_then(Value::as_str) else {
                    return;
                };
                if let Some(issued_at) = issued_at(token) {
                    self.server_clock = Some(issued_at - now.elapsed);
                }
                self.jwt = Some(ChannelJwt::new(token));
                if let State::Authenticating { answered: true, .. } = self.state {
                    self.subscribe(now, effects);
                }
            }
            event::REMOVE_AUTH_TOKEN => self.jwt = None,
            event::KICK_OUT => {
                let Some(channel) = data.get("channel").and_then(Value::as_str) else {
                    return;
                };
                self.drop_channel(channel, now, effects);
            }
            event::PUBLISH => {
                let known = data
                    .get("channel")
                    .and_then(Value::as_str)
                    .is_some_and(|name| self.channels.iter().any(|channel| channel == name));
                if known {
                    self.published(data.get("data").cloned().unwrap_or(Value::Null), now, effects);
                }
            }
            _ => {}
        }
    }

    fn subscribe(&mut self, now: Now, effects: &mut Vec<Effect>) {
        // Teams may have been joined again since they were refused.
        self.channels.clone_from(&self.identity.channels);
        let mut open = HashMap::new();
        for channel in self.channels.clone() {
            let cid = self.call(event::SUBSCRIBE, &json!({ "channel": channel }), now, effects);
            open.insert(cid, channel);
        }
        self.state = State::Subscribing { open };
    }

    /// A refused or lost channel. Without the me-channel the connection is worth nothing, and the JWT may be what was refused;
    /// without a team's it goes on. `true`: the connection was given up.
    fn drop_channel(&mut self, channel: &str, now: Now, effects: &mut Vec<Effect>) -> bool {
        if self
            .identity
            .channels
            .first()
            .is_some_and(|first| first == channel)
        {
            self.refused(now, effects);
            return true;
        }
        let before = self.channels.len();
        self.channels.retain(|one| one != channel);
        if self.channels.len() < before {
            effects.push(Effect::Tell(ChannelEvent::Reset));
        }
        false
    }

    /// The server refused the user. Whether the session has ended is for the API to say: the refetch finds out.
    fn refused(&mut self, now: Now, effects: &mut Vec<Effect>) {
        self.jwt = None;
        effects.push(Effect::Tell(ChannelEvent::Reset));
        self.redial(NORMAL, now, effects);
    }

    fn closed(&mut self, code: Option<u16>, now: Now, effects: &mut Vec<Effect>) {
        if code.is_some_and(|code| code >= close::DO_NOT_COME_BACK) {
            self.stop(effects);
            return;
        }
        self.lost(now, effects);
    }

    fn stop(&mut self, effects: &mut Vec<Effect>) {
        self.state = State::Stopped;
        self.tell(ConnectionStatus::Disconnected, effects);
        effects.push(Effect::Tell(ChannelEvent::SessionEnded));
        effects.push(Effect::Stop);
    }

    fn dial(&mut self, effects: &mut Vec<Effect>) {
        self.state = State::Dialling;
        effects.push(Effect::Dial);
    }

    fn tell(&mut self, status: ConnectionStatus, effects: &mut Vec<Effect>) {
        if self.told != status {
            self.told = status;
            effects.push(Effect::Tell(ChannelEvent::Status(status)));
        }
    }

    fn call(&mut self, event: &str, data: &impl Serialize, now: Now, effects: &mut Vec<Effect>) -> u64 {
        let cid = self.next_cid;
        self.next_cid += 1;
        let call = Packet::Call {
            event: event.to_owned(),
            data: serde_json::to_value(data).unwrap_or(Value::Null),
            cid: cid.into(),
        };
        effects.push(Effect::Send(call.encode()));
        self.due = Some(now.elapsed + ANSWER);
        cid
    }
}

fn parse<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

/// When the server made the JWT, by its own clock (RFC 7519 §4.1.6). Its signature is the server's own business.
fn issued_at(jwt: &str) -> Option<UnixMillis> {
    let payload = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    claims.get("iat")?.as_i64().map(UnixMillis::from_secs)
}

#[cfg(test)]
mod tests;
