//! Switches that make things go wrong on purpose.

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// The switches; all off at first. Clones are the same switches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults;

/// Puts the route faults around `router`.
pub(crate) fn around(router: Router<Arc<App>>, _app: &Arc<App>) -> Router<Arc<App>> {
    router
}
