//! Rate limits: a bucket of tokens per key, shared by every node.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;

/// So many per second, and a burst after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Sets its buckets apart from those of other limits.
    pub(crate) name: &'static str,
    /// Milliseconds that one costs.
    pub(crate) cost: i64,
    /// Milliseconds that a full bucket holds.
    pub(crate) burst: i64,
}

impl Rate {
    /// `count` in a minute, all of them at once if need be.
    pub(crate) fn per_minute(name: &'static str, count: u32) -> Self {
        Self::within(name, 60_000, count)
    }

    /// `count` in a day, all of them at once if need be.
    pub(crate) fn per_day(name: &'static str, count: u32) -> Self {
        Self::within(name, 86_400_000, count)
    }

    fn within(name: &'static str, millis: i64, count: u32) -> Self {
        let count = i64::from(count.max(1));
        let cost = (millis / count).max(1);
        Self {
            name,
            cost,
            burst: cost * count,
        }
    }

    /// Milliseconds that `units` cost; never more than a full bucket holds, which would never be allowed.
    pub(crate) fn cost_of(&self, units: u32) -> i64 {
        self.cost.saturating_mul(i64::from(units)).min(self.burst)
    }

    /// `per_second`, at most `burst` at once.
    pub(crate) const fn new(name: &'static str, per_second: i64, burst: i64) -> Self {
        assert!(per_second > 0 && burst > 0, "a limit lets something through");
        let cost = 1000 / per_second;
        Self {
            name,
            cost,
            burst: cost * burst,
        }
    }
}

/// What a limit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// It was taken.
    Yes,
    /// None is left; there is one after this time.
    In(Duration),
}

/// Rate limits. A refused request costs nothing.
#[async_trait]
pub(crate) trait Limits {
    /// Takes so many for `key`, or none.
    async fn take_many(&self, rate: Rate, key: &str, units: u32) -> Result<Allowed, StoreError>;
}
