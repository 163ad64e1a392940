//! The imitated third parties and the controls for tests.

use std::sync::Arc;

use axum::Router;

use crate::app::App;
use crate::clock::Clock;
use crate::random::Random;

/// State of the imitations. Clones are the same sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Sandbox;

impl Sandbox {
    /// A sandbox in which nothing has happened yet.
    pub(crate) fn new(_clock: Clock, _random: Random) -> Self {
        Self
    }
}

/// This room's routes, for the sandbox's own listener.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
}
