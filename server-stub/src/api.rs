//! The API's own routes, and what every route of the API has in common.
//!
//! Owns how a session is proven, how a request is read and how a refusal is written. Knows no third party.

mod access;
mod address;
mod bearer;
mod capabilities;
mod check_signup;
mod edge;
mod error;
mod fields;
pub(crate) mod limit;
mod link;
mod login_data;
mod prefer;
mod prefetch;
mod read;
mod session;
mod start_code;
mod status;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{delete, get, put};
use codestream_protocol::http::path;

use crate::app::App;

pub(crate) use address::{ClientAddress, Peer, client_address};
pub(crate) use bearer::Bearer;
pub(crate) use edge::{MOST_BYTES, RequestId, around, to_the_end};
pub(crate) use error::RouteError;
pub(crate) use prefetch::refuse_prefetch;
pub(crate) use read::{Json, Query};
pub(crate) use start_code::agent_name;

/// This room's routes, but for those that wait.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(path::STATUS, get(status::show))
        .route(path::CAPABILITIES, get(capabilities::show))
        .route(
            path::PROVIDER_AUTH_CODE,
            get(start_code::make).layer(from_fn(refuse_prefetch)),
        )
        .route(path::WITHDRAW_SIGNUP, put(check_signup::withdraw))
        .route(path::LOGIN, put(session::login))
        .route(path::LOGOUT, put(session::logout))
        .route(path::ME, get(session::me))
        .route(
            &format!("{}/{{id}}", path::PROVIDER_LINK),
            get(link::show).put(link::confirm).delete(link::give_up),
        )
        .route(path::IDENTITIES, get(access::identities))
        .route(&format!("{}/{{id}}", path::IDENTITIES), delete(access::unlink))
        .route(path::SESSIONS, get(access::sessions).delete(access::end_others))
        .route(&format!("{}/{{id}}", path::SESSIONS), delete(access::end_session))
        .route(&format!("{}/{{id}}", path::NOTICES), delete(access::notice_told))
}

/// Routes that wait for something: they end when their client goes away.
pub(crate) fn waiting_routes() -> Router<Arc<App>> {
    Router::new().route(path::CHECK_SIGNUP, put(check_signup::check))
}
