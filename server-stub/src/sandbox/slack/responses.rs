//! `response_url`: where the app may answer whoever used an interactive component.
//! <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use codestream_protocol::UnixMillis;
use codestream_protocol::secret::ClientSecret;
use serde_json::{Value, json};

use super::Slack;
use crate::keys::fingerprint;

/// How long one is good.
const LIFE: Duration = Duration::from_mins(30);

/// Proves that the URL was made here.
fn proof(slack: &Slack, team: &str, made: i64) -> String {
    let secret = slack
        .app()
        .client_secret
        .as_ref()
        .map_or("", ClientSecret::expose);
    fingerprint(&format!("response {secret} {team} {made}"))
}

/// One for a component that was just used.
pub(super) fn made(slack: &Slack, team: &str) -> String {
    let made = slack.now().0;
    format!(
        "{}actions/{team}/{made}/{}",
        slack.base(),
        proof(slack, team, made)
    )
}

/// Takes what the app answers.
pub(super) async fn take(
    State(slack): State<Slack>,
    Path((team, made, given)): Path<(String, i64, String)>,
    body: Bytes,
) -> Response {
    let refuse = |status, error: &str| (status, Json(json!({"ok": false, "error": error}))).into_response();
    if given != proof(&slack, &team, made) {
        return refuse(StatusCode::NOT_FOUND, "no_service");
    }
    if slack.now() >= UnixMillis(made) + LIFE {
        return refuse(StatusCode::NOT_FOUND, "expired_url");
    }
    let message: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let has_text = message["text"].as_str().is_some_and(|text| !text.is_empty());
    if !has_text && message["delete_original"] != true {
        return refuse(StatusCode::BAD_REQUEST, "invalid_payload");
    }
    "ok".into_response()
}
