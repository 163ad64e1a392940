//! The token methods: `oauth.v2.access` and `openid.connect.token`. Refusals have status 200.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Slack, user_id, workspace};
use crate::sandbox::chance::alphanumeric;
use crate::sandbox::oauth::{Issued, Parameters, Refused, basic};

/// A refusal, with status 200.
pub(super) fn refuse(error: &str) -> Response {
    Json(json!({"ok": false, "error": error})).into_response()
}

pub(super) async fn access(State(slack): State<Slack>, headers: HeaderMap, body: Bytes) -> Response {
    answered(&slack, &headers, &body, false, installed)
}

pub(super) async fn identity(State(slack): State<Slack>, headers: HeaderMap, body: Bytes) -> Response {
    answered(&slack, &headers, &body, true, identified)
}

fn answered(
    slack: &Slack,
    headers: &HeaderMap,
    body: &[u8],
    identity: bool,
    answer: impl FnOnce(&Slack, &Issued, bool) -> Value,
) -> Response {
    if let Some(fault) = slack.fault() {
        return fault
            .answer()
            .unwrap_or_else(|| refuse(fault.error.as_deref().unwrap_or("invalid_code")));
    }
    match grant(slack, headers, body, identity) {
        Ok((issued, is_refresh)) => Json(answer(slack, &issued, is_refresh)).into_response(),
        Err(error) => refuse(error),
    }
}

/// What is issued, and whether by a refresh.
fn grant(
    slack: &Slack,
    headers: &HeaderMap,
    body: &[u8],
    identity: bool,
) -> Result<(Issued, bool), &'static str> {
    let parameters = Parameters::form(headers, body)
        .or_else(|| Parameters::json(headers, body))
        .ok_or("invalid_form_data")?;
    let (id, secret) = basic(headers).unwrap_or_else(|| {
        let text = |name| parameters.get(name).unwrap_or_default().to_owned();
        (text("client_id"), text("client_secret"))
    });
    if id != slack.app().client_id {
        return Err("invalid_client_id");
    }
    if !slack.app().is(&id, &secret) {
        return Err("bad_client_secret");
    }
    if parameters.get("grant_type") == Some("refresh_token") {
        let token = parameters.get("refresh_token").unwrap_or_default();
        let issued = slack.refresh(token).map_err(|_| "invalid_refresh_token")?;
        return Ok((issued, true));
    }
    if parameters
        .get("grant_type")
        .is_some_and(|kind| kind != "authorization_code")
    {
        return Err("invalid_grant_type");
    }
    let issued = slack.exchange(
        parameters.get("code").unwrap_or_default(),
        parameters.get("redirect_uri").into(),
        None,
    );
    let issued = issued.map_err(|refused| match refused {
        Refused::CodeUsed => "code_already_used",
        Refused::RedirectUri => "bad_redirect_uri",
        _ => "invalid_code",
    })?;
    // A code of the one method is none of the other's.
    if is_identity(&issued) == identity {
        Ok((issued, false))
    } else {
        Err("invalid_code")
    }
}

fn is_identity(issued: &Issued) -> bool {
    issued.scopes.iter().any(|scope| scope == "openid")
}

fn installed(slack: &Slack, issued: &Issued, is_refresh: bool) -> Value {
    let (team_id, team, _) = workspace(issued.person);
    let mut user = json!({
        "access_token": issued.access,
        "token_type": "user",
        "scope": issued.scopes.join(","),
    });
    expiry(&mut user, issued, issued.refresh.as_deref());
    let mut body = json!({
        "ok": true,
        "app_id": "A0SANDBOX",
        "team": {"id": team_id, "name": team},
        "enterprise": null,
        "is_enterprise_install": false,
    });
    if is_refresh {
        user["user_id"] = user_id(issued.person).into();
        merge(&mut body, user);
        return body;
    }
    user["id"] = user_id(issued.person).into();
    body["authed_user"] = user;
    if let Some(scope) = issued.query.get("scope").filter(|scope| !scope.is_empty()) {
        let token = format!("xoxb-{}", alphanumeric::<48>(slack.random()));
        slack.beside(issued, &token);
        let mut bot = json!({
            "access_token": token,
            "token_type": "bot",
            "scope": scope,
            "bot_user_id": "U0SANDBOXBOT",
        });
        let refresh = format!("xoxe-1-{}", alphanumeric::<96>(slack.random()));
        expiry(&mut bot, issued, Some(&refresh));
        merge(&mut body, bot);
    }
    body
}

/// Both, where tokens rotate.
fn expiry(token: &mut Value, issued: &Issued, refresh: Option<&str>) {
    if let Some(life) = issued.life {
        token["expires_in"] = life.as_secs().into();
        token["refresh_token"] = json!(refresh);
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn identified(slack: &Slack, issued: &Issued, _: bool) -> Value {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut claims = claims(issued.person);
    claims["iss"] = "https://slack.com".into();
    claims["aud"] = slack.app().client_id.clone().into();
    claims["iat"] = slack.now().as_secs().into();
    claims["exp"] = (slack.now().as_secs() + 300).into();
    let header = part(&json!({"alg": "RS256", "typ": "JWT"}));
    json!({
        "ok": true,
        "access_token": issued.access,
        "token_type": "Bearer",
        "id_token": format!("{header}.{}.sandbox", part(&claims)),
    })
}

/// What Sign in with Slack says of somebody.
pub(super) fn claims(person: &crate::sandbox::people::Person) -> Value {
    let (team_id, team, _) = workspace(person);
    json!({
        "sub": user_id(person),
        "https://slack.com/user_id": user_id(person),
        "https://slack.com/team_id": team_id,
        "https://slack.com/team_name": team,
        "email": person.primary_email().map(|email| email.address),
        "email_verified": person.is_verified(),
        "name": person.name,
    })
}
