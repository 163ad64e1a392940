//! The login service's tokens: JSON, with the app's credentials in the body. Refusals are text.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::NewRelic;
use crate::sandbox::oauth::{Issued, Parameters, RedirectUri};

pub(super) async fn exchange(State(newrelic): State<NewRelic>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(refused) = fault(&newrelic) {
        return refused;
    }
    let parameters = match authorized(&newrelic, &headers, &body) {
        Ok(parameters) => parameters,
        Err(status) => return refuse(status),
    };
    let code = parameters.get("auth_code").unwrap_or_default();
    match newrelic.exchange(code, RedirectUri::Unchecked, None) {
        Ok(issued) => answer(&issued),
        Err(_) => refuse(StatusCode::UNAUTHORIZED),
    }
}

pub(super) async fn refresh(State(newrelic): State<NewRelic>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(refused) = fault(&newrelic) {
        return refused;
    }
    let parameters = match authorized(&newrelic, &headers, &body) {
        Ok(parameters) => parameters,
        Err(status) => return refuse(status),
    };
    match newrelic.refresh(parameters.get("refresh_token").unwrap_or_default()) {
        Ok(issued) => answer(&issued),
        Err(_) => (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response(),
    }
}

/// What the next answer is to be instead.
fn fault(newrelic: &NewRelic) -> Option<Response> {
    let fault = newrelic.fault()?;
    Some(fault.answer().unwrap_or_else(|| match fault.error {
        Some(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response(),
        None => refuse(StatusCode::UNAUTHORIZED),
    }))
}

fn authorized(newrelic: &NewRelic, headers: &HeaderMap, body: &[u8]) -> Result<Parameters, StatusCode> {
    let parameters = Parameters::json(headers, body).ok_or(StatusCode::UNSUPPORTED_MEDIA_TYPE)?;
    let text = |name| parameters.get(name).unwrap_or_default();
    if newrelic.app().is(text("client_id"), text("client_secret")) {
        Ok(parameters)
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

fn answer(issued: &Issued) -> Response {
    let body = json!({
        "id_token": issued.access,
        "expires_in": issued.life.map_or(0, |life| life.as_secs()),
        "refresh_token": issued.refresh,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn refuse(status: StatusCode) -> Response {
    (status, "The request was refused.").into_response()
}
