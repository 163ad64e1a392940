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
    /// Moves only when it is moved.
    #[cfg(test)]
    Standing(UnixMillis),
}

impl Clock {
    /// The system's clock.
    pub(crate) fn system() -> Self {
        Self {
            base: Base::System,
            offset: Arc::new(watch::Sender::new(Duration::ZERO)),
        }
    }

    /// A clock that shows `start` until it is moved.
    #[cfg(test)]
    pub(crate) fn standing_at(start: UnixMillis) -> Self {
        Self {
            base: Base::Standing(start),
            offset: Arc::new(watch::Sender::new(Duration::ZERO)),
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> UnixMillis {
        let base = match self.base {
            Base::System => system_now(),
            #[cfg(test)]
            Base::Standing(start) => start,
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
    async fn a_sleep_ends_when_the_clock_is_moved_to_its_end_and_not_before() {
        let clock = Clock::standing_at(UnixMillis(1_000));
        let mut sleep = std::pin::pin!(clock.sleep_until(UnixMillis(301_000)));
        let patience = Duration::from_millis(1);
        for (move_by, ended) in [(0, false), (299, false), (1, true)] {
            clock.advance(Duration::from_secs(move_by));
            assert_eq!(
                tokio::time::timeout(patience, &mut sleep).await.is_ok(),
                ended,
                "{move_by}"
            );
        }
        assert_eq!(clock.now(), UnixMillis(301_000));
    }

    #[tokio::test]
    async fn the_system_clock_moves_by_itself() {
        let clock = Clock::system();
        let before = clock.now();
        clock.sleep_until(before + Duration::from_millis(2)).await;
        assert!(clock.now().since(before) >= Duration::from_millis(2));
    }
}
