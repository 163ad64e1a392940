//! How often an address may fail to authenticate.
//!
//! Only failures count: any number of agents behind one address may sign in at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use codestream_protocol::UnixMillis;

/// Failures at once.
const BURST: u32 = 20;
/// After which one more is allowed.
const REFILL: Duration = Duration::from_secs(1);
/// Addresses remembered before those that have recovered are forgotten.
const MOST: usize = 4096;

/// Failed attempts by address. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Failures(Arc<Mutex<HashMap<IpAddr, UnixMillis>>>);

impl Failures {
    /// Whether the address has failed too often lately.
    pub(super) fn are_too_many(&self, of: IpAddr, now: UnixMillis) -> bool {
        self.recovered_at(of).since(now) >= REFILL * BURST
    }

    /// Counts a failure: each puts full recovery off by [`REFILL`].
    pub(super) fn count(&self, of: IpAddr, now: UnixMillis) {
        let mut recovery = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recovery.len() >= MOST {
            recovery.retain(|_, at| *at > now);
        }
        let at = recovery.entry(of).or_insert(now);
        *at = (*at).max(now) + REFILL;
    }

    fn recovered_at(&self, of: IpAddr) -> UnixMillis {
        let recovery = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recovery.get(&of).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fails_too_often_has_to_wait() {
        let failures = Failures::default();
        let (one, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let now = UnixMillis(1_000_000);
        for _ in 0..BURST {
            assert!(!failures.are_too_many(one, now));
            failures.count(one, now);
        }
        assert!(failures.are_too_many(one, now));
        assert!(!failures.are_too_many(other, now));
        assert!(!failures.are_too_many(one, now + REFILL));
    }
}
