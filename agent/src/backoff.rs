//! How long to wait before trying again; the one user of the `backoff` crate, and of its interval arithmetic alone.
//!
//! Deadlines and `Retry-After` belong to the callers. Chance comes in as a fraction, so a test can say what it is.

use std::time::Duration;

use ::backoff::ExponentialBackoff;
use ::backoff::backoff::Backoff as _;

/// How much of a delay is left to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jitter {
    /// Within a quarter below and above: for one client that asks politely.
    Quarter,
    /// Anything from nothing to the whole: for many clients that a restart has cut off at once.
    Full,
}

/// Growing delays.
#[derive(Debug)]
pub(crate) struct Backoff {
    intervals: ExponentialBackoff,
    jitter: Jitter,
}

impl Backoff {
    /// Delays from `first`, each `multiplier` times the one before, up to `cap`.
    pub(crate) fn new(first: Duration, multiplier: f64, cap: Duration, jitter: Jitter) -> Self {
        Self {
            intervals: ExponentialBackoff {
                current_interval: first,
                initial_interval: first,
                randomization_factor: 0.0,
                multiplier,
                max_interval: cap,
                max_elapsed_time: None,
                ..ExponentialBackoff::default()
            },
            jitter,
        }
    }

    /// The next delay; `fraction` is from 0 up to but not including 1.
    pub(crate) fn next(&mut self, fraction: f64) -> Duration {
        let cap = self.intervals.max_interval;
        let delay = self.intervals.next_backoff().unwrap_or(cap);
        match self.jitter {
            Jitter::Quarter => delay.mul_f64(0.75 + fraction / 2.0),
            Jitter::Full => delay.mul_f64(fraction),
        }
    }

    /// Begins anew.
    pub(crate) fn reset(&mut self) {
        self.intervals.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_cap_and_begin_anew_after_a_reset() {
        let secs = Duration::from_secs_f64;
        let mut backoff = Backoff::new(secs(1.0), 1.5, secs(5.0), Jitter::Quarter);
        let delays: Vec<_> = (0..6).map(|_| backoff.next(0.5)).collect();
        assert_eq!(delays, [1.0, 1.5, 2.25, 3.375, 5.0, 5.0].map(secs));
        backoff.reset();
        assert_eq!(backoff.next(0.0), secs(0.75));
    }

    #[test]
    fn full_jitter_may_be_nothing_at_all() {
        let mut backoff = Backoff::new(
            Duration::from_millis(200),
            2.0,
            Duration::from_secs(20),
            Jitter::Full,
        );
        assert_eq!(backoff.next(0.0), Duration::ZERO);
        assert_eq!(backoff.next(0.5), Duration::from_millis(200));
    }
}
