//! Rate limits: a bucket of tokens per key. In memory, since a limit that forgets at a restart still limits.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use codestream_protocol::UnixMillis;

/// Above this many buckets, those that are full again are dropped.
const SWEEP_ABOVE: usize = 4096;

/// So many per second, and a burst after a pause. Time is given in each call and never runs backwards for a bucket.
#[derive(Debug)]
pub(crate) struct RateLimit {
    /// Milliseconds that one request costs.
    cost: i64,
    /// Milliseconds that a full bucket holds.
    burst: i64,
    /// When each key's bucket is full again.
    full_at: Mutex<HashMap<String, UnixMillis>>,
}

impl RateLimit {
    /// `per_second` requests, at most `burst` at once.
    pub(crate) fn new(per_second: u16, burst: u16) -> Self {
        let cost = 1000 / i64::from(per_second.max(1));
        Self {
            cost,
            burst: cost * i64::from(burst.max(1)),
            full_at: Mutex::default(),
        }
    }

    /// Takes one for `key`, or gives the time until there is one.
    pub(crate) fn take(&self, key: &str, now: UnixMillis) -> Result<(), Duration> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() > SWEEP_ABOVE {
            full_at.retain(|_, at| *at > now);
        }
        let level = full_at
            .get(key)
            .map_or(0, |at| (at.0 - now.0).clamp(0, self.burst));
        if level + self.cost > self.burst {
            let wait = u64::try_from(level + self.cost - self.burst).unwrap_or(0);
            return Err(Duration::from_millis(wait));
        }
        full_at.insert(key.to_owned(), UnixMillis(now.0 + level + self.cost));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_so_many_per_second() {
        let limit = RateLimit::new(2, 5);
        let at = |millis: i64| limit.take("a", UnixMillis(1_000_000 + millis));
        for _ in 0..5 {
            assert_eq!(at(0), Ok(()));
        }
        assert_eq!(at(0), Err(Duration::from_millis(500)));
        assert_eq!(at(499), Err(Duration::from_millis(1)));
        assert_eq!(at(500), Ok(()));
        assert_eq!(at(500), Err(Duration::from_millis(500)));
        assert_eq!(limit.take("b", UnixMillis(1_000_500)), Ok(()));
        for _ in 0..5 {
            assert_eq!(at(60_000), Ok(()));
        }
        assert!(at(60_000).is_err());
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let limit = RateLimit::new(1, 1);
        assert_eq!(limit.take("a", UnixMillis(0)), Ok(()));
        for _ in 0..10 {
            assert_eq!(limit.take("a", UnixMillis(0)), Err(Duration::from_secs(1)));
        }
        assert_eq!(limit.take("a", UnixMillis(1000)), Ok(()));
    }

    #[test]
    fn buckets_that_are_full_again_are_forgotten() {
        let limit = RateLimit::new(1, 1);
        for key in 0..10_000 {
            assert_eq!(limit.take(&key.to_string(), UnixMillis(key * 1000)), Ok(()));
        }
        assert!(limit.full_at.lock().expect("a lock").len() <= SWEEP_ABOVE + 1);
    }
}
