//! Calls of third parties to us, server to server: `POST /no-auth/provider-action/{action}`.
//!
//! Owns that a letter is proven before it is read, taken once, answered at once, and worked on afterwards, by whichever
//! process is there. Knows no third party: what a letter says is its service's to tell.

mod answers;
mod connect_code;
mod desk;
mod receive;
mod say;
mod tell;
mod work;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use codestream_protocol::http::path;

use crate::app::App;

pub(crate) use answers::Answers;
pub(crate) use work::run;

/// This room's routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(
            &format!("{}/{{action}}", path::PROVIDER_ACTION),
            post(receive::receive),
        )
        .route(path::CONNECT_CODE, post(connect_code::make))
        .route(path::CONVERSATIONS, post(say::say))
}
