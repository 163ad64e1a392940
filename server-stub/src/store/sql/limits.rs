//! Rate limits: in memory beside SQLite, which one process has to itself; in a table of PostgreSQL.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Engine, Sql, Tx};
use crate::store::{Allowed, Limits, Rate, StoreError};

/// Above this many buckets, those that are full again are dropped.
const SWEEP_ABOVE: usize = 4096;

/// When each bucket is full again, in milliseconds since the Unix epoch.
#[derive(Default)]
pub(super) struct Buckets(Mutex<HashMap<String, i64>>);

#[async_trait]
impl Limits for Sql {
    async fn take(&self, rate: Rate, key: &str) -> Result<Allowed, StoreError> {
        let now = self.clock.now().0;
        let bucket = name(rate, key);
        if let Engine::Sqlite { buckets } = &self.engine {
            return Ok(buckets.take(rate, bucket, now));
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
        .bind(rate.cost)
        .bind(rate.burst)
        .fetch_optional(&self.writer)
        .await?;
        match taken {
            Some(_) => Ok(Allowed::Yes),
            None => Ok(match self.allowance(rate, key).await? {
                Allowed::Yes => Allowed::In(Duration::from_millis(1)),
                later @ Allowed::In(_) => later,
            }),
        }
    }

    async fn allowance(&self, rate: Rate, key: &str) -> Result<Allowed, StoreError> {
        let now = self.clock.now().0;
        let bucket = name(rate, key);
        let full_at = match &self.engine {
            Engine::Sqlite { buckets } => buckets.full_at(&bucket),
            Engine::Postgres { .. } => {
                sqlx::query_scalar("SELECT full_at FROM rate_limits WHERE bucket = $1")
                    .bind(&bucket)
                    .fetch_optional(&self.reader)
                    .await?
            }
        };
        Ok(allowed(rate, full_at, now))
    }
}

impl Tx<'_> {
    /// Removes buckets that are full again.
    pub(super) async fn forget_limits(&mut self) -> Result<(), StoreError> {
        if let Engine::Postgres { .. } = self.store.engine {
            let now = self.now.0;
            sqlx::query("DELETE FROM rate_limits WHERE full_at <= $1")
                .bind(now)
                .execute(self.db())
                .await?;
        }
        Ok(())
    }
}

fn name(rate: Rate, key: &str) -> String {
    format!("{} {key}", rate.name)
}

fn allowed(rate: Rate, full_at: Option<i64>, now: i64) -> Allowed {
    let level = full_at.map_or(0, |at| (at - now).clamp(0, rate.burst));
    match u64::try_from(level + rate.cost - rate.burst) {
        Ok(wait @ 1..) => Allowed::In(Duration::from_millis(wait)),
        Ok(0) | Err(_) => Allowed::Yes,
    }
}

impl Buckets {
    fn full_at(&self, bucket: &str) -> Option<i64> {
        let full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.get(bucket).copied()
    }

    fn take(&self, rate: Rate, bucket: String, now: i64) -> Allowed {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() > SWEEP_ABOVE {
            full_at.retain(|_, at| *at > now);
        }
        let at = full_at.get(&bucket).copied();
        let answer = allowed(rate, at, now);
        if answer == Allowed::Yes {
            let level = at.map_or(0, |at| (at - now).clamp(0, rate.burst));
            full_at.insert(bucket, now + level + rate.cost);
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
            assert_eq!(buckets.take(rate, key.to_string(), key * 1000), Allowed::Yes);
        }
        assert!(buckets.0.lock().expect("a lock").len() <= SWEEP_ABOVE + 1);
    }
}
