//! The token and revocation endpoints.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Linear;
use crate::sandbox::oauth::{Bearer, Issued, Parameters, basic, bearer};

pub(super) async fn issue(State(linear): State<Linear>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(fault) = linear.fault() {
        return fault
            .answer()
            .unwrap_or_else(|| refuse(fault.error.as_deref().unwrap_or("invalid_grant")));
    }
    match grant(&linear, &headers, &body) {
        Ok(issued) => answer(&issued),
        Err(error) => refuse(error),
    }
}

fn grant(linear: &Linear, headers: &HeaderMap, body: &[u8]) -> Result<Issued, &'static str> {
    let form = Parameters::form(headers, body).ok_or("invalid_request")?;
    authenticate(linear, headers, &form)?;
    let issued = match form.get("grant_type") {
        Some("authorization_code") => linear.exchange(
            form.get("code").unwrap_or_default(),
            form.get("redirect_uri").into(),
            form.get("code_verifier"),
        ),
        Some("refresh_token") => linear.refresh(form.get("refresh_token").unwrap_or_default()),
        Some(_) => return Err("unsupported_grant_type"),
        None => return Err("invalid_request"),
    };
    issued.map_err(|_| "invalid_grant")
}

/// The app's credentials, by Basic or in the body. With a verifier the secret may be left out, but not be wrong.
fn authenticate(linear: &Linear, headers: &HeaderMap, form: &Parameters) -> Result<(), &'static str> {
    let (id, secret) = basic(headers).unwrap_or_else(|| {
        let text = |name| form.get(name).unwrap_or_default().to_owned();
        (text("client_id"), text("client_secret"))
    });
    let is_public = secret.is_empty() && form.get("code_verifier").is_some() && id == linear.app().client_id;
    if is_public || linear.app().is(&id, &secret) {
        Ok(())
    } else {
        Err("invalid_client")
    }
}

/// `scope` is separated by spaces here, and `read` is always among them.
fn answer(issued: &Issued) -> Response {
    let others = issued.scopes.iter().filter(|scope| *scope != "read");
    let scopes: Vec<&str> = std::iter::once("read")
        .chain(others.map(String::as_str))
        .collect();
    let body = json!({
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": issued.life.map(|life| life.as_secs()),
        "scope": scopes.join(" "),
        "refresh_token": issued.refresh,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn refuse(error: &str) -> Response {
    let (status, description) = match error {
        "invalid_client" => (StatusCode::UNAUTHORIZED, "Client credentials are not valid."),
        "invalid_grant" => (StatusCode::BAD_REQUEST, "Token has been expired or revoked."),
        "unsupported_grant_type" => (StatusCode::BAD_REQUEST, "The grant type is not supported."),
        _ => (
            StatusCode::BAD_REQUEST,
            "The body must be form-encoded and name a grant type.",
        ),
    };
    let body = json!({"error": error, "error_description": description});
    (status, Json(body)).into_response()
}

/// Of the bearer token, or of one that a form names.
pub(super) async fn revoke(State(linear): State<Linear>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Parameters::form(&headers, &body).unwrap_or_default();
    let presented = bearer(&headers);
    if presented.is_some_and(|token| matches!(linear.access(token), Bearer::Unknown | Bearer::Expired)) {
        let body = json!({"error": "invalid_token", "error_description": "The access token is not valid."});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    let named = ["access_token", "refresh_token", "token"]
        .iter()
        .find_map(|name| form.get(name));
    match presented.or(named) {
        Some(token) if linear.revoke(token) => Json(json!({"success": true})).into_response(),
        _ => {
            let body = json!({"error": "invalid_request", "error_description": "Unable to revoke token."});
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}
