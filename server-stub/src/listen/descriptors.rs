//! How many descriptors the process may have open, and how many of them are connections.

use crate::config::Limits;

/// For the database, the log, calls of third parties and the metrics.
const OTHERS: usize = 160;
/// Most connections of one reserve.
const RESERVE: usize = 16;

/// What a listener gets of the descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// Connections.
    pub(crate) connections: usize,
    /// Connections beyond them that are told so, for each of two reserves.
    pub(crate) reserve: usize,
}

/// The share of each of `listeners` in what this process may have open.
pub(crate) fn share(limits: &Limits, listeners: usize) -> Share {
    of(available(), limits, listeners)
}

fn of(descriptors: usize, limits: &Limits, listeners: usize) -> Share {
    let reserve = (descriptors / 32).clamp(1, RESERVE);
    let kept = OTHERS + 2 * reserve * listeners;
    // With very few descriptors there is nothing to keep: a quarter leaves the rest some.
    let free = descriptors.saturating_sub(kept).max(descriptors / 4);
    Share {
        connections: limits.connections.min(free / listeners).max(1),
        reserve,
    }
}

/// Raises this process's limit to what it may be raised to.
#[cfg(unix)]
pub(crate) fn raise() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(%error, "the limit of open descriptors cannot be raised to its maximum");
    }
}

#[cfg(unix)]
fn available() -> usize {
    use rustix::process::{Resource, getrlimit};
    let current = getrlimit(Resource::Nofile).current;
    current.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
pub(crate) fn raise() {}

#[cfg(not(unix))]
fn available() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_to_the_others() {
        let limits = Limits::default();
        for (descriptors, listeners, connections) in [
            (usize::MAX, 1, limits.connections),
            (65_536, 2, limits.connections),
            (1_024, 1, 832),
            (1_024, 2, 400),
            (256, 1, 80),
            (64, 1, 16),
            (0, 2, 1),
        ] {
            let share = of(descriptors, &limits, listeners);
            assert_eq!(share.connections, connections, "{descriptors} for {listeners}");
        }
    }
}
