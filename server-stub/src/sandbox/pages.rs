//! Pages of the imitated services: plain forms, no script.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use url::Url;

/// Also what a page's redirects may lead to: a browser applies `form-action` to the redirects that follow a post, so there
/// is none here.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

/// The style of every page.
pub(crate) const STYLE: &str = include_str!("../../templates/sandbox/style.css");

/// Who is it?
#[derive(Template)]
#[template(path = "sandbox/sign_in.html")]
pub(crate) struct SignInPage {
    pub(crate) service: &'static str,
    pub(crate) app: String,
    pub(crate) action: String,
    pub(crate) ticket: String,
    /// Whether somebody is signed in already.
    pub(crate) choosing: bool,
    pub(crate) people: Vec<PersonRow>,
}

/// One choice of the sign-in page.
pub(crate) struct PersonRow {
    pub(crate) slug: &'static str,
    pub(crate) name: &'static str,
    pub(crate) initial: char,
    pub(crate) note: &'static str,
    pub(crate) signed_in: bool,
}

/// May it?
#[derive(Template)]
#[template(path = "sandbox/consent.html")]
pub(crate) struct ConsentPage {
    pub(crate) service: &'static str,
    pub(crate) app: String,
    pub(crate) account: String,
    pub(crate) scopes: Vec<ScopeRow>,
    /// How long, in words; may be empty.
    pub(crate) term: String,
    pub(crate) back_to: String,
    pub(crate) action: String,
    pub(crate) ticket: String,
    pub(crate) other_account: String,
}

/// One thing that the app will be able to do.
pub(crate) struct ScopeRow {
    pub(crate) name: String,
    pub(crate) meaning: &'static str,
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "sandbox/note.html")]
pub(crate) struct NotePage {
    pub(crate) service: &'static str,
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    /// Shown as it is, to be copied; may be empty.
    pub(crate) value: String,
}

/// A page with the headers that every page has.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    let Ok(body) = template.render() else {
        // Rendering writes to a String, and no template calls a filter that can fail.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (status, headers, body).into_response()
}

/// Says why the service goes no further.
pub(crate) fn refusal(
    status: StatusCode,
    service: &'static str,
    title: &'static str,
    text: &'static str,
) -> Response {
    page(
        status,
        &NotePage {
            service,
            title,
            text,
            value: String::new(),
        },
    )
}

/// 302, as services send a browser back to an app. A post becomes a GET on the way (RFC 9110 §15.4.3).
pub(crate) fn found(to: &Url) -> Response {
    redirect(StatusCode::FOUND, to.as_str())
}

/// 303 to a page of the same service.
pub(crate) fn see_other(path: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, path)
}

fn redirect(status: StatusCode, to: &str) -> Response {
    // A URL is ASCII; our own paths are, too.
    let Ok(location) = HeaderValue::from_str(to) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let no_store = HeaderValue::from_static("no-store");
    (
        status,
        [(header::LOCATION, location), (header::CACHE_CONTROL, no_store)],
    )
        .into_response()
}
