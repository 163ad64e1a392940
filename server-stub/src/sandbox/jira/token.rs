//! The token endpoint: JSON or a form.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Jira;
use crate::sandbox::oauth::{Issued, Parameters, Refused};

/// Status, code and description of a refusal.
type Refusal = (StatusCode, &'static str, &'static str);

pub(super) async fn issue(State(jira): State<Jira>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(fault) = jira.fault() {
        return fault.answer().unwrap_or_else(|| {
            let error = fault.error.as_deref().unwrap_or("invalid_request");
            refuse(StatusCode::BAD_REQUEST, error, "authorization_code is invalid")
        });
    }
    match grant(&jira, &headers, &body) {
        Ok(issued) => answer(&issued),
        Err((status, error, description)) => refuse(status, error, description),
    }
}

fn grant(jira: &Jira, headers: &HeaderMap, body: &[u8]) -> Result<Issued, Refusal> {
    const INCOMPLETE: Refusal = (
        StatusCode::BAD_REQUEST,
        "invalid_request",
        "Incorrect request parameters",
    );
    let parameters = Parameters::json(headers, body)
        .or_else(|| Parameters::form(headers, body))
        .ok_or(INCOMPLETE)?;
    let (Some(id), Some(secret)) = (parameters.get("client_id"), parameters.get("client_secret")) else {
        return Err(INCOMPLETE);
    };
    if !jira.app().is(id, secret) {
        return Err((StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"));
    }
    let issued = match parameters.get("grant_type") {
        Some("authorization_code") => jira.exchange(
            parameters.get("code").unwrap_or_default(),
            parameters.get("redirect_uri").into(),
            None,
        ),
        Some("refresh_token") => jira.refresh(parameters.get("refresh_token").unwrap_or_default()),
        _ => return Err(INCOMPLETE),
    };
    issued.map_err(|refused| match refused {
        Refused::RefreshUnknown => (
            StatusCode::FORBIDDEN,
            "invalid_grant",
            "Unknown or invalid refresh token.",
        ),
        _ => (
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "authorization_code is invalid",
        ),
    })
}

fn answer(issued: &Issued) -> Response {
    let mut body = json!({
        "access_token": issued.access,
        "expires_in": issued.life.map_or(0, |life| life.as_secs()),
        "token_type": "Bearer",
        "scope": issued.scopes.join(" "),
    });
    if issued.scopes.iter().any(|scope| scope == "offline_access") {
        body["refresh_token"] = json!(issued.refresh);
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    (
        status,
        Json(json!({"error": error, "error_description": description})),
    )
        .into_response()
}
