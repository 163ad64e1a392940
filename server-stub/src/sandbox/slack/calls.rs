//! Slack calling the app: events, retried on Slack's schedule, and interactive components.
//! <https://docs.slack.dev/apis/events-api#retries>

use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use codestream_protocol::secret::SigningSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{Slack, conversations, responses};
use crate::providers::sign_as_slack;
use crate::sandbox::Outside;
use crate::sandbox::chance::alphanumeric;
use crate::sandbox::dispatches::{Dispatches, Wanted};

/// How long Slack waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// After which time since the one before an event is sent again.
const RETRIES: [Duration; 3] = [Duration::ZERO, Duration::from_mins(1), Duration::from_mins(5)];
/// The app's id at Slack.
const APP: &str = "A0SANDBOX";

#[derive(Clone)]
struct Caller {
    outside: Outside,
    slack: Slack,
    secret: SigningSecret,
    sent: Dispatches,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Attempt {
    retry_num: usize,
    /// Absent without an answer.
    status: Option<u16>,
    /// In Slack's words, when it was not good.
    reason: Option<&'static str>,
    took_ms: u64,
    body: Value,
}

/// The controls, below `/sandbox/control/slack`.
pub(super) fn controls(slack: &Slack, outside: Outside) -> Router {
    let Some(secret) = slack.app().signing_secret.clone() else {
        return Router::new();
    };
    let caller = Caller {
        outside,
        slack: slack.clone(),
        secret,
        sent: Dispatches::default(),
    };
    let conversations = Router::new()
        .route("/conversation", post(conversations::make))
        .route("/guest", post(conversations::restrict))
        .with_state(slack.clone());
    Router::new()
        .route("/", post(send).get(sent))
        .route("/sign", post(sign))
        .route("/response-url", post(response_url))
        .with_state(caller)
        .merge(conversations)
}

/// One of `event`, `letter` and `payload`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    /// An `event_callback`'s event.
    event: Option<Value>,
    event_id: Option<String>,
    /// Of which workspace.
    team_id: Option<String>,
    /// One installation that the event is visible to; absent: the bot's.
    authorizations: Option<Value>,
    /// Whether the channel is shared with other organizations.
    #[serde(default)]
    is_ext_shared_channel: bool,
    /// The whole of another letter of the Events API, e.g. `url_verification`.
    letter: Option<Value>,
    /// Of an interactive component.
    payload: Option<Value>,
    /// The URL that is set in the app's settings; absent: the API's own.
    to: Option<Url>,
}

struct Letter {
    id: String,
    to: Url,
    media_type: &'static str,
    body: String,
    retries: &'static [Duration],
}

impl Caller {
    fn letter(&self, order: Order) -> Option<Letter> {
        let random = self.slack.random();
        let own = |action: &str| {
            let mut url = self.outside.api.clone();
            url.set_path(&format!("/no-auth/provider-action/{action}"));
            url
        };
        let event_id = order
            .event_id
            .unwrap_or_else(|| format!("Ev{}", alphanumeric::<9>(random)));
        let team_id = order.team_id.unwrap_or_else(|| "T0ACME000".to_owned());
        let body = match (order.event, order.letter, order.payload) {
            (Some(event), None, None) => json!({
                "token": "sandbox",
                "team_id": team_id,
                "context_team_id": team_id,
                "context_enterprise_id": null,
                "api_app_id": APP,
                "event": event,
                "type": "event_callback",
                "event_id": event_id,
                "event_time": self.slack.now().as_secs(),
                "authorizations": order.authorizations.unwrap_or_else(|| json!([{
                    "enterprise_id": null, "team_id": team_id, "user_id": "U0SANDBOXBOT", "is_bot": true,
                    "is_enterprise_install": false,
                }])),
                "is_ext_shared_channel": order.is_ext_shared_channel,
                "event_context": format!("4-{}", alphanumeric::<40>(random)),
            }),
            (None, Some(letter), None) => letter,
            (None, None, Some(mut payload)) => {
                let team = payload["team"]["id"].as_str().unwrap_or("T0ACME000").to_owned();
                if payload["type"] == "block_actions" && payload["response_url"].is_null() {
                    payload["response_url"] = json!(responses::made(&self.slack, &team));
                }
                let form = form_urlencoded::Serializer::new(String::new())
                    .append_pair("payload", &payload.to_string())
                    .finish();
                return Some(Letter {
                    id: event_id,
                    to: order.to.unwrap_or_else(|| own("slack")),
                    media_type: "application/x-www-form-urlencoded",
                    body: form,
                    // The user sees an error instead.
                    retries: &[],
                });
            }
            _ => return None,
        };
        Some(Letter {
            id: event_id,
            to: order.to.unwrap_or_else(|| own("slack-events")),
            media_type: "application/json",
            body: body.to_string(),
            retries: &RETRIES,
        })
    }

    async fn deliver(self, number: usize, letter: Letter) {
        let mut reason = self.attempt(number, &letter, 0, None).await;
        for (retry, wait) in (1..).zip(letter.retries) {
            let Some(why) = reason else { break };
            let again = self.slack.now() + *wait;
            tokio::select! {
                () = self.outside.clock.sleep_until(again) => {}
                () = self.outside.lifecycle.stopping() => return,
            }
            reason = self.attempt(number, &letter, retry, Some(why)).await;
        }
        self.sent.done(number);
    }

    /// Why it must be sent again, if it must.
    async fn attempt(
        &self,
        number: usize,
        letter: &Letter,
        retry: usize,
        why: Option<&'static str>,
    ) -> Option<&'static str> {
        let timestamp = self.slack.now().as_secs().to_string();
        let signature = sign_as_slack(&self.secret, &timestamp, letter.body.as_bytes());
        let mut request = self
            .outside
            .http
            .post(letter.to.clone())
            .timeout(PATIENCE)
            .header("content-type", letter.media_type)
            .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
            .header("x-slack-request-timestamp", timestamp)
            .header("x-slack-signature", signature)
            .body(letter.body.clone());
        if let Some(why) = why {
            request = request
                .header("x-slack-retry-num", retry)
                .header("x-slack-retry-reason", why);
        }
        let before = self.slack.now();
        let (status, reason, body, no_retry) = match request.send().await {
            Ok(response) => {
                let status = response.status();
                let no_retry = response.headers().contains_key("x-slack-no-retry");
                let body = response.bytes().await.unwrap_or_default();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                (
                    Some(status.as_u16()),
                    (!status.is_success()).then_some("http_error"),
                    body,
                    no_retry,
                )
            }
            Err(error) if error.is_timeout() => (None, Some("http_timeout"), Value::Null, false),
            Err(error) if error.is_connect() => (None, Some("connection_failed"), Value::Null, false),
            Err(_) => (None, Some("unknown_error"), Value::Null, false),
        };
        let took = self.slack.now().since(before);
        let attempt = Attempt {
            retry_num: retry,
            status,
            reason,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            body,
        };
        self.sent.attempted(number, attempt);
        reason.filter(|_| !no_retry)
    }
}

async fn send(State(caller): State<Caller>, Json(order): Json<Order>) -> Response {
    let Some(letter) = caller.letter(order) else {
        let message = json!({"message": "one of event, letter and payload"});
        return (StatusCode::BAD_REQUEST, Json(message)).into_response();
    };
    let id = letter.id.clone();
    let number = caller.sent.begin(&id);
    let lifecycle = caller.outside.lifecycle.clone();
    lifecycle.spawn(caller.deliver(number, letter));
    Json(json!({ "id": id })).into_response()
}

async fn sent(State(caller): State<Caller>, Query(wanted): Query<Wanted>) -> Json<Value> {
    Json(caller.sent.wanted(&wanted).await)
}

#[derive(Debug, Deserialize)]
struct ToSign {
    body: String,
    timestamp: Option<String>,
}

/// For requests that a test makes itself, to spoil them.
async fn sign(State(caller): State<Caller>, Json(to_sign): Json<ToSign>) -> Json<Value> {
    let now = caller.slack.now().as_secs().to_string();
    let timestamp = to_sign.timestamp.unwrap_or(now);
    let signature = sign_as_slack(&caller.secret, &timestamp, to_sign.body.as_bytes());
    Json(json!({ "timestamp": timestamp, "signature": signature }))
}

/// For a test that uses it itself, and may send it in a payload of its own.
async fn response_url(State(caller): State<Caller>) -> Json<Value> {
    Json(json!({ "url": responses::made(&caller.slack, "T0ACME000") }))
}
