//! The token, revocation and info endpoints.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{GitLab, UNKNOWN_CLIENT};
use crate::sandbox::oauth::{Bearer, Issued, Parameters, basic};

const INVALID_GRANT: &str = "The provided authorization grant is invalid, expired, revoked, does not match the \
                             redirection URI used in the authorization request, or was issued to another client.";

pub(super) async fn issue(State(gitlab): State<GitLab>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(fault) = gitlab.fault() {
        return fault
            .answer()
            .unwrap_or_else(|| refuse(fault.error.as_deref().unwrap_or("invalid_grant")));
    }
    match grant(&gitlab, &headers, &body) {
        Ok(issued) => answer(&gitlab, &issued),
        Err(error) => refuse(error),
    }
}

fn grant(gitlab: &GitLab, headers: &HeaderMap, body: &[u8]) -> Result<Issued, &'static str> {
    let form = Parameters::form(headers, body).ok_or("invalid_request")?;
    authenticate(gitlab, headers, &form)?;
    let issued = match form.get("grant_type") {
        Some("authorization_code") => gitlab.exchange(
            form.get("code").unwrap_or_default(),
            form.get("redirect_uri").into(),
            form.get("code_verifier"),
        ),
        Some("refresh_token") if !names_callback(gitlab, &form) => return Err("invalid_grant"),
        Some("refresh_token") => gitlab.refresh(form.get("refresh_token").unwrap_or_default()),
        Some(_) => return Err("unsupported_grant_type"),
        None => return Err("invalid_request"),
    };
    issued.map_err(|_| "invalid_grant")
}

/// A redirect URI that is named must be the app's.
fn names_callback(gitlab: &GitLab, form: &Parameters) -> bool {
    let known = &gitlab.app().callbacks;
    form.get("redirect_uri")
        .is_none_or(|named| known.iter().any(|callback| callback.as_str() == named))
}

/// The app's credentials, by Basic or in the body.
fn authenticate(gitlab: &GitLab, headers: &HeaderMap, form: &Parameters) -> Result<(), &'static str> {
    let (id, secret) = basic(headers).unwrap_or_else(|| {
        let text = |name| form.get(name).unwrap_or_default().to_owned();
        (text("client_id"), text("client_secret"))
    });
    if gitlab.app().is(&id, &secret) {
        Ok(())
    } else {
        Err("invalid_client")
    }
}

fn answer(gitlab: &GitLab, issued: &Issued) -> Response {
    let mut body = json!({
        "access_token": issued.access,
        "token_type": "Bearer",
        "scope": issued.scopes.join(" "),
        "created_at": gitlab.now().as_secs(),
    });
    if let (Some(life), Some(refresh)) = (issued.life, &issued.refresh) {
        body["expires_in"] = life.as_secs().into();
        body["refresh_token"] = refresh.clone().into();
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn refuse(error: &str) -> Response {
    let (status, description) = match error {
        "invalid_client" => (StatusCode::UNAUTHORIZED, UNKNOWN_CLIENT),
        "invalid_grant" => (StatusCode::BAD_REQUEST, INVALID_GRANT),
        "unsupported_grant_type" => (
            StatusCode::BAD_REQUEST,
            "The authorization grant type is not supported by the authorization server.",
        ),
        _ => (
            StatusCode::BAD_REQUEST,
            "The request is missing a required parameter, includes an unsupported parameter value, or is otherwise malformed.",
        ),
    };
    let body = json!({"error": error, "error_description": description});
    (status, Json(body)).into_response()
}

/// RFC 7009: an unknown token is revoked, too.
pub(super) async fn revoke(State(gitlab): State<GitLab>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(form) = Parameters::form(&headers, &body) else {
        return refuse("invalid_request");
    };
    if authenticate(&gitlab, &headers, &form).is_err() {
        let body = json!({"error": "unauthorized_client", "error_description": "You are not authorized to revoke this token"});
        return (StatusCode::FORBIDDEN, Json(body)).into_response();
    }
    gitlab.revoke(form.get("token").unwrap_or_default());
    Json(json!({})).into_response()
}

pub(super) async fn info(State(gitlab): State<GitLab>, headers: HeaderMap) -> Response {
    match gitlab.bearer(&headers) {
        Bearer::Good(access) => {
            let left = access.expires_at.map(|end| end.since(gitlab.now()).as_secs());
            Json(json!({
                "resource_owner_id": access.person.number,
                "scope": access.scopes,
                "expires_in": left.map_or(Value::Null, Value::from),
                "application": {"uid": gitlab.app().client_id},
            }))
            .into_response()
        }
        Bearer::Expired | Bearer::Unknown | Bearer::Missing => {
            let body = json!({"error": "invalid_token", "error_description": "The access token is invalid"});
            (StatusCode::UNAUTHORIZED, Json(body)).into_response()
        }
    }
}
