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
    /// One was taken, or could be.
    Yes,
    /// None is left; there is one after this time.
    In(Duration),
}

/// Rate limits. A refused request costs nothing.
#[async_trait]
pub(crate) trait Limits {
    /// Takes one for `key`.
    async fn take(&self, rate: Rate, key: &str) -> Result<Allowed, StoreError>;

    /// What [`take`](Self::take) would say, taking nothing.
    async fn allowance(&self, rate: Rate, key: &str) -> Result<Allowed, StoreError>;
}
