//! The token endpoint: parameters in the query, in a form or in JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codestream_protocol::secret::CodeVerifier;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::GitHub;
use super::ledger::{Fresh, Issued, REFRESH_LIFE, Refused};
use super::reply::Format;
use crate::random::Random;
use crate::sandbox::chance::alphanumeric;

type Parameters = BTreeMap<String, String>;

pub(super) async fn access_token(
    State(github): State<GitHub>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let format = Format::of(&headers);
    if let Some(fault) = github.0.exchange.take() {
        return fault.answer().unwrap_or_else(|| {
            let error = fault.error.as_deref().unwrap_or("bad_verification_code");
            format.refuse(error)
        });
    }
    let parameters = parameters(query, &headers, &body);
    match issue(&github, &parameters, &headers) {
        Ok(issued) => format.write(&fields(issued)),
        Err(error) => format.refuse(error),
    }
}

/// A body's value wins over the query's.
fn parameters(mut query: Parameters, headers: &HeaderMap, body: &[u8]) -> Parameters {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if kind.starts_with("application/json") {
        if let Ok(Value::Object(map)) = serde_json::from_slice(body) {
            let texts = map.into_iter().filter_map(|(key, value)| match value {
                Value::String(text) => Some((key, text)),
                _ => None,
            });
            query.extend(texts);
        }
    } else {
        query.extend(form_urlencoded::parse(body).into_owned());
    }
    query
}

fn issue(github: &GitHub, parameters: &Parameters, headers: &HeaderMap) -> Result<Issued, &'static str> {
    let get = |key: &str| {
        parameters
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    let basic = basic(headers);
    let (client_id, client_secret) = match &basic {
        Some((id, secret)) => (id.as_str(), secret.as_str()),
        None => (
            get("client_id").unwrap_or_default(),
            get("client_secret").unwrap_or_default(),
        ),
    };
    if !github.0.app.is(client_id, client_secret) {
        return Err("incorrect_client_credentials");
    }
    let (fresh, now) = (fresh(&github.0.random), github.now());
    let issued = match get("grant_type") {
        None | Some("authorization_code") => {
            let redirect_uri = match get("redirect_uri").map(str::parse::<Url>) {
                Some(Ok(uri)) => Some(uri),
                Some(Err(_)) => return Err("redirect_uri_mismatch"),
                None => None,
            };
            let verifier = get("code_verifier").map(CodeVerifier::new);
            let code = get("code").unwrap_or_default();
            github
                .ledger()
                .exchange(code, redirect_uri.as_ref(), verifier.as_ref(), fresh, now)
        }
        Some("refresh_token") if get("scope").is_some() => return Err("invalid_scope"),
        Some("refresh_token") => {
            let token = get("refresh_token").unwrap_or_default();
            github.ledger().refresh(token, fresh, now)
        }
        Some(_) => return Err("unsupported_grant_type"),
    };
    issued.map_err(|refused| match refused {
        Refused::BadVerificationCode => "bad_verification_code",
        Refused::RedirectUriMismatch => "redirect_uri_mismatch",
        Refused::BadRefreshToken => "bad_refresh_token",
    })
}

fn fields(issued: Issued) -> Vec<(&'static str, Value)> {
    let seconds = |life: Duration| Value::from(life.as_secs());
    let mut fields = vec![("access_token", Value::from(issued.access))];
    if let Some(refresh) = issued.refresh {
        fields.push(("expires_in", seconds(issued.life)));
        fields.push(("refresh_token", refresh.into()));
        fields.push(("refresh_token_expires_in", seconds(REFRESH_LIFE)));
    }
    // With commas here, with spaces in the request.
    fields.push(("scope", issued.scopes.join(",").into()));
    fields.push(("token_type", "bearer".into()));
    fields
}

fn fresh(random: &Random) -> Fresh {
    Fresh {
        everlasting: format!("gho_{}", alphanumeric::<36>(random)),
        access: format!("ghu_{}", alphanumeric::<36>(random)),
        refresh: format!("ghr_{}", alphanumeric::<76>(random)),
    }
}

/// `Authorization: Basic` of the app (RFC 7617 §2).
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
