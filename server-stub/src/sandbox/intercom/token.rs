//! The token endpoint: a code and the app's credentials.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{Intercom, failure};
use crate::sandbox::oauth::{Issued, Parameters, RedirectUri};

/// What is wrong with an exchange. The codes are not documented.
enum Wrong {
    Body,
    Credentials,
    Code,
}

pub(super) async fn issue(State(intercom): State<Intercom>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(fault) = intercom.fault() {
        return fault.answer().unwrap_or_else(|| match &fault.error {
            Some(error) => failure(
                &intercom,
                StatusCode::BAD_REQUEST,
                error,
                "The request was refused",
            ),
            None => refuse(&intercom, &Wrong::Code),
        });
    }
    match exchange(&intercom, &headers, &body) {
        Ok(issued) => answer(&issued),
        Err(wrong) => refuse(&intercom, &wrong),
    }
}

/// A form or JSON.
fn exchange(intercom: &Intercom, headers: &HeaderMap, body: &[u8]) -> Result<Issued, Wrong> {
    let form = Parameters::form(headers, body)
        .or_else(|| Parameters::json(headers, body))
        .ok_or(Wrong::Body)?;
    let text = |name| form.get(name).unwrap_or_default();
    if !intercom.app().is(text("client_id"), text("client_secret")) {
        return Err(Wrong::Credentials);
    }
    intercom
        .exchange(text("code"), RedirectUri::Unchecked, None)
        .map_err(|_| Wrong::Code)
}

/// `token` is what `access_token` is.
fn answer(issued: &Issued) -> Response {
    let body = json!({
        "token_type": "Bearer",
        "token": issued.access,
        "access_token": issued.access,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn refuse(intercom: &Intercom, wrong: &Wrong) -> Response {
    let (status, code, message) = match wrong {
        Wrong::Body => (
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The body could not be read",
        ),
        Wrong::Credentials => (
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "The client_id and client_secret do not match an app",
        ),
        Wrong::Code => (
            StatusCode::BAD_REQUEST,
            "parameter_invalid",
            "The code is not valid or has expired",
        ),
    };
    failure(intercom, status, code, message)
}
