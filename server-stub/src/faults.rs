//! Switches that make things go wrong on purpose.
//!
//! All are off without a sandbox, whose controls alone can turn them on.

mod routes;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use routes::{RouteFault, around};

/// The switches; all off at first. Clones are the same switches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By path.
    routes: Mutex<BTreeMap<String, RouteFault>>,
    require_https: AtomicBool,
    abort_before_publish: AtomicBool,
}

impl Faults {
    fn routes(&self) -> MutexGuard<'_, BTreeMap<String, RouteFault>> {
        // One insertion or decrement cannot leave it half-changed.
        self.0.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the fault of a path and everything below it; it replaces the one before.
    pub(crate) fn set_route(&self, path: String, fault: RouteFault) {
        self.routes().insert(path, fault);
    }

    /// Whether imitated services insist on https, also on this machine.
    pub(crate) fn require_https(&self) -> bool {
        self.0.require_https.load(Ordering::Relaxed)
    }

    /// See [`require_https`](Self::require_https).
    pub(crate) fn set_require_https(&self, on: bool) {
        self.0.require_https.store(on, Ordering::Relaxed);
    }

    /// Whether the process ends between a message's commit and its delivery.
    pub(crate) fn abort_before_publish(&self) -> bool {
        self.0.abort_before_publish.load(Ordering::Relaxed)
    }

    /// See [`abort_before_publish`](Self::abort_before_publish).
    pub(crate) fn set_abort_before_publish(&self, on: bool) {
        self.0.abort_before_publish.store(on, Ordering::Relaxed);
    }

    /// Turns every switch off.
    pub(crate) fn reset(&self) {
        self.routes().clear();
        self.set_require_https(false);
        self.set_abort_before_publish(false);
    }
}
