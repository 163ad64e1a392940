//! Time.
//!
//! The only place that reads the system's clock. The sandbox moves it forward; sleeps notice that.

use std::sync::Arc;
use std::time::Duration;

use codestream_protocol::UnixMillis;
use tokio::sync::watch;

/// A clock that can be moved forward. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    base: Base,
    offset: Arc<watch::Sender<Duration>>,
}

#[derive(Debug, Clone, Copy)]
enum Base {
    System,
    /// Runs with tokio's clock, so that paused tests move both.
    #[cfg(test)]
    Tokio(UnixMillis, tokio::time::Instant),
}

impl Clock {
    /// The system's clock.
    pub(crate) fn system() -> Self {
        Self {
            base: Base::System,
            offset: Arc::new(watch::Sender::new(Duration::ZERO)),
        }
    }

    /// A clock that shows `start` now and runs with tokio's.
    #[cfg(test)]
    pub(crate) fn starting_at(start: UnixMillis) -> Self {
        Self {
            base: Base::Tokio(start, tokio::time::Instant::now()),
            offset: Arc::new(watch::Sender::new(Duration::ZERO)),
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> UnixMillis {
        let base = match self.base {
            Base::System => system_now(),
            #[cfg(test)]
            Base::Tokio(start, since) => start + since.elapsed(),
        };
        base + *self.offset.borrow()
    }

    /// Moves the clock forward and wakes every sleep whose end has come.
    pub(crate) fn advance(&self, by: Duration) {
        self.offset
            .send_modify(|offset| *offset = offset.saturating_add(by));
    }

    /// Ends at `at`, also when the clock is moved there.
    pub(crate) async fn sleep_until(&self, at: UnixMillis) {
        let mut moved = self.offset.subscribe();
        loop {
            let left = at.since(self.now());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                // The sender lives as long as `self`.
                _ = moved.changed() => {}
            }
        }
    }

    /// Ends after `duration` on this clock.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + duration).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system's clock"
)]
fn system_now() -> UnixMillis {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(0) + since
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_sleep_ends_when_the_clock_is_moved_past_its_end() {
        let clock = Clock::starting_at(UnixMillis(1_000));
        let sleeper = clock.clone();
        let started = tokio::time::Instant::now();
        let (_, ()) = tokio::join!(sleeper.sleep(Duration::from_secs(300)), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            clock.advance(Duration::from_secs(299));
        });
        assert_eq!(started.elapsed(), Duration::from_secs(1));
        assert_eq!(clock.now(), UnixMillis(301_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_move_leaves_the_rest_to_be_slept() {
        let clock = Clock::starting_at(UnixMillis(0));
        let started = tokio::time::Instant::now();
        tokio::join!(clock.sleep(Duration::from_secs(10)), async {
            clock.advance(Duration::from_secs(4));
        });
        assert_eq!(started.elapsed(), Duration::from_secs(6));
    }
}
