//! Catching up after a subscription: history, merged with what was published meanwhile, in order and without repetitions.

use std::collections::HashMap;
use std::time::Duration;

use codestream_protocol::UnixMillis;
use codestream_protocol::channel::{
    HISTORY_LIMIT, HistoryAnswer, HistoryCall, HistoryMessage, Message, event,
};
use codestream_protocol::lsp::notification::ConnectionStatus;
use serde_json::Value;

use crate::channel::ChannelEvent;
use crate::channel::inbox::Taken;
use crate::channel::machine::{Effect, Machine, Now, Position, State, parse};

/// Asked for before the position.
const OVERLAP: Duration = Duration::from_secs(15);
/// Channels of one `history` call.
const HISTORY_CHANNELS: usize = 100;

/// History, as far as it has arrived.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    /// Calls without an answer yet.
    open: HashMap<u64, Vec<String>>,
    found: Vec<HistoryMessage>,
    /// There is more than was answered.
    overflow: bool,
    /// A server that has just authenticated may have no handler for a moment; one more try.
    retried: bool,
}

impl CatchUp {
    /// Takes the answer to `cid`; `true`: it was the last.
    pub(super) fn take(&mut self, cid: u64, result: Result<Value, Value>) -> bool {
        if self.open.remove(&cid).is_none() {
            return false;
        }
        match result.map(parse::<HistoryAnswer>) {
            Ok(Some(answer)) => {
                self.overflow |= answer.messages.len() >= HISTORY_LIMIT;
                self.found.extend(answer.messages);
            }
            _ => self.overflow = true,
        }
        self.open.is_empty()
    }
}

impl Machine {
    pub(super) fn catch_up(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let mut catch_up = CatchUp::default();
        let Some(since) = self.history_since() else {
            // Without the server's time there is no asking for what was missed.
            catch_up.overflow = true;
            self.state = State::CatchingUp(catch_up);
            self.caught_up(now, effects);
            return;
        };
        for some in self.channels.clone().chunks(HISTORY_CHANNELS) {
            let cid = self.ask_history(some, since, now, effects);
            catch_up.open.insert(cid, some.to_vec());
        }
        self.state = State::CatchingUp(catch_up);
    }

    /// Asks once more; `false`: that was done before.
    pub(super) fn ask_again(&mut self, now: Now, effects: &mut Vec<Effect>) -> bool {
        let Some(since) = self.history_since() else {
            return false;
        };
        let State::CatchingUp(catch_up) = &mut self.state else {
            return false;
        };
        if std::mem::replace(&mut catch_up.retried, true) {
            return false;
        }
        let asked: Vec<_> = catch_up.open.drain().map(|(_, channels)| channels).collect();
        for channels in asked {
            let cid = self.ask_history(&channels, since, now, effects);
            if let State::CatchingUp(catch_up) = &mut self.state {
                catch_up.open.insert(cid, channels);
            }
        }
        true
    }

    pub(super) fn ask_history(
        &mut self,
        channels: &[String],
        since: UnixMillis,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> u64 {
        let ask = HistoryCall {
            channels: channels.to_vec(),
            request_id: self.next_cid.to_string(),
            since,
        };
        self.call(event::HISTORY, &ask, now, effects)
    }

    pub(super) fn history_since(&self) -> Option<UnixMillis> {
        let from = match self.position {
            Position::Server(time) => time,
            Position::Elapsed(elapsed) => self.server_clock? + elapsed,
        };
        Some(from - OVERLAP)
    }

    pub(super) fn server_time(&self, now: Now) -> Option<UnixMillis> {
        self.server_clock.map(|clock| clock + now.elapsed)
    }

    pub(super) fn caught_up(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let state = std::mem::replace(&mut self.state, State::Live { since: now.elapsed });
        let State::CatchingUp(mut catch_up) = state else {
            return;
        };
        self.due = None;
        if catch_up.overflow {
            effects.push(Effect::Tell(ChannelEvent::Reset));
        }
        // Newest first within a channel's answer; equal times keep the server's order.
        catch_up.found.reverse();
        catch_up.found.sort_by_key(|message| message.timestamp);
        if let (Some(newest), Some(clock)) = (catch_up.found.last(), &mut self.server_clock) {
            *clock = (*clock).max(newest.timestamp - now.elapsed);
        }
        for message in catch_up.found {
            if catch_up.overflow {
                self.deliver_ends_only(message.message, now, effects);
            } else {
                self.published(message.message, now, effects);
            }
        }
        for message in std::mem::take(&mut self.buffered) {
            self.published(message, now, effects);
        }
        match self.server_time(now) {
            Some(time) => self.position = Position::Server(time),
            None => self.position = Position::Elapsed(now.elapsed),
        }
        self.tell(ConnectionStatus::Reconnected, effects);
    }

    pub(super) fn published(&mut self, message: Value, now: Now, effects: &mut Vec<Effect>) {
        match self.state {
            // A subscription is live from its answer on, while others are still open.
            State::Subscribing { .. } | State::CatchingUp(_) => self.buffered.push(message),
            _ => match self.inbox.take(message, now.elapsed) {
                Taken::Whole(message) => effects.push(Effect::Tell(ChannelEvent::Message(message))),
                Taken::Hole => effects.push(Effect::Tell(ChannelEvent::Reset)),
                Taken::Nothing => {}
            },
        }
    }

    /// After a reset the refetched objects tell every change, but not how an attempt ended.
    pub(super) fn deliver_ends_only(&mut self, message: Value, now: Now, effects: &mut Vec<Effect>) {
        if let Taken::Whole(message) = self.inbox.take(message, now.elapsed)
            && message.attempt_ended.is_some()
        {
            let ended = Message {
                user: None,
                team: None,
                ..*message
            };
            effects.push(Effect::Tell(ChannelEvent::Message(Box::new(ended))));
        }
    }
}
