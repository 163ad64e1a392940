//! The GraphQL API: who the token belongs to, and in which workspace.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Linear;
use crate::sandbox::graphql::select;
use crate::sandbox::oauth::{Bearer, Parameters};
use crate::sandbox::people::Person;

const WORKSPACE: &str = "00000000-0000-4000-9000-000000000001";

pub(super) async fn graphql(State(linear): State<Linear>, headers: HeaderMap, body: Bytes) -> Response {
    let Bearer::Good(access) = linear.bearer(&headers) else {
        let extensions = json!({
            "type": "authentication error",
            "code": "AUTHENTICATION_ERROR",
            "statusCode": 401,
            "userError": true,
            "userPresentableMessage": "You need to authenticate to access this operation.",
        });
        let message = "Authentication required, not authenticated";
        return failure(StatusCode::UNAUTHORIZED, message, &extensions);
    };
    let wrong = |message: &str| {
        let extensions = json!({"type": "graphql error", "code": "GRAPHQL_VALIDATION_FAILED"});
        failure(StatusCode::BAD_REQUEST, message, &extensions)
    };
    let Some(request) = Parameters::json(&headers, &body) else {
        return wrong("The body must be a JSON object.");
    };
    match select(request.get("query").unwrap_or_default(), &root(access.person)) {
        Ok(data) => Json(json!({ "data": data })).into_response(),
        Err(message) => wrong(&message),
    }
}

fn root(person: &Person) -> Value {
    let organization = json!({"id": WORKSPACE, "name": "Acme", "urlKey": "acme"});
    json!({
        "viewer": {
            "id": person.uuid(),
            "name": person.name,
            "displayName": person.slug,
            "email": person.primary_email().map(|email| email.address),
            "active": true,
            "url": format!("https://linear.app/acme/profiles/{}", person.slug),
            "organization": organization,
        },
        "organization": organization,
    })
}

/// A refusal as GraphQL writes one.
fn failure(status: StatusCode, message: &str, extensions: &Value) -> Response {
    let body = json!({"errors": [{"message": message, "extensions": extensions}]});
    (status, Json(body)).into_response()
}
