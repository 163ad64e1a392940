//! `response_url`: where the app may answer whoever used an interactive component.
//! <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use codestream_protocol::UnixMillis;
use codestream_protocol::secret::ClientSecret;
use serde_json::{Value, json};

use super::Slack;
use crate::keys::fingerprint;
use crate::sandbox::chance::alphanumeric;

/// How long one is good.
const LIFE: Duration = Duration::from_mins(30);
/// How often one is good.
const MOST_USES: u8 = 5;

/// How often each was used, by its proof.
#[derive(Clone, Default)]
struct Uses(Arc<Mutex<HashMap<String, u8>>>);

impl Uses {
    /// Uses it, unless it is used up.
    fn take(&self, proof: String) -> bool {
        // One insertion or increment cannot leave it half-changed.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let uses = all.entry(proof).or_default();
        let left = *uses < MOST_USES;
        *uses += u8::from(left);
        left
    }
}

/// Where they are.
pub(super) fn routes() -> Router<Slack> {
    Router::new()
        .route("/actions/{team}/{made}/{nonce}/{proof}", post(take))
        .layer(Extension(Uses::default()))
}

/// Proves that the URL was made here.
fn proof(slack: &Slack, team: &str, made: i64, nonce: &str) -> String {
    let secret = slack
        .app()
        .client_secret
        .as_ref()
        .map_or("", ClientSecret::expose);
    fingerprint(&format!("response {secret} {team} {made} {nonce}"))
}

/// One for a component that was just used.
pub(super) fn made(slack: &Slack, team: &str) -> String {
    let made = slack.now().0;
    // Two that were made at the same time are used up by themselves.
    let nonce = alphanumeric::<12>(slack.random());
    format!(
        "{}actions/{team}/{made}/{nonce}/{}",
        slack.base(),
        proof(slack, team, made, &nonce)
    )
}

/// Takes what the app answers.
async fn take(
    State(slack): State<Slack>,
    Extension(uses): Extension<Uses>,
    Path((team, made, nonce, given)): Path<(String, i64, String, String)>,
    body: Bytes,
) -> Response {
    let refuse = |status, error: &str| (status, Json(json!({"ok": false, "error": error}))).into_response();
    if given != proof(&slack, &team, made, &nonce) {
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
    if !uses.take(given) {
        return refuse(StatusCode::NOT_FOUND, "used_url");
    }
    "ok".into_response()
}
