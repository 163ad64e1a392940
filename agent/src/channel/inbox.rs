//! Turns what arrives into whole messages, each once: drops repetitions, joins parts, notices what stays incomplete.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use codestream_protocol::channel::{Message, Part};
use serde_json::Value;

/// Ids that are remembered. History is asked for with an overlap of seconds and answers at most a hundred messages for each
/// hundred channels, so what is forgotten here is far older than anything that can be repeated.
const REMEMBERED: usize = 4096;
/// Messages in parts that are waited for at once, and parts of one message: bounds against a server gone wrong.
const UNFINISHED: usize = 64;
const PARTS: u32 = 4096;
/// How long a part waits for its others. They are stored together, so they are sent together.
const PATIENCE: Duration = Duration::from_secs(15);

/// What became of something that arrived.
#[derive(Debug, PartialEq)]
pub(crate) enum Taken {
    /// Whole, and new.
    Whole(Box<Message>),
    /// Seen before, or not whole yet.
    Nothing,
    /// Not understood: there is a hole.
    Hole,
}

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    seen: HashSet<String>,
    order: VecDeque<String>,
    unfinished: HashMap<String, Unfinished>,
}

#[derive(Debug)]
struct Unfinished {
    of: u32,
    since: Duration,
    parts: BTreeMap<u32, String>,
}

impl Inbox {
    /// Takes a message as it was published; `now` is the time since the start.
    pub(crate) fn take(&mut self, message: Value, now: Duration) -> Taken {
        let Ok(message) = serde_json::from_value::<Message>(message) else {
            return Taken::Hole;
        };
        if self.seen.contains(&message.message_id) {
            return Taken::Nothing;
        }
        let Some(part) = message.part else {
            self.remember(message.message_id.clone());
            return Taken::Whole(Box::new(message));
        };
        self.take_part(&message.message_id, part, now)
    }

    fn take_part(&mut self, id: &str, part: Part, now: Duration) -> Taken {
        let fits = (1..=PARTS).contains(&part.of) && part.number < part.of;
        let room = self.unfinished.len() < UNFINISHED || self.unfinished.contains_key(id);
        if !fits || !room {
            return Taken::Hole;
        }
        let unfinished = self
            .unfinished
            .entry(id.to_owned())
            .or_insert_with(|| Unfinished {
                of: part.of,
                since: now,
                parts: BTreeMap::new(),
            });
        unfinished.parts.insert(part.number, part.text);
        if unfinished.parts.len() < unfinished.of as usize {
            return Taken::Nothing;
        }
        let text: String = self
            .unfinished
            .remove(id)
            .map(|whole| whole.parts.into_values().collect())
            .unwrap_or_default();
        self.remember(id.to_owned());
        match serde_json::from_str::<Message>(&text) {
            Ok(message) if message.message_id == id => Taken::Whole(Box::new(message)),
            _ => Taken::Hole,
        }
    }

    fn remember(&mut self, id: String) {
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.order.push_back(id.clone());
        self.seen.insert(id);
    }

    /// When the oldest part will have waited long enough.
    pub(crate) fn patience_ends(&self) -> Option<Duration> {
        self.unfinished.values().map(|one| one.since + PATIENCE).min()
    }

    /// Gives up on what has waited long enough; `true`: there is a hole.
    pub(crate) fn give_up(&mut self, now: Duration) -> bool {
        let before = self.unfinished.len();
        self.unfinished.retain(|_, one| one.since + PATIENCE > now);
        self.unfinished.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codestream_protocol::channel::{PART_BYTES, split};
    use serde_json::json;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn a_message_is_told_once() {
        let mut inbox = Inbox::default();
        let message = json!({"messageId": "m1", "user": {"id": "u"}});
        assert!(matches!(inbox.take(message.clone(), NOW), Taken::Whole(_)));
        assert_eq!(inbox.take(message, NOW), Taken::Nothing);
    }

    #[test]
    fn parts_are_joined_in_any_order_and_told_once() {
        let whole = json!({"messageId": "m", "user": {"id": "x".repeat(3 * PART_BYTES)}});
        let mut parts = split("m", whole);
        parts.reverse();
        let mut inbox = Inbox::default();
        let taken: Vec<_> = parts
            .iter()
            .chain(&parts)
            .map(|part| inbox.take(part.clone(), NOW))
            .filter(|taken| *taken != Taken::Nothing)
            .collect();
        let [Taken::Whole(message)] = &taken[..] else {
            panic!("{taken:?}");
        };
        assert_eq!(
            message.user.as_ref().map(|user| user.id.len()),
            Some(3 * PART_BYTES)
        );
        assert_eq!(inbox.patience_ends(), None);
    }

    #[test]
    fn a_part_that_stays_alone_is_a_hole_after_fifteen_seconds() {
        let mut inbox = Inbox::default();
        let part = json!({"messageId": "m", "part": {"number": 0, "of": 2, "text": "{"}});
        assert_eq!(inbox.take(part, NOW), Taken::Nothing);
        assert_eq!(inbox.patience_ends(), Some(PATIENCE));
        assert!(!inbox.give_up(PATIENCE.saturating_sub(Duration::from_millis(1))));
        assert!(inbox.give_up(PATIENCE));
        assert!(!inbox.give_up(PATIENCE));
    }

    #[test]
    fn what_is_not_a_message_is_a_hole() {
        for value in [
            json!(null),
            json!([]),
            json!({}),
            json!({"messageId": 1}),
            json!({"messageId": "m", "user": 3}),
            json!({"messageId": "m", "part": {"number": 2, "of": 2, "text": ""}}),
            json!({"messageId": "m", "part": {"number": 0, "of": 0, "text": ""}}),
            json!({"messageId": "m", "part": {"number": 0, "of": 1, "text": "{\"messageId\":\"other\"}"}}),
        ] {
            assert_eq!(Inbox::default().take(value.clone(), NOW), Taken::Hole, "{value}");
        }
    }
}
