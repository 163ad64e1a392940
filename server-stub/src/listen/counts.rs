//! What is counted of connections, and told to the operator: at most one line a minute of each kind, however many there are.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::gate::Limit;
use super::timers::Timer;

/// How often one kind of trouble is logged.
const EVERY: Duration = Duration::from_mins(1);

/// Counters of all listeners. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    open: Gauge,
    refused: Family<Refused, Counter>,
    timed_out: Family<TimedOut, Counter>,
    accept_failures: Counter,
    logged: Arc<Mutex<HashMap<&'static str, Logged>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TimedOut {
    timer: &'static str,
}

struct Logged {
    at: Instant,
    since: u64,
}

impl Counts {
    /// Adds them to what is scraped.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "http_connections",
            "Open connections, WebSockets among them",
            self.open.clone(),
        );
        registry.register(
            "limit_refusals",
            "Connections and requests refused since a limit was reached",
            self.refused.clone(),
        );
        registry.register(
            "client_timeouts",
            "Connections and requests ended since the client took too long",
            self.timed_out.clone(),
        );
        registry.register(
            "accept_failures",
            "Times that the system gave no connection, for example for want of descriptors",
            self.accept_failures.clone(),
        );
    }

    pub(super) fn opened(&self) {
        self.open.inc();
    }

    pub(super) fn closed(&self) {
        self.open.dec();
    }

    pub(super) fn refused(&self, limit: Limit, address: Option<IpAddr>) {
        let limit = limit.setting();
        self.refused.get_or_create(&Refused { limit }).inc();
        if let Some(times) = self.is_due(limit) {
            let address = address.map(tracing::field::display);
            tracing::warn!(
                limit,
                address,
                times,
                "a limit is reached and clients are refused; raise it in [limits] if they are yours"
            );
        }
    }

    pub(super) fn timed_out(&self, timer: Timer) {
        let timer = match timer {
            Timer::Head => "head",
            Timer::Body => "body",
            Timer::KeepAlive => "keepAlive",
            Timer::Write => "write",
        };
        self.timed_out.get_or_create(&TimedOut { timer }).inc();
    }

    pub(super) fn accept_failed(&self, error: &io::Error) {
        self.accept_failures.inc();
        if let Some(times) = self.is_due("accept") {
            tracing::error!(%error, times, "connections cannot be accepted; they wait until they can");
        }
    }

    /// How often it has happened since it was last logged, when it is to be logged again.
    fn is_due(&self, what: &'static str) -> Option<u64> {
        let now = Instant::now();
        // One insertion cannot leave it half-changed.
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(logged) = logged.get_mut(what) else {
            logged.insert(what, Logged { at: now, since: 0 });
            return Some(1);
        };
        logged.since += 1;
        if now - logged.at < EVERY {
            return None;
        }
        logged.at = now;
        Some(std::mem::take(&mut logged.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_line_a_minute_tells_how_often() {
        let counts = Counts::default();
        assert_eq!(counts.is_due("connections"), Some(1));
        for _ in 0..10 {
            assert_eq!(counts.is_due("connections"), None);
        }
        assert_eq!(counts.is_due("accept"), Some(1), "each kind by itself");
        tokio::time::advance(EVERY).await;
        assert_eq!(counts.is_due("connections"), Some(11));
    }
}
