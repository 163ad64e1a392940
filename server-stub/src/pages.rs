//! What the browser shows: finished pages that work without script, in light and dark.
//!
//! Every page is rendered from values that its caller decided on; nothing of a request is repeated except what the store
//! vouches for. Every page forbids caching, framing, referrers and script, but for the one that must read a fragment.

mod done;
mod error;
mod fragment;
mod moment;
mod question;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use codestream_protocol::text;

use crate::app::App;

pub(crate) use done::{Details, Done, Undo, Undone};
pub(crate) use error::{ErrorPage, error_path};
pub(crate) use fragment::FragmentPage;
pub(crate) use moment::Moment;
pub(crate) use question::Question;

const STYLE: &str = include_str!("../static/style.css");
const ICON: &str = include_str!("../static/icon.svg");
const FRAGMENT_SCRIPT: &str = include_str!("../static/fragment.js");

/// What an agent says about itself, for a page: one short line, whatever it is.
pub(crate) fn told(said: Option<&str>) -> String {
    text::name(said.unwrap_or_default(), NOT_TOLD)
}

const NOT_TOLD: &str = "not told";

/// The error page and what the pages are made of.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/web/error", get(error::show))
        .route("/web/static/style.css", asset(STYLE, "text/css; charset=utf-8"))
        .route("/web/static/icon.svg", asset(ICON, "image/svg+xml"))
        .route(
            "/web/static/fragment.js",
            asset(FRAGMENT_SCRIPT, "text/javascript; charset=utf-8"),
        )
}

fn asset(body: &'static str, media_type: &'static str) -> axum::routing::MethodRouter<Arc<App>> {
    get(move || async move {
        let headers = [
            (header::CONTENT_TYPE, media_type),
            (header::CACHE_CONTROL, "public, max-age=3600"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (headers, body)
    })
}

/// What a page's own scripts and forms may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Policy {
    /// No script; forms post to this origin.
    Still,
    /// Our own static script, which posts to this origin.
    Script,
    /// No script; a form's answer may lead on to this other origin.
    LeadsTo(String),
}

impl Policy {
    fn header(&self) -> String {
        let (script, onward) = match self {
            Self::Still => ("", String::new()),
            Self::Script => ("script-src 'self'; connect-src 'self'; ", String::new()),
            // A browser applies form-action to the redirects that follow the post too.
            Self::LeadsTo(origin) => ("", format!(" {origin}")),
        };
        format!(
            "default-src 'none'; {script}style-src 'self'; img-src 'self'; form-action 'self'{onward}; \
             base-uri 'none'; frame-ancestors 'none'"
        )
    }
}

/// A page with the headers that every page has.
pub(crate) fn page(status: StatusCode, policy: &Policy, template: &impl Template) -> Response {
    let Ok(body) = template.render() else {
        // Rendering writes to a String, and no template calls a filter that can fail.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response();
    let headers = response.headers_mut();
    for (name, value) in guards() {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy.header()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn guards() -> [(HeaderName, &'static str); 5] {
    [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ]
}
