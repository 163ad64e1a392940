//! `POST /no-auth/provider-token/{provider}`: a token that the third party put into the fragment, from our own page.
//!
//! For services without an exchange only. A service with one has no such route: a token posted there could have been issued
//! to anybody's app.

use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, post};
use codestream_protocol::ServerCode;
use codestream_protocol::http::{FragmentToken, Redirect};
use codestream_protocol::secret::AccessToken;

use super::landing::Landing;
use super::settle::{self, Confirmation, Returned, Said, Visit};
use crate::api::{Json, RouteError, limit};
use crate::app::App;
use crate::providers::{Answer, Registry};

/// Most bytes of the body.
const BODY_LIMIT: usize = 4096;
/// What the page's script says when the fragment was empty.
const NO_TOKEN: &str = "no_token";

/// The route, with its body limit.
pub(super) fn route() -> MethodRouter<Arc<App>> {
    post(receive).layer(DefaultBodyLimit::max(BODY_LIMIT))
}

async fn receive(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    request: Request,
) -> Result<Response, RouteError> {
    let is_offered = app.providers.connectable(&provider).is_ok();
    if !is_offered || !matches!(Registry::answer(&provider), Ok(Answer::Fragment)) {
        return Err(RouteError::of(ServerCode::NotFound).at(StatusCode::NOT_FOUND));
    }
    let (parts, body) = request.into_parts();
    if !is_ours(&app, &parts.headers) {
        return Err(
            RouteError::of(ServerCode::ReadAuth).saying("Only the page of this server may post here.")
        );
    }
    let visit = Visit::of(&app, provider, &parts);
    let Json(posted): Json<FragmentToken> = Request::from_parts(parts, body).extract().await?;
    let returned = Returned {
        said: said(&posted),
        state: Some(posted.state),
        iss: None,
    };
    let Landing {
        location,
        cookies,
        failed,
        ..
    } = settle::settle(&app, &visit, returned, Confirmation::Unasked).await;
    let answer = axum::Json(Redirect { redirect: location });
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    let mut response = (Landing::set_cookies(cookies), no_store, answer).into_response();
    if failed {
        response.extensions_mut().insert(limit::Failure);
    }
    Ok(response)
}

/// A token has the characters that one has: it goes into a header of ours.
fn said(posted: &FragmentToken) -> Said {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    match (&posted.token, posted.error.as_deref()) {
        (Some(token), _)
            if (1..=512).contains(&token.expose().len()) && token.expose().bytes().all(plain) =>
        {
            Said::Token(AccessToken::new(token.expose()))
        }
        // Such services send words for people rather than a code.
        (None, Some(error)) if error != NO_TOKEN => Said::Declined,
        _ => Said::Nothing,
    }
}

/// Whether the page that posts is ours. A `fetch` sends its origin whatever the page's referrer policy is.
fn is_ours(app: &App, headers: &HeaderMap) -> bool {
    let ours = app.origins.public.origin().ascii_serialization();
    let mut origins = headers.get_all(header::ORIGIN).iter();
    origins
        .next()
        .is_some_and(|origin| origin.as_bytes() == ours.as_bytes())
        && origins.next().is_none()
}
