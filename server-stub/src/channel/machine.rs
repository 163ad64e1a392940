//! One connection's state, as a pure machine: packets, time and answers in, frames and questions out.
//!
//! It knows nothing of sockets or the store. Packets are given one after another; when a step asks a question, its answer
//! is given before the next packet, so that answers leave in the order of the calls.

mod calls;
mod refusal;
#[cfg(test)]
mod tests;

use std::time::Duration;

use codestream_protocol::UnixMillis;
use codestream_protocol::channel::{
    AuthError, ChannelName, HandshakeAnswer, HistoryAnswer, HistoryCall, Packet, close, event,
};
use codestream_protocol::secret::{BroadcasterToken, ChannelJwt};
use serde_json::{Value, json};

use super::pass::Identity;
pub(super) use refusal::Refusal;

/// Between pings, counted from the connection's opening.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(8);
/// The longest time without a pong; told in the handshake, so that the client expects pings as long.
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest time without a handshake.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Most subscriptions of one connection.
const MOST_CHANNELS: usize = 200;

/// Both kinds of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    /// Since the connection was opened: for pings and time-outs.
    pub(super) since_open: Duration,
    /// The calendar's: for the JWT.
    pub(super) calendar: UnixMillis,
}

/// What has happened.
#[derive(Debug)]
pub(super) enum Input {
    /// A packet has come in.
    Packet(Packet),
    /// A deadline has passed.
    Tick,
    /// A question was answered.
    Found(Found),
    /// A subscription was taken away.
    KickedOut(ChannelName),
    /// The session is over.
    SessionOver,
}

/// What to do, in order.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    /// Send this frame.
    Send(Packet),
    /// Find this out, before the next packet.
    Ask(Question),
    /// Stop listening to this channel.
    Unsubscribe(ChannelName),
    /// Close with this code.
    Close(u16),
}

/// What only the store knows. `cid` is the call's id; absent in a transmit.
#[derive(Debug, PartialEq)]
pub(super) enum Question {
    /// Whose JWT is this? In a handshake.
    Handshake { cid: Option<Value>, jwt: ChannelJwt },
    /// Whose JWT is this? In `#authenticate`.
    Authenticate { cid: Option<Value>, jwt: ChannelJwt },
    /// Whose session is this?
    Login {
        cid: Option<Value>,
        token: BroadcasterToken,
        uid: String,
    },
    /// May this session listen to this channel? If so, it does from now on.
    Subscribe {
        cid: Option<Value>,
        channel: ChannelName,
        who: Identity,
    },
    /// What was published? Only if this session may read all of it.
    History {
        cid: Value,
        call: HistoryCall,
        channels: Vec<ChannelName>,
        who: Identity,
    },
}

/// An answer to a [`Question`], with its `cid`.
#[derive(Debug)]
pub(super) enum Found {
    Handshake(Option<Value>, Result<Identity, AuthError>),
    Authenticate(Option<Value>, Result<Identity, AuthError>),
    Login(Option<Value>, Result<(Identity, ChannelJwt), Refusal>),
    Subscribe(Option<Value>, ChannelName, Result<(), Refusal>),
    History(Value, Result<HistoryAnswer, Refusal>),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Machine {
    id: String,
    is_open: bool,
    identity: Option<Identity>,
    channels: Vec<ChannelName>,
    pinged_at: Duration,
    ponged_at: Duration,
}

impl Machine {
    /// A connection just opened; `id` is told in the handshake.
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            is_open: false,
            identity: None,
            channels: Vec::new(),
            pinged_at: Duration::ZERO,
            ponged_at: Duration::ZERO,
        }
    }

    /// When to [`Input::Tick`], since the opening.
    pub(super) fn deadline(&self) -> Duration {
        if self.is_open {
            (self.pinged_at + PING_INTERVAL).min(self.ponged_at + PING_TIMEOUT)
        } else {
            HANDSHAKE_TIMEOUT.min(self.pinged_at + PING_INTERVAL)
        }
    }

    /// What follows from `input`.
    pub(super) fn step(mut self, input: Input, now: Now) -> (Self, Vec<Effect>) {
        let mut effects = Vec::new();
        self.forget_if_expired(now, &mut effects);
        match input {
            Input::Packet(packet) => self.packet(packet, now, &mut effects),
            Input::Tick => self.tick(now, &mut effects),
            Input::Found(found) => self.found(found, &mut effects),
            Input::KickedOut(channel) => {
                self.channels.retain(|had| *had != channel);
                effects.push(kick_out(&channel, "You may no longer read this channel."));
            }
            Input::SessionOver => {
                let channels = std::mem::take(&mut self.channels);
                effects.extend(
                    channels
                        .iter()
                        .map(|channel| kick_out(channel, "The session is over.")),
                );
                self.forget(&mut effects);
                effects.push(Effect::Close(close::DO_NOT_COME_BACK));
            }
        }
        (self, effects)
    }

    fn tick(&mut self, now: Now, effects: &mut Vec<Effect>) {
        if !self.is_open && now.since_open >= HANDSHAKE_TIMEOUT {
            effects.push(Effect::Close(close::NO_HANDSHAKE));
        } else if self.is_open && now.since_open >= self.ponged_at + PING_TIMEOUT {
            effects.push(Effect::Close(close::NO_PONG));
        } else if now.since_open >= self.pinged_at + PING_INTERVAL {
            // A late tick must not move the later ones.
            while self.pinged_at + PING_INTERVAL <= now.since_open {
                self.pinged_at += PING_INTERVAL;
            }
            effects.push(Effect::Send(Packet::Ping));
        }
    }

    fn packet(&mut self, packet: Packet, now: Now, effects: &mut Vec<Effect>) {
        let is_handshake = matches!(&packet, Packet::Call { event, .. } | Packet::Transmit { event, .. } if event == event::HANDSHAKE);
        if !self.is_open && !is_handshake {
            effects.push(Effect::Close(close::BEFORE_HANDSHAKE));
            return;
        }
        match packet {
            Packet::Ping => self.ponged_at = now.since_open,
            Packet::Call { event, data, cid } => self.call(&event, data, Some(cid), effects),
            Packet::Transmit { event, data } => self.call(&event, data, None, effects),
            // The server calls nothing, so that nothing is answered.
            Packet::Answer { .. } => {}
        }
        if is_handshake && !self.is_open {
            self.is_open = true;
            self.ponged_at = now.since_open;
        }
    }

    fn found(&mut self, found: Found, effects: &mut Vec<Effect>) {
        match found {
            Found::Handshake(cid, result) => {
                let (identity, error) = match result {
                    Ok(identity) => (Some(identity), None),
                    Err(error) => (None, Some(error)),
                };
                self.identity = identity;
                let refused = error.is_some();
                answer(cid, Ok(self.handshake_answer(error)), effects);
                if refused {
                    effects.push(transmit(event::REMOVE_AUTH_TOKEN, Value::Null));
                }
            }
            Found::Authenticate(cid, Ok(identity)) => {
                self.identity = Some(identity);
                let data = json!({ "isAuthenticated": true, "authError": null });
                answer(cid, Ok(data), effects);
            }
            Found::Authenticate(cid, Err(error)) => {
                answer(cid, Err(json!(error)), effects);
                self.identity = None;
                effects.push(transmit(event::REMOVE_AUTH_TOKEN, Value::Null));
            }
            Found::Login(cid, Ok((identity, jwt))) => {
                self.identity = Some(identity);
                // The answer first: real clients do not expect the token before it.
                answer(cid, Ok(Value::Null), effects);
                let data = json!({ "token": jwt });
                effects.push(transmit(event::SET_AUTH_TOKEN, data));
            }
            Found::Subscribe(cid, channel, Ok(())) => {
                if !self.channels.contains(&channel) {
                    self.channels.push(channel);
                }
                answer(cid, Ok(Value::Null), effects);
            }
            Found::Login(cid, Err(refusal)) | Found::Subscribe(cid, _, Err(refusal)) => {
                answer(cid, Err(refusal.to_error()), effects);
            }
            Found::History(cid, Ok(history)) => answer(Some(cid), Ok(json!(history)), effects),
            Found::History(cid, Err(refusal)) => answer(Some(cid), Err(refusal.to_error()), effects),
        }
    }

    fn handshake_answer(&self, auth_error: Option<AuthError>) -> Value {
        json!(HandshakeAnswer {
            id: self.id.clone(),
            ping_timeout: u64::try_from(PING_TIMEOUT.as_millis()).unwrap_or(u64::MAX),
            is_authenticated: self.identity.is_some(),
            auth_error,
        })
    }

    fn forget_if_expired(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let is_over = |identity: &Identity| now.calendar >= identity.expires_at;
        if self.identity.as_ref().is_some_and(is_over) {
            self.forget(effects);
        }
    }

    /// The client forgets its JWT. Its subscriptions stay until the session itself is over.
    fn forget(&mut self, effects: &mut Vec<Effect>) {
        self.identity = None;
        effects.push(transmit(event::REMOVE_AUTH_TOKEN, Value::Null));
    }
}

fn answer(cid: Option<Value>, result: Result<Value, Value>, effects: &mut Vec<Effect>) {
    if let Some(rid) = cid {
        effects.push(Effect::Send(Packet::Answer { rid, result }));
    }
}

fn transmit(event: &str, data: Value) -> Effect {
    let event = event.to_owned();
    Effect::Send(Packet::Transmit { event, data })
}

fn kick_out(channel: &ChannelName, message: &str) -> Effect {
    transmit(event::KICK_OUT, json!({ "channel": channel, "message": message }))
}
