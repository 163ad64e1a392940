//! The token, revocation and introspection endpoints.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use codestream_protocol::UnixMillis;
use serde_json::json;

use super::{Asana, gid};
use crate::sandbox::oauth::{Bearer, Issued, Parameters};

pub(super) async fn issue(State(asana): State<Asana>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(fault) = asana.fault() {
        return fault
            .answer()
            .unwrap_or_else(|| refuse(fault.error.as_deref().unwrap_or("invalid_grant")));
    }
    match grant(&asana, &headers, &body) {
        Ok(issued) => answer(&issued),
        Err(error) => refuse(error),
    }
}

fn grant(asana: &Asana, headers: &HeaderMap, body: &[u8]) -> Result<Issued, &'static str> {
    let form = Parameters::form(headers, body).ok_or("invalid_request")?;
    authenticate(asana, &form)?;
    let issued = match form.get("grant_type") {
        Some("authorization_code") => asana.exchange(
            form.get("code").unwrap_or_default(),
            form.get("redirect_uri").into(),
            form.get("code_verifier"),
        ),
        Some("refresh_token") => asana.refresh(form.get("refresh_token").unwrap_or_default()),
        Some(_) => return Err("unsupported_grant_type"),
        None => return Err("invalid_request"),
    };
    issued.map_err(|_| "invalid_grant")
}

/// In the body alone.
fn authenticate(asana: &Asana, form: &Parameters) -> Result<(), &'static str> {
    let text = |name| form.get(name).unwrap_or_default();
    if asana.app().is(text("client_id"), text("client_secret")) {
        Ok(())
    } else {
        Err("invalid_client")
    }
}

/// A refresh names no refresh token: the one that was used stays.
fn answer(issued: &Issued) -> Response {
    let person = issued.person;
    let mut body = json!({
        "access_token": issued.access,
        "expires_in": issued.life.map(|life| life.as_secs()),
        "token_type": "bearer",
        "data": {
            "id": gid(person),
            "gid": gid(person).to_string(),
            "name": person.name,
            "email": person.primary_email().map(|email| email.address),
        },
    });
    if let Some(refresh) = &issued.refresh {
        body["refresh_token"] = refresh.clone().into();
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// A code alone, without a description.
fn refuse(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}

/// Takes refresh tokens alone; one that is not known is revoked, too.
pub(super) async fn revoke(State(asana): State<Asana>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(form) = Parameters::form(&headers, &body) else {
        return refuse("invalid_request");
    };
    if let Err(error) = authenticate(&asana, &form) {
        return refuse(error);
    }
    let Some(token) = form.get("token") else {
        return refuse("invalid_request");
    };
    if !matches!(asana.access(token), Bearer::Unknown) {
        return refuse("invalid_request");
    }
    asana.revoke(token);
    Json(json!({})).into_response()
}

pub(super) async fn info(State(asana): State<Asana>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(form) = Parameters::form(&headers, &body) else {
        return refuse("invalid_request");
    };
    let Bearer::Good(access) = asana.access(form.get("token").unwrap_or_default()) else {
        return Json(json!({"active": false})).into_response();
    };
    Json(json!({
        "active": true,
        "token_type": "bearer",
        "client_id": asana.app().client_id,
        "scope": access.scopes.join(" "),
        "exp": access.expires_at.map(UnixMillis::as_secs),
        "expires_in": access.expires_at.map(|end| end.since(asana.now()).as_secs()),
    }))
    .into_response()
}
