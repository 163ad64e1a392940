//! `GET /no-auth/status`: whether a load balancer may send requests here.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};

use crate::app::App;

/// Status, how soon to look again, and one word.
type Answer = (StatusCode, [(HeaderName, &'static str); 1], &'static str);

/// 200 `OK`; 503 `draining` once this node has been told to stop, 503 `store` while its database takes no writes. The cause
/// is in the log.
pub(super) async fn show(State(app): State<Arc<App>>) -> Result<&'static str, Answer> {
    let unavailable = |word| {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "2")],
            word,
        )
    };
    if app.lifecycle.is_draining() {
        return Err(unavailable("draining"));
    }
    app.store.probe().await.map_err(|_| unavailable("store"))?;
    Ok("OK")
}
