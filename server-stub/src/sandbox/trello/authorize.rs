//! The authorization page.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use url::Url;

use super::Trello;
use super::ledger::{Expiration, Scope};
use crate::sandbox::desk::{Choose, arrive};
use crate::sandbox::pages::refusal;
use crate::sandbox::registration::{AppRegistration, is_secure};

/// A checked authorization request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What the app calls itself.
    pub(super) name: Option<String>,
    pub(super) scopes: Vec<Scope>,
    pub(super) expiration: Expiration,
    pub(super) back: Return,
}

/// Where the token goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Return {
    /// Into the fragment of this URL.
    Fragment(Url),
    /// Onto a page, to be copied.
    Page,
}

pub(super) async fn authorize(
    State(trello): State<Trello>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    match check(&trello.0.app, &query, trello.0.faults.require_https()) {
        Ok(request) => arrive(&trello, &headers, request, Choose::Remembered),
        Err((status, text)) => refusal(status, "Trello", "Trello", text),
    }
}

/// A refusal is always a page: nothing is sent to a URL that is not allowed.
fn check(
    app: &AppRegistration,
    query: &BTreeMap<String, String>,
    require_https: bool,
) -> Result<Request, (StatusCode, &'static str)> {
    let get = |key: &str| {
        query
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    let bad = |text| (StatusCode::BAD_REQUEST, text);
    if get("key") != Some(app.client_id.as_str()) {
        return Err((StatusCode::UNAUTHORIZED, "App not found"));
    }
    if get("response_type").is_some_and(|kind| kind != "token") {
        return Err(bad("response_type must be token"));
    }
    let expiration = match get("expiration") {
        None => Expiration::ThirtyDays,
        Some(text) => {
            Expiration::parse(text).ok_or_else(|| bad("expiration must be 1hour, 1day, 30days or never"))?
        }
    };
    let scopes = get("scope")
        .unwrap_or("read")
        .split(',')
        .map(Scope::parse)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| bad("scope must be a comma-separated list of read, write and account"))?;
    let back = match (get("return_url"), get("callback_method")) {
        (None, None) => Return::Page,
        (_, Some("postMessage")) => {
            return Err(bad(
                "This imitation does not post messages; use callback_method=fragment",
            ));
        }
        (Some(text), None | Some("fragment")) => {
            let asked = text.parse::<Url>().ok();
            let allowed = asked.filter(|asked| {
                app.callbacks
                    .iter()
                    .any(|registered| registered.origin() == asked.origin())
                    && is_secure(asked, require_https)
            });
            Return::Fragment(allowed.ok_or_else(|| {
                bad("Invalid return_url: its origin is not one of the allowed origins of this key")
            })?)
        }
        (None, Some("fragment")) => return Err(bad("callback_method=fragment needs a return_url")),
        (_, Some(_)) => return Err(bad("callback_method must be fragment or postMessage")),
    };
    Ok(Request {
        name: get("name").map(|name| name.chars().take(80).collect()),
        scopes,
        expiration,
        back,
    })
}
