//! The token endpoint.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Bitbucket;
use crate::sandbox::oauth::{Issued, Parameters, RedirectUri, Refused, basic};

/// An error code with its description.
type Error = (&'static str, &'static str);

const UNAUTHENTICATED: Error = (
    "unauthorized_client",
    "Requests must be authenticated using OAuth client credentials",
);
const BAD_CODE: Error = ("invalid_grant", "The specified code is not valid.");

pub(super) async fn issue(State(bitbucket): State<Bitbucket>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(fault) = bitbucket.fault() {
        return fault.answer().unwrap_or_else(|| match &fault.error {
            Some(error) => refuse(error, "The request was refused."),
            None => refuse(BAD_CODE.0, BAD_CODE.1),
        });
    }
    match grant(&bitbucket, &headers, &body) {
        Ok((issued, refresh)) => answer(&issued, &refresh),
        Err((error, description)) => refuse(error, description),
    }
}

/// What is issued, with the refresh token that goes with it: the one that was used stays, and is named again.
fn grant(bitbucket: &Bitbucket, headers: &HeaderMap, body: &[u8]) -> Result<(Issued, String), Error> {
    let (key, secret) = basic(headers).ok_or(UNAUTHENTICATED)?;
    if !bitbucket.app().is(&key, &secret) {
        return Err(UNAUTHENTICATED);
    }
    let form =
        Parameters::form(headers, body).ok_or(("invalid_request", "The body must be form-encoded."))?;
    let (issued, used) = match form.get("grant_type") {
        Some("authorization_code") => {
            let code = form.get("code").unwrap_or_default();
            let redirect_uri = form.get("redirect_uri").into();
            (exchange(bitbucket, code, redirect_uri)?, None)
        }
        Some("refresh_token") => {
            let token = form.get("refresh_token").unwrap_or_default();
            let invalid = ("invalid_grant", "The specified refresh token is not valid.");
            (
                bitbucket.refresh(token).map_err(|_| invalid)?,
                Some(token.to_owned()),
            )
        }
        Some(_) => return Err(("unsupported_grant_type", "The grant_type is not supported.")),
        None => return Err(("invalid_request", "A grant_type is required.")),
    };
    let refresh = issued.refresh.clone().or(used).unwrap_or_default();
    Ok((issued, refresh))
}

fn exchange(bitbucket: &Bitbucket, code: &str, redirect_uri: RedirectUri<'_>) -> Result<Issued, Error> {
    bitbucket
        .exchange(code, redirect_uri, None)
        .map_err(|refused| match refused {
            Refused::RedirectUri => ("invalid_request", "redirect_uri does not match"),
            _ => BAD_CODE,
        })
}

/// `scopes` is a plural here.
fn answer(issued: &Issued, refresh: &str) -> Response {
    let body = json!({
        "access_token": issued.access,
        "scopes": issued.scopes.join(" "),
        "expires_in": issued.life.map(|life| life.as_secs()),
        "refresh_token": refresh,
        "token_type": "bearer",
        "state": "authorization_code",
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn refuse(error: &str, description: &str) -> Response {
    let body = json!({"error": error, "error_description": description});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
