//! `NerdGraph` in each region: `API-Key` with a user's own key, or `x-id-token`. `Authorization` is not read, and an account of
//! another region is not known.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::NewRelic;
use crate::sandbox::oauth::{Bearer, content_type};
use crate::sandbox::people::{PEOPLE, Person};

/// The user key that somebody has made.
pub(super) fn key_of(person: &Person) -> String {
    format!("NRAK-SANDBOX{}", person.slug.to_ascii_uppercase())
}

fn whose(newrelic: &NewRelic, headers: &HeaderMap) -> Option<&'static Person> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    if let Some(key) = text("api-key") {
        return PEOPLE.iter().find(|person| key_of(person) == key);
    }
    match newrelic.access(text("x-id-token")?) {
        Bearer::Good(access) => Some(access.person),
        Bearer::Expired | Bearer::Unknown | Bearer::Missing => None,
    }
}

pub(super) async fn graphql(
    State(newrelic): State<NewRelic>,
    Extension(region): Extension<&'static str>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let lives_here = |person: &&Person| person.region() == region;
    let Some(person) = whose(&newrelic, &headers).filter(lives_here) else {
        let body = json!({"errors": [{
            "extensions": {"error_code": "BAD_API_KEY"},
            "message": "Bad API Key or no API Key provided",
        }]});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    };
    let asked: Option<Value> = serde_json::from_slice(&body).ok();
    let query = asked
        .as_ref()
        .and_then(|asked| asked["query"].as_str())
        .unwrap_or_default();
    if content_type(&headers) != "application/json" || !query.contains("actor") {
        let body = json!({"errors": [{"message": "syntax error before: EOF"}]});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    Json(json!({"data": {"actor": {
        "user": {
            "id": person.number,
            "name": person.name,
            "email": person.primary_email().map(|email| email.address),
        },
        "organization": {"id": person.uuid()},
        "accounts": [{"id": person.number, "name": "Sandbox"}],
    }}}))
    .into_response()
}
