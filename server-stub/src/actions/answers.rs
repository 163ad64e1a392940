//! What third parties answered a moment ago about who may read what.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use codestream_protocol::UnixMillis;
use serde_json::Value;

/// How long an answer stands in for asking again: the longest time that somebody who left a channel is still notified.
const LIFE: Duration = Duration::from_mins(1);
/// So many answers at most; beyond that the services are asked each time.
const MOST: usize = 50_000;

/// Answers by question.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<HashMap<String, (Value, UnixMillis)>>);

impl Answers {
    fn all(&self) -> MutexGuard<'_, HashMap<String, (Value, UnixMillis)>> {
        // Every change is one insertion or removal: a panic leaves nothing half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn recall(&self, question: &str, now: UnixMillis) -> Option<Value> {
        let all = self.all();
        let (answer, at) = all.get(question)?;
        (now.since(*at) < LIFE).then(|| answer.clone())
    }

    pub(super) fn remember(&self, question: String, answer: Value, now: UnixMillis) {
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, (_, at)| now.since(*at) < LIFE);
        }
        if all.len() < MOST {
            all.insert(question, (answer, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_an_answer_after_a_minute() {
        let answers = Answers::default();
        let now = UnixMillis(1_795_476_600_000);
        answers.remember("a".to_owned(), Value::Bool(true), now);
        let almost = now + LIFE.checked_sub(Duration::from_millis(1)).unwrap();
        assert_eq!(answers.recall("a", almost), Some(Value::Bool(true)));
        assert_eq!(answers.recall("a", now + LIFE), None);
        assert_eq!(answers.recall("b", now), None);
    }
}
