//! Which requests are limited, and how.
//!
//! Where there is a credential, it is looked at first: only failures count, and a right one is let in whatever others at
//! the same address did (CWE-307 without a lock-out, CWE-645).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use codestream_protocol::ServerCode;
use codestream_protocol::http::path;
use url::form_urlencoded;

use super::{Peer, RouteError};
use crate::app::App;
use crate::pages::ErrorPage;
use crate::providers::Registry;
use crate::store::{Allowed, Quota, Rate, SignUpKey};

/// Of `check-signup`, per sign-up: token and challenge, so that whoever has seen the link cannot use up its owner's.
const CHECK_SIGN_UP: Rate = Rate::new("check-signup", 2, 5);
/// Of `check-signup` for sign-ups that no browser has opened, per client address: an office polls while it opens its links,
/// a guesser needs far more.
const CHECK_UNKNOWN_SIGN_UP: Rate = Rate::new("check-signup-unknown", 20, 400);
/// Of callbacks that fail, per client address.
const CALLBACK_FAILURES: Rate = Rate::new("callback", 10, 100);
/// Of failures to authenticate on the me-channel, per client address.
pub(crate) const CHANNEL_FAILURES: Rate = Rate::new("channel-auth", 1, 20);

/// Takes one, or gives the time until there is one.
pub(crate) async fn take(app: &App, rate: Rate, key: &str) -> Result<(), Duration> {
    take_many(app, rate, key, 1).await
}

/// Takes several at once. A store that does not answer limits nobody: what follows needs it too, and says so.
async fn take_many(app: &App, rate: Rate, key: &str, units: u32) -> Result<(), Duration> {
    match app.store.take_many(rate, key, units).await {
        Ok(Allowed::Yes) => Ok(()),
        Ok(Allowed::In(wait)) => {
            app.metrics.limit_hit(rate.name, app.clock.now());
            Err(wait)
        }
        Err(error) => {
            tracing::error!(%error, limit = rate.name, "a rate limit could not be kept");
            Ok(())
        }
    }
}

/// Counts a poll of `key`, which was found to be `known` or not.
pub(super) async fn poll(app: &App, key: &SignUpKey, known: bool, peer: &Peer) -> Result<(), RouteError> {
    if !known {
        take(app, CHECK_UNKNOWN_SIGN_UP, &peer.limit_key())
            .await
            .map_err(RouteError::too_many)?;
    }
    let challenge = key.challenge.as_ref().map_or("", |challenge| challenge.as_str());
    take(app, CHECK_SIGN_UP, &format!("{} {challenge}", key.token))
        .await
        .map_err(RouteError::too_many)
}

/// Counts `bytes` that `user` writes.
pub(crate) async fn change(
    app: &App,
    user: &codestream_protocol::UserId,
    bytes: usize,
) -> Result<(), RouteError> {
    let rate = Rate::per_day("changes", app.config.quotas.change_kib_per_user_per_day);
    let units = u32::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX);
    take_many(app, rate, user.as_str(), units).await.map_err(|wait| {
        RouteError::too_many(wait)
            .saying("You have changed too much today. What is stored stays as it is; try again later.")
    })
}

/// Marks the answer to a request whose credential was wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure;

/// Limits by address what comes without a session: starts of sign-ups, and callbacks that fail.
pub(super) async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let kind = route.map_or(Kind::Other, |route| Kind::of(route.as_str()));
    if kind == Kind::Other {
        return counted(&app, next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let key = Peer::of(&parts, &app).limit_key();
    let method = parts.method.clone();
    let is_sign_up = kind == Kind::Start && starts_sign_up(parts.uri.query().unwrap_or_default());
    if is_sign_up {
        let rate = Rate::per_minute("sign-up-starts", app.config.quotas.sign_up_starts_per_minute);
        if let Err(wait) = take(&app, rate, &key).await {
            return too_many(&method, wait);
        }
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    let failed = response.extensions().get::<Failure>().is_some() || response.status().is_client_error();
    if kind == Kind::Callback
        && failed
        && let Err(wait) = take(&app, CALLBACK_FAILURES, &key).await
    {
        return too_many(&method, wait);
    }
    counted(&app, response)
}

/// Counts a quota that has refused something.
fn counted(app: &App, response: Response) -> Response {
    if let Some(quota) = response.extensions().get::<Quota>() {
        app.metrics.limit_hit(quota.name(), app.clock.now());
    }
    response
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    Callback,
    Other,
}

impl Kind {
    fn of(route: &str) -> Self {
        let is_at = |prefix: &str| {
            route
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if is_at(path::WEB_PROVIDER_AUTH) || is_at(path::NO_AUTH_PROVIDER_AUTH) {
            Self::Start
        } else if is_at(path::PROVIDER_TOKEN) || Registry::return_paths().any(|(prefix, _)| is_at(prefix)) {
            Self::Callback
        } else {
            Self::Other
        }
    }
}

/// A connect's link has a code of ours; anything else is what a stranger can write.
fn starts_sign_up(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == "signupToken")
}

fn too_many(method: &Method, wait: Duration) -> Response {
    if method != Method::GET {
        return RouteError::too_many(wait).into_response();
    }
    let page = ErrorPage::of(ServerCode::TooManyRequests, None, None);
    let retry = [(header::RETRY_AFTER, super::error::seconds(wait).to_string())];
    (retry, page.render_page(StatusCode::TOO_MANY_REQUESTS)).into_response()
}
