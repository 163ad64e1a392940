//! The authorization endpoint.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use codestream_protocol::pkce::CodeChallenge;
use url::Url;

use super::GitHub;
use super::reply::error_uri;
use super::scope;
use crate::sandbox::desk::{Choose, arrive};
use crate::sandbox::pages::{found, refusal};
use crate::sandbox::registration::{AppRegistration, is_below, is_secure};

/// A checked authorization request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Absent: whatever was granted before.
    pub(super) scopes: Option<Vec<String>>,
    /// Whether the token is to expire.
    pub(super) expiring: bool,
    pub(super) redirect_uri: Url,
    /// Whether the request named it, rather than leaving it to the registration.
    pub(super) redirect_uri_given: bool,
    pub(super) state: Option<String>,
    pub(super) challenge: Option<CodeChallenge>,
}

/// Why a request goes no further.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// No such app: nowhere to go back to.
    UnknownApp,
    /// Plain http where https is required: nowhere to go back to.
    Insecure,
    /// Told to the app.
    Back { to: Url },
}

pub(super) async fn authorize(
    State(github): State<GitHub>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let choose = match query.get("prompt").map(String::as_str) {
        Some("select_account") => Choose::Always,
        _ => Choose::Remembered,
    };
    match check(&github.0.app, &query, github.0.faults.require_https()) {
        Ok(request) => arrive(&github, &headers, request, choose),
        Err(Refused::Back { to }) => found(&to),
        Err(Refused::UnknownApp) => refusal(
            StatusCode::NOT_FOUND,
            "GitHub",
            "404",
            "There is no app with this client_id.",
        ),
        Err(Refused::Insecure) => refusal(
            StatusCode::BAD_REQUEST,
            "GitHub",
            "Be careful!",
            "The redirect_uri must use https.",
        ),
    }
}

fn check(
    app: &AppRegistration,
    query: &BTreeMap<String, String>,
    require_https: bool,
) -> Result<Request, Refused> {
    let get = |key: &str| {
        query
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    if get("client_id") != Some(app.client_id.as_str()) {
        return Err(Refused::UnknownApp);
    }
    let state = get("state");
    // A refusal goes to the registered callback, never to one that was only asked for.
    let back = |error, description| {
        let mut to = app.default_callback().clone();
        add_error(&mut to, error, description, state);
        Refused::Back { to }
    };
    let asked = get("redirect_uri");
    let redirect_uri = match asked {
        None => app.default_callback().clone(),
        Some(text) => {
            let parsed = text.parse::<Url>().ok();
            parsed
                .filter(|asked| app.callbacks.iter().any(|registered| is_below(registered, asked)))
                .ok_or_else(|| {
                    back(
                        "redirect_uri_mismatch",
                        "The redirect_uri MUST match the registered callback URL for this application.",
                    )
                })?
        }
    };
    if !is_secure(&redirect_uri, require_https) {
        return Err(Refused::Insecure);
    }
    let challenge = match (get("code_challenge"), get("code_challenge_method")) {
        (None, None) => None,
        (Some(challenge), Some("S256")) => {
            let challenge = CodeChallenge::parse(challenge);
            Some(challenge.ok_or_else(|| {
                back(
                    "invalid_request",
                    "The code_challenge must be 43 characters of base64url.",
                )
            })?)
        }
        _ => {
            return Err(back(
                "invalid_request",
                "PKCE needs a code_challenge and code_challenge_method=S256.",
            ));
        }
    };
    let asked_scopes = query.get("scope").map(String::as_str).unwrap_or_default();
    let scopes = scope::parse(asked_scopes);
    Ok(Request {
        scopes: (!scopes.is_empty()).then_some(scopes),
        expiring: asked_scopes
            .split([' ', ','])
            .any(|scope| scope == scope::OFFLINE_ACCESS),
        redirect_uri,
        redirect_uri_given: asked.is_some(),
        state: state.map(str::to_owned),
        challenge,
    })
}

/// RFC 6749 §4.1.2.1, with GitHub's own `error_uri`.
pub(super) fn add_error(to: &mut Url, error: &str, description: &str, state: Option<&str>) {
    let mut pairs = to.query_pairs_mut();
    pairs
        .append_pair("error", error)
        .append_pair("error_description", description)
        .append_pair("error_uri", &error_uri(error));
    if let Some(state) = state {
        pairs.append_pair("state", state);
    }
}
