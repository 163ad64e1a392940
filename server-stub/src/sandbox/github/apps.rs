//! What the app itself asks about its tokens: check, revoke one, revoke the grant.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use super::api::{failure, lacks_user_agent, person_json};
use super::token::basic;
use crate::sandbox::moment::iso_8601;

#[derive(Deserialize)]
struct Body {
    access_token: String,
}

/// The token in the body of a request that the app is allowed to make.
fn authorized(
    github: &GitHub,
    client_id: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<String, Box<Response>> {
    if let Some(refusal) = lacks_user_agent(headers) {
        return Err(Box::new(refusal));
    }
    let app = &github.0.app;
    match basic(headers) {
        None => {
            return Err(Box::new(failure(
                StatusCode::UNAUTHORIZED,
                "Requires authentication",
            )));
        }
        Some((id, secret)) if !app.is(&id, &secret) || id != client_id => {
            return Err(Box::new(failure(StatusCode::NOT_FOUND, "Not Found")));
        }
        Some(_) => {}
    }
    serde_json::from_slice::<Body>(body)
        .map(|body| body.access_token)
        .map_err(|_| Box::new(failure(StatusCode::UNPROCESSABLE_ENTITY, "Validation Failed")))
}

pub(super) async fn check(
    State(github): State<GitHub>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let token = match authorized(&github, &client_id, &headers, &body) {
        Ok(token) => token,
        Err(refusal) => return *refusal,
    };
    let now = github.now();
    let ledger = github.ledger();
    let Some(access) = ledger.access(&token, now) else {
        return failure(StatusCode::NOT_FOUND, "Not Found");
    };
    let app = &github.0.app;
    Json(json!({
        "app": { "name": app.name, "client_id": app.client_id, "url": app.default_callback().origin().ascii_serialization() },
        "token": token,
        "scopes": access.scopes,
        "created_at": iso_8601(access.issued_at),
        "expires_at": access.expires_at.map_or(Value::Null, |at| iso_8601(at).into()),
        "user": person_json(access.person),
    }))
    .into_response()
}

pub(super) async fn delete_token(
    State(github): State<GitHub>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    match authorized(&github, &client_id, &headers, &body) {
        Ok(token) => gone(github.ledger().revoke(&token)),
        Err(refusal) => *refusal,
    }
}

pub(super) async fn delete_grant(
    State(github): State<GitHub>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    match authorized(&github, &client_id, &headers, &body) {
        Ok(token) => gone(github.ledger().revoke_grant(&token)),
        Err(refusal) => *refusal,
    }
}

fn gone(was_there: bool) -> Response {
    if was_there {
        StatusCode::NO_CONTENT.into_response()
    } else {
        failure(StatusCode::NOT_FOUND, "Not Found")
    }
}
