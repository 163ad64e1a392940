//! Who listens: every open line, and what it is subscribed to.
//!
//! Only here do messages meet sockets. Every call is short and never waits, so that a slow reader holds nobody up: a line
//! that does not take its messages is ended, and catches up by history when it comes back.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use codestream_protocol::UserId;
use codestream_protocol::channel::ChannelName;
use tokio::sync::{mpsc, oneshot};

use crate::store::SessionId;

/// Frames that wait for one line. More, and it is too slow.
const BACKLOG: usize = 128;

/// Names a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LineId(u64);

/// What a line is told, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Push {
    /// A frame to send on.
    Frame(Utf8Bytes),
    /// The subscription is gone.
    KickedOut(ChannelName),
}

/// Why a line is ended from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The session is over: the client is not to come back.
    SessionOver,
    /// It has missed something, and is to catch up by history.
    Behind,
    /// Without a word, as when the network goes.
    Cut,
}

/// A line's own end.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its name.
    pub(crate) id: LineId,
    /// What it is told.
    pub(crate) pushes: mpsc::Receiver<Push>,
    /// That it is ended.
    pub(crate) end: oneshot::Receiver<End>,
}

/// Who is subscribed on behalf of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscriber {
    /// The session that was checked at the subscription.
    pub(crate) session: SessionId,
    /// Its user.
    pub(crate) user: UserId,
}

/// Every open line. Clones are the same hub.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hub(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    next: u64,
    open: HashMap<LineId, Handle>,
    /// In the order of opening.
    channels: HashMap<ChannelName, BTreeMap<LineId, Subscriber>>,
}

#[derive(Debug)]
struct Handle {
    pushes: mpsc::Sender<Push>,
    end: oneshot::Sender<End>,
    session: Option<SessionId>,
    channels: Vec<ChannelName>,
}

impl Hub {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        // Nothing in here panics half-way; a poisoned hub would silence every line.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new line that listens to nothing yet.
    pub(crate) fn open(&self) -> Line {
        let (pushes, receiver) = mpsc::channel(BACKLOG);
        let (end, ended) = oneshot::channel();
        let mut lines = self.lines();
        let id = LineId(lines.next);
        lines.next += 1;
        lines.open.insert(
            id,
            Handle {
                pushes,
                end,
                session: None,
                channels: Vec::new(),
            },
        );
        Line {
            id,
            pushes: receiver,
            end: ended,
        }
    }

    /// How many lines are open.
    pub(crate) fn len(&self) -> usize {
        self.lines().open.len()
    }

    /// Forgets a line.
    pub(crate) fn close(&self, id: LineId) {
        self.lines().remove(id);
    }

    /// From now on the line is ended with this session. Name it first, then look the session up: so its end cannot fall in
    /// between.
    pub(crate) fn name(&self, id: LineId, session: SessionId) {
        if let Some(handle) = self.lines().open.get_mut(&id) {
            handle.session = Some(session);
        }
    }

    /// Subscribes; twice is once.
    pub(crate) fn subscribe(&self, id: LineId, channel: &ChannelName, subscriber: Subscriber) {
        let mut lines = self.lines();
        let lines = &mut *lines;
        let Some(handle) = lines.open.get_mut(&id) else {
            return;
        };
        if !handle.channels.contains(channel) {
            handle.channels.push(channel.clone());
        }
        lines
            .channels
            .entry(channel.clone())
            .or_default()
            .insert(id, subscriber);
    }

    /// Ends one subscription; `false`: there was none.
    pub(crate) fn unsubscribe(&self, id: LineId, channel: &ChannelName) -> bool {
        self.lines().unsubscribe(id, channel)
    }

    /// Whether anybody listens to `channel`.
    pub(crate) fn has_audience(&self, channel: &ChannelName) -> bool {
        self.lines().channels.contains_key(channel)
    }

    /// Gives `frames` to every subscriber that `may` hear them; takes the others' subscriptions away.
    pub(crate) fn deliver(
        &self,
        channel: &ChannelName,
        frames: &[Utf8Bytes],
        may: impl Fn(&Subscriber) -> bool,
    ) {
        let mut lines = self.lines();
        let subscribers = lines.channels.get(channel).into_iter().flatten();
        let subscribers: Vec<(LineId, bool)> = subscribers
            .map(|(id, subscriber)| (*id, may(subscriber)))
            .collect();
        for (id, may) in subscribers {
            if may {
                lines.push_all(id, frames);
            } else {
                lines.kick(id, channel);
            }
        }
    }

    /// Takes `user`'s subscriptions to `channel` away.
    pub(crate) fn kick(&self, user: &UserId, channel: &ChannelName) {
        let mut lines = self.lines();
        let found = lines.channels.get(channel).into_iter().flatten();
        let found: Vec<LineId> = found
            .filter(|(_, subscriber)| subscriber.user == *user)
            .map(|(id, _)| *id)
            .collect();
        for id in found {
            lines.kick(id, channel);
        }
    }

    /// The session is over: ends its lines.
    pub(crate) fn end_session(&self, session: SessionId) {
        let mut lines = self.lines();
        let named = lines.open.iter();
        let named: Vec<LineId> = named
            .filter(|(_, handle)| handle.session == Some(session))
            .map(|(id, _)| *id)
            .collect();
        for id in named {
            lines.end(id, End::SessionOver);
        }
    }

    /// Ends every line.
    pub(crate) fn end_all(&self, end: End) {
        let mut lines = self.lines();
        lines.channels.clear();
        for (_, handle) in lines.open.drain() {
            // Err means that the line has ended by itself.
            let _ = handle.end.send(end);
        }
    }

    /// The channels that `user` is subscribed to somewhere.
    pub(crate) fn channels_of(&self, user: &UserId) -> Vec<ChannelName> {
        let lines = self.lines();
        let has = |subscribers: &BTreeMap<LineId, Subscriber>| {
            subscribers.values().any(|subscriber| subscriber.user == *user)
        };
        let found = lines.channels.iter().filter(|(_, subscribers)| has(subscribers));
        found.map(|(channel, _)| channel.clone()).collect()
    }
}

impl Lines {
    fn unsubscribe(&mut self, id: LineId, channel: &ChannelName) -> bool {
        if let Some(handle) = self.open.get_mut(&id) {
            handle.channels.retain(|had| had != channel);
        }
        let Some(subscribers) = self.channels.get_mut(channel) else {
            return false;
        };
        let was = subscribers.remove(&id).is_some();
        if subscribers.is_empty() {
            self.channels.remove(channel);
        }
        was
    }

    fn remove(&mut self, id: LineId) -> Option<Handle> {
        let handle = self.open.remove(&id)?;
        for channel in &handle.channels {
            if let Some(subscribers) = self.channels.get_mut(channel) {
                subscribers.remove(&id);
                if subscribers.is_empty() {
                    self.channels.remove(channel);
                }
            }
        }
        Some(handle)
    }

    fn end(&mut self, id: LineId, end: End) {
        if let Some(handle) = self.remove(id) {
            // Err means that the line has ended by itself.
            let _ = handle.end.send(end);
        }
    }

    /// All of `frames` or, when they do not fit, the end.
    fn push_all(&mut self, id: LineId, frames: &[Utf8Bytes]) {
        let Some(handle) = self.open.get(&id) else {
            return;
        };
        let fits = match handle.pushes.try_reserve_many(frames.len()) {
            Ok(permits) => {
                permits
                    .zip(frames)
                    .for_each(|(permit, frame)| permit.send(Push::Frame(frame.clone())));
                true
            }
            Err(_) => false,
        };
        if !fits {
            self.end(id, End::Behind);
        }
    }

    fn kick(&mut self, id: LineId, channel: &ChannelName) {
        if !self.unsubscribe(id, channel) {
            return;
        }
        let Some(handle) = self.open.get(&id) else {
            return;
        };
        if handle.pushes.try_send(Push::KickedOut(channel.clone())).is_err() {
            self.end(id, End::Behind);
        }
    }
}

#[cfg(test)]
impl Hub {
    /// The name of the only open line.
    pub(crate) fn only_line(&self) -> LineId {
        let lines = self.lines();
        let mut open = lines.open.keys();
        match (open.next(), open.next()) {
            (Some(id), None) => *id,
            _ => panic!("not one line"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn subscriber(number: u8) -> Subscriber {
        Subscriber {
            session: SessionId(Uuid::from_u128(number.into())),
            user: UserId::from_bytes([number; 12]),
        }
    }

    fn listening(hub: &Hub, number: u8) -> Line {
        let line = hub.open();
        hub.name(line.id, subscriber(number).session);
        hub.subscribe(line.id, &ChannelName::Echo, subscriber(number));
        line
    }

    fn frames(count: usize) -> Vec<Utf8Bytes> {
        vec!["{}".into(); count]
    }

    #[test]
    fn a_slow_line_is_ended_and_holds_nobody_up() {
        let hub = Hub::default();
        let (mut slow, mut quick) = (listening(&hub, 1), listening(&hub, 2));
        for _ in 0..BACKLOG {
            hub.deliver(&ChannelName::Echo, &frames(1), |_| true);
            assert!(quick.pushes.try_recv().is_ok());
        }
        assert!(slow.end.try_recv().is_err(), "a full backlog is not too much yet");
        hub.deliver(&ChannelName::Echo, &frames(1), |_| true);
        assert_eq!(slow.end.try_recv(), Ok(End::Behind));
        assert!(quick.pushes.try_recv().is_ok());
    }

    #[test]
    fn a_message_in_parts_is_delivered_whole_or_not_at_all() {
        let hub = Hub::default();
        let mut line = listening(&hub, 1);
        hub.deliver(&ChannelName::Echo, &frames(BACKLOG - 1), |_| true);
        hub.deliver(&ChannelName::Echo, &frames(2), |_| true);
        let mut had = 0;
        while line.pushes.try_recv().is_ok() {
            had += 1;
        }
        assert_eq!(had, BACKLOG - 1);
        assert_eq!(line.end.try_recv(), Ok(End::Behind));
    }

    #[test]
    fn the_end_of_a_session_ends_its_lines_alone() {
        let hub = Hub::default();
        let (mut one, mut other) = (listening(&hub, 1), listening(&hub, 2));
        hub.end_session(subscriber(1).session);
        assert_eq!(one.end.try_recv(), Ok(End::SessionOver));
        assert!(other.end.try_recv().is_err());
    }

    #[test]
    fn nothing_is_left_of_a_line_that_has_gone() {
        let hub = Hub::default();
        let line = listening(&hub, 1);
        hub.close(line.id);
        assert!(!hub.has_audience(&ChannelName::Echo));
        assert!(hub.lines().open.is_empty());
    }

    #[test]
    fn a_kick_is_for_one_user_and_one_channel() {
        let hub = Hub::default();
        let (mut one, mut other) = (listening(&hub, 1), listening(&hub, 2));
        hub.kick(&subscriber(1).user, &ChannelName::Echo);
        assert_eq!(one.pushes.try_recv(), Ok(Push::KickedOut(ChannelName::Echo)));
        hub.deliver(&ChannelName::Echo, &frames(1), |_| true);
        assert!(one.pushes.try_recv().is_err());
        assert!(other.pushes.try_recv().is_ok());
    }
}
