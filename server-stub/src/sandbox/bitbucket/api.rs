//! The REST API. Lists come in pages.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Bitbucket;
use crate::sandbox::oauth::{Access, Bearer};

/// Addresses on one page. The service has room for more; so few show whether somebody goes on to the next one.
const PAGE: usize = 1;

pub(super) async fn user(State(bitbucket): State<Bitbucket>, headers: HeaderMap) -> Response {
    serve(&bitbucket, &headers, |access| {
        let person = access.person;
        Json(json!({
            "type": "user",
            "uuid": format!("{{{}}}", person.uuid()),
            "account_id": format!("557058:{}", person.uuid()),
            "username": person.slug,
            "nickname": person.slug,
            "display_name": person.name,
            "account_status": "active",
            "links": {"html": {"href": format!("https://bitbucket.org/%7B{}%7D/", person.uuid())}},
        }))
        .into_response()
    })
}

pub(super) async fn emails(
    State(bitbucket): State<Bitbucket>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let number = |name: &str| query.get(name).map(|text| text.parse::<usize>());
    let page = match number("page") {
        None => 1,
        Some(Ok(page)) if page > 0 => page,
        Some(_) => return failure(StatusCode::BAD_REQUEST, "Invalid page"),
    };
    serve(&bitbucket, &headers, |access| {
        let all = access.person.emails;
        let shown: Vec<Value> = all
            .iter()
            .skip((page - 1).saturating_mul(PAGE))
            .take(PAGE)
            .map(|email| {
                json!({
                    "type": "email",
                    "email": email.address,
                    "is_primary": email.primary,
                    "is_confirmed": email.verified,
                })
            })
            .collect();
        if shown.is_empty() {
            return failure(StatusCode::NOT_FOUND, "Invalid page");
        }
        let mut body = json!({"pagelen": PAGE, "page": page, "size": all.len(), "values": shown});
        if page.saturating_mul(PAGE) < all.len() {
            let next = format!("{}api/2.0/user/emails?page={}", bitbucket.base(), page + 1);
            body["next"] = next.into();
        }
        Json(body).into_response()
    })
}

pub(super) async fn not_found(State(bitbucket): State<Bitbucket>, headers: HeaderMap) -> Response {
    serve(&bitbucket, &headers, |_| {
        failure(StatusCode::NOT_FOUND, "Resource not found")
    })
}

fn serve(bitbucket: &Bitbucket, headers: &HeaderMap, answer: impl FnOnce(&Access) -> Response) -> Response {
    match bitbucket.bearer(headers) {
        Bearer::Good(access) => answer(&access),
        Bearer::Expired => failure(
            StatusCode::UNAUTHORIZED,
            "Access token expired. Use your refresh token to obtain a new access token.",
        ),
        Bearer::Unknown | Bearer::Missing => failure(
            StatusCode::UNAUTHORIZED,
            "Token is invalid or not supported for this endpoint.",
        ),
    }
}

fn failure(status: StatusCode, message: &str) -> Response {
    let body = json!({"type": "error", "error": {"message": message}});
    (status, Json(body)).into_response()
}
