//! `GET /no-auth/status`: whether a load balancer may send requests here.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;

/// 200 `OK`, or 503 `draining` once this node has been told to stop.
pub(super) async fn show(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.lifecycle.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else {
        (StatusCode::OK, "OK")
    }
}
