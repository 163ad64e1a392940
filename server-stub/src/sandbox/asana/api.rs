//! The REST API. Answers stand in `data`, refusals in `errors`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Asana, gid};
use crate::sandbox::oauth::{Access, Bearer};

const EXPIRED: &str = "The bearer token has expired. If you have a refresh token, please use it to request a new bearer \
                       token, otherwise allow the user to re-authenticate.";

pub(super) async fn me(State(asana): State<Asana>, headers: HeaderMap) -> Response {
    serve(&asana, &headers, "users:read", |access| {
        let person = access.person;
        let workspace =
            |id: u64, name: &str| json!({"gid": id.to_string(), "resource_type": "workspace", "name": name});
        let body = json!({
            "gid": gid(person).to_string(),
            "resource_type": "user",
            "name": person.name,
            "email": person.primary_email().map(|email| email.address),
            "photo": null,
            "workspaces": [
                workspace(1_300_000_000_000_001, "Acme"),
                workspace(1_300_000_000_000_000 + person.number, &format!("{}'s workspace", person.name)),
            ],
        });
        Json(json!({ "data": body })).into_response()
    })
}

/// `OpenID` Connect Core §5.3; no envelope.
pub(super) async fn userinfo(State(asana): State<Asana>, headers: HeaderMap) -> Response {
    serve(&asana, &headers, "openid", |access| {
        let person = access.person;
        let has = |name: &str| access.scopes.iter().any(|scope| scope == name);
        let mut body = json!({ "sub": gid(person).to_string() });
        if has("email") {
            body["email"] = person
                .primary_email()
                .map_or(Value::Null, |email| email.address.into());
            body["email_verified"] = person.is_verified().into();
        }
        if has("profile") {
            body["name"] = person.name.into();
            body["picture"] = Value::Null;
        }
        Json(body).into_response()
    })
}

pub(super) async fn not_found(State(asana): State<Asana>, headers: HeaderMap) -> Response {
    serve(&asana, &headers, "", |_| {
        failure(StatusCode::NOT_FOUND, "No matching route for request")
    })
}

/// Answers whoever has a live token with `scope`; empty: any.
fn serve(
    asana: &Asana,
    headers: &HeaderMap,
    scope: &str,
    answer: impl FnOnce(&Access) -> Response,
) -> Response {
    match asana.bearer(headers) {
        Bearer::Good(access) if scope.is_empty() || access.scopes.iter().any(|has| has == scope) => {
            answer(&access)
        }
        Bearer::Good(_) => failure(
            StatusCode::FORBIDDEN,
            &format!("Your access token does not have the required scope: {scope}"),
        ),
        Bearer::Expired => failure(StatusCode::UNAUTHORIZED, EXPIRED),
        Bearer::Unknown | Bearer::Missing => failure(StatusCode::UNAUTHORIZED, "Not Authorized"),
    }
}

fn failure(status: StatusCode, message: &str) -> Response {
    let help = "For more information on API status codes and how to handle them, read the docs on errors: \
                https://developers.asana.com/docs/errors";
    let body = json!({"errors": [{"message": message, "help": help}]});
    (status, Json(body)).into_response()
}
