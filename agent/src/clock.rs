//! The one reader of the wall clock.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use codestream_protocol::UnixMillis;

/// Where the time comes from.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> UnixMillis;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one reader of the wall clock")]
    fn now(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that follows tokio's, which a test can pause and advance.
#[cfg(test)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct TestClock {
    began: tokio::time::Instant,
}

#[cfg(test)]
impl TestClock {
    /// What it shows at first.
    pub(crate) const START: UnixMillis = UnixMillis(1_700_000_000_000);

    pub(crate) fn start() -> Self {
        Self {
            began: tokio::time::Instant::now(),
        }
    }
}

#[cfg(test)]
impl Clock for TestClock {
    fn now(&self) -> UnixMillis {
        Self::START + self.began.elapsed()
    }
}
