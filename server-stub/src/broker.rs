//! The OAuth broker: both handshakes from the start URL to their one end, and the life of a connection after it.
//!
//! Owns nothing that outlives a request but the refreshes in flight. It knows third parties only through
//! [`crate::providers`], and shows browsers only what [`crate::pages`] renders.

mod accounts;
mod callback;
mod confirm;
mod connection;
mod cookie;
mod deauth;
mod done;
mod fragment;
mod hosts;
mod identity;
mod landing;
mod link;
mod mix_up;
mod parameters;
mod refresh;
mod refusal;
mod relay;
mod settle;
mod sign_in;
mod start;
mod start_code;
mod state;
mod team_token;
mod token;
mod undo;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{delete, get, post, put};
use codestream_protocol::http::path;

use crate::api::refuse_prefetch;
use crate::app::App;
use crate::providers::Registry;

pub(crate) use hosts::row as host_row;
pub(crate) use refresh::{Flights, current as current_account};
pub(crate) use start_code::issue as issue_start_code;

/// This room's routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    let of_provider = |path: &str| format!("{path}/{{provider}}");
    let returns = Registry::return_paths().fold(Router::new(), |router, (prefix, provider)| {
        let receive = move |state, path, request| callback::returned(state, path, provider, request);
        router.route(&format!("{prefix}/{{jti}}"), get(receive))
    });
    let in_the_browser = returns
        .route(&of_provider(path::WEB_PROVIDER_AUTH), get(start::start))
        .route(&of_provider(path::NO_AUTH_PROVIDER_AUTH), get(start::start))
        .route(
            &of_provider(path::PROVIDER_TOKEN),
            get(callback::receive).merge(fragment::route()),
        )
        .route(
            &format!("{}/{{*host}}", of_provider(path::PROVIDER_TOKEN)),
            get(callback::receive_of_host),
        )
        .route(confirm::PATH, get(confirm::ask).post(confirm::decide))
        .route(&of_provider(done::CONNECTED), get(done::connected))
        .route(&of_provider(done::SIGNED_IN), get(done::signed_in))
        .route(&of_provider(done::LINKING), get(done::linking))
        .route(undo::PATH, post(undo::take_back))
        .route_layer(from_fn(refuse_prefetch));
    in_the_browser
        .route(&of_provider(path::PROVIDER_DEAUTH), put(deauth::disconnect))
        .route(
            &of_provider(path::PROVIDER_REFRESH),
            get(refresh::refresh).layer(from_fn(refuse_prefetch)),
        )
        .route(&of_provider(path::PROVIDER_SET_TOKEN), put(token::set_token))
        .route(&of_provider(path::PROVIDER_INFO), put(token::set_info))
        .route(
            &format!("{}/{{team}}", of_provider(path::PROVIDER_HOST)),
            put(hosts::add),
        )
        .route(
            &format!("{}/{{team}}/{{id}}", of_provider(path::PROVIDER_HOST)),
            delete(hosts::remove),
        )
}
