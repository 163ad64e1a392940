//! The one place of the harness that reads a clock: to measure and to give up, never to wait.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use codestream_protocol::UnixMillis;

/// Now, for measuring.
#[expect(clippy::disallowed_methods, reason = "the harness measures real processes")]
pub fn now() -> Instant {
    Instant::now()
}

/// Now, as the processes under test write it.
#[expect(clippy::disallowed_methods, reason = "the harness measures real processes")]
pub fn unix() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
