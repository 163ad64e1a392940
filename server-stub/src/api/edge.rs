//! What happens to every request before and after its route: a name, a span, bounds, and an answer whatever happens.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use codestream_protocol::ServerCode;
use codestream_protocol::http::path;
use futures_util::StreamExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use super::{RouteError, fields, limit};
use crate::app::App;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Larger than any body that a client of ours sends.
pub(crate) const MOST_BYTES: usize = 256 * 1024;
/// Most bytes of a body that are read in order to be refused: a client that is cut off while it sends never reads why.
const MOST_READ: usize = 8 * 1024 * 1024;

/// Names one request: in `X-Request-Id`, in the log, and in the channel message that it causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(pub(crate) String);

impl FromRequestParts<Arc<App>> for RequestId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self(app.random.uuid().to_string())))
    }
}

/// Puts the edge around every route of `router`.
pub(crate) fn around(router: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    router
        .fallback(async || RouteError::of(ServerCode::NotFound).at(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || {
            RouteError::of(ServerCode::NotFound).at(StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(from_fn_with_state(app.clone(), limit::around))
        .layer(from_fn(bounded))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(from_fn(uncached))
        .layer(from_fn_with_state(app.clone(), name))
}

async fn name(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = RequestId(app.random.uuid().to_string());
    // The route's pattern and never the URL: queries hold codes and states.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let span = tracing::info_span!("request", id = id.0, method = %request.method(), route);
    let timed = app.metrics.request(request.method(), route);
    request.extensions_mut().insert(id.clone());
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        // In place of what a client may have sent: the name is ours to give.
        request.headers_mut().insert(REQUEST_ID, id);
    }
    async move {
        let mut response = next.run(request).await;
        timed.answered(response.status());
        tracing::debug!(status = response.status().as_u16(), "answered");
        if let Ok(id) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}

/// Reads the whole body, also of routes that need none, and refuses it when it is too large.
async fn bounded(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut chunks = body.into_data_stream();
    let (mut kept, mut length) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else {
            return RouteError::of(ServerCode::Validation).into_response();
        };
        length += chunk.len();
        if length <= MOST_BYTES {
            kept.extend_from_slice(&chunk);
        } else if length > MOST_READ {
            break;
        }
    }
    if length > MOST_BYTES {
        return RouteError::of(ServerCode::TooLarge).into_response();
    }
    if let Err(refusal) = fields::check(&mut parts, &kept).await {
        return refusal;
    }
    next.run(Request::from_parts(parts, Body::from(kept))).await
}

/// What a cache may keep of this server says so itself, and what holds nothing of anybody. Everything else may hold a secret
/// or a person's data (CWE-524, RFC 9111 §5.2.2.5).
async fn uncached(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let is_open = route.is_some_and(|route| [path::STATUS, path::CAPABILITIES].contains(&route.as_str()));
    let mut response = next.run(request).await;
    if !is_open && !response.headers().contains_key(header::CACHE_CONTROL) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Runs a request to its end, also when its client goes away meanwhile: what was begun at a third party or in the store
/// is finished, and told.
pub(crate) async fn to_the_end(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let running = app.lifecycle.run(next.run(request).in_current_span());
    match running.await {
        Ok(response) => response,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => RouteError::of(ServerCode::Internal).into_response(),
        },
    }
}

fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    // The hook has written where it was; what it says may quote a value.
    drop(panic);
    tracing::error!("request panicked");
    RouteError::of(ServerCode::Internal).into_response()
}
