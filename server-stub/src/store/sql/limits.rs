//! Rate limits: in memory beside SQLite, which one process has to itself; in a table of PostgreSQL.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Engine, Sql};
use crate::store::{Allowed, Limits, Rate, StoreError};

/// Fewer buckets than this are not worth a sweep.
const SWEEP_ABOVE: usize = 4096;

/// The buckets of this process.
#[derive(Default)]
pub(super) struct Buckets(Mutex<Kept>);

struct Kept {
    /// When each is full again, in milliseconds since the Unix epoch.
    full_at: HashMap<String, i64>,
    /// Above this many, those that are full again are dropped.
    sweep_above: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            full_at: HashMap::new(),
            sweep_above: SWEEP_ABOVE,
        }
    }
}

#[async_trait]
impl Limits for Sql {
    async fn take_many(&self, rate: Rate, key: &str, units: u32) -> Result<Allowed, StoreError> {
        let now = self.clock.now().0;
        let bucket = format!("{} {key}", rate.name);
        let cost = rate.cost_of(units);
        if let Engine::Sqlite { buckets, .. } = &self.engine {
            return Ok(buckets.take(rate, cost, bucket, now));
        }
        // The bucket's row is locked from here on, so that two nodes never take the same one.
        let taken: Option<i64> = sqlx::query_scalar(
            "INSERT INTO rate_limits (bucket, full_at) VALUES ($1, $2 + $3)
             ON CONFLICT (bucket) DO UPDATE
             SET full_at = CASE WHEN rate_limits.full_at > $2 THEN rate_limits.full_at ELSE $2 END + $3
             WHERE rate_limits.full_at + $3 <= $2 + $4
             RETURNING full_at",
        )
        .bind(&bucket)
        .bind(now)
        .bind(cost)
        .bind(rate.burst)
        .fetch_optional(&self.writer)
        .await?;
        if taken.is_some() {
            return Ok(Allowed::Yes);
        }
        let full_at: Option<i64> = sqlx::query_scalar("SELECT full_at FROM rate_limits WHERE bucket = $1")
            .bind(&bucket)
            .fetch_optional(&self.reader)
            .await?;
        // Not enough a moment ago, so a wait of nothing is rounded up.
        Ok(match allowed(rate, cost, full_at, now) {
            Allowed::Yes => Allowed::In(Duration::from_millis(1)),
            later @ Allowed::In(_) => later,
        })
    }
}

fn allowed(rate: Rate, cost: i64, full_at: Option<i64>, now: i64) -> Allowed {
    let level = full_at.map_or(0, |at| (at - now).clamp(0, rate.burst));
    match u64::try_from(level + cost - rate.burst) {
        Ok(wait @ 1..) => Allowed::In(Duration::from_millis(wait)),
        Ok(0) | Err(_) => Allowed::Yes,
    }
}

impl Buckets {
    fn take(&self, rate: Rate, cost: i64, bucket: String, now: i64) -> Allowed {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { full_at, sweep_above } = &mut *kept;
        if full_at.len() > *sweep_above {
            full_at.retain(|_, at| *at > now);
            // Twice what is in use, so that the cost of a sweep is spread over as many calls.
            *sweep_above = SWEEP_ABOVE.max(2 * full_at.len());
        }
        let at = full_at.get(&bucket).copied();
        let answer = allowed(rate, cost, at, now);
        if answer == Allowed::Yes {
            let level = at.map_or(0, |at| (at - now).clamp(0, rate.burst));
            full_at.insert(bucket, now + level + cost);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_that_are_full_again_are_forgotten() {
        let buckets = Buckets::default();
        let rate = Rate::new("test", 1, 1);
        for key in 0..10_000 {
            assert_eq!(
                buckets.take(rate, rate.cost, key.to_string(), key * 1000),
                Allowed::Yes
            );
        }
        assert!(buckets.0.lock().expect("a lock").full_at.len() <= SWEEP_ABOVE + 1);
    }
}
