//! The me-channel.

mod hub;

use std::sync::Arc;

use axum::Router;

use crate::app::App;

pub(crate) use hub::{End, Hub};

/// This room's routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
}
