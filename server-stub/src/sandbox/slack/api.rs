//! Methods of the Web API. Refusals have status 200; the word `Bearer` is case-sensitive.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::token::{claims, refuse};
use super::{Slack, user_id, workspace};
use crate::sandbox::oauth::{Access, Bearer};

fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

pub(super) fn serve(
    slack: &Slack,
    headers: &HeaderMap,
    answer: impl FnOnce(&Access) -> Response,
) -> Response {
    let Some(token) = token(headers) else {
        return refuse("not_authed");
    };
    match slack.access(token) {
        Bearer::Good(access) => {
            let mut response = answer(&access);
            if let Ok(scopes) = HeaderValue::from_str(&access.scopes.join(",")) {
                response.headers_mut().insert("x-oauth-scopes", scopes);
            }
            response
        }
        Bearer::Expired => refuse("token_expired"),
        Bearer::Unknown | Bearer::Missing => refuse("invalid_auth"),
    }
}

pub(super) async fn test(State(slack): State<Slack>, headers: HeaderMap) -> Response {
    serve(&slack, &headers, |access| {
        let (team_id, team, url) = workspace(access.person);
        Json(json!({
            "ok": true,
            "url": url,
            "team": team,
            "user": access.person.slug,
            "team_id": team_id,
            "user_id": user_id(access.person),
            "is_enterprise_install": false,
        }))
        .into_response()
    })
}

pub(super) async fn revoke(State(slack): State<Slack>, headers: HeaderMap) -> Response {
    serve(&slack, &headers, |_| {
        let revoked = token(&headers).is_some_and(|token| slack.revoke(token));
        Json(json!({"ok": true, "revoked": revoked})).into_response()
    })
}

pub(super) async fn user_info(State(slack): State<Slack>, headers: HeaderMap) -> Response {
    serve(&slack, &headers, |access| {
        if !access.scopes.iter().any(|scope| scope == "openid") {
            return refuse("missing_scope");
        }
        let mut body = claims(access.person);
        body["ok"] = true.into();
        Json(body).into_response()
    })
}

pub(super) async fn unknown_method() -> Response {
    refuse("unknown_method")
}
