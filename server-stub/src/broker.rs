//! The OAuth broker.

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// This room's routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
}
