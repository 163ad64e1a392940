//! The Bot Connector: it publishes its keys, calls the bot with a token of its own, and takes what the bot says.
//! <https://learn.microsoft.com/en-us/azure/bot-service/rest-api/bot-framework-rest-connector-authentication>

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use codestream_protocol::secret::ClientSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{MsTeams, keys, roster};
use crate::keys::fingerprint;
use crate::sandbox::Outside;
use crate::sandbox::dispatches::{Dispatches, Wanted};
use crate::sandbox::microsoft::TENANT;
use crate::sandbox::oauth::Parameters;

/// How long the Connector waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Beside Graph and the platform.
pub(super) fn routes() -> Router<MsTeams> {
    Router::new()
        .route("/botframework/v1/.well-known/openidconfiguration", get(document))
        .route("/botframework/v1/.well-known/keys", get(published))
        .route("/botframework.com/oauth2/v2.0/token", post(token))
        .route(
            "/connector/v3/conversations/{conversation}/activities",
            post(said),
        )
        .route(
            "/connector/v3/conversations/{conversation}/pagedmembers",
            get(roster::paged),
        )
}

fn below(teams: &MsTeams, path: &str) -> String {
    format!("{}{path}", teams.base())
}

async fn document(State(teams): State<MsTeams>) -> Json<Value> {
    Json(json!({
        "issuer": "https://api.botframework.com",
        "authorization_endpoint": "https://invalid.botframework.com",
        "jwks_uri": below(&teams, "botframework/v1/.well-known/keys"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    }))
}

async fn published(State(teams): State<MsTeams>) -> Json<Value> {
    Json(keys::published(teams.now()))
}

/// The bot's own token: always the same, so that nothing has to be kept.
fn bots_token(teams: &MsTeams) -> String {
    let secret = teams
        .app()
        .client_secret
        .as_ref()
        .map_or("", ClientSecret::expose);
    format!("eyJ0.bot.{}", fingerprint(&format!("bot {secret}")))
}

async fn token(State(teams): State<MsTeams>, headers: HeaderMap, body: Bytes) -> Response {
    let refuse = |status, error: &str| (status, Json(json!({ "error": error }))).into_response();
    let Some(form) = Parameters::form(&headers, &body) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request");
    };
    let text = |name| form.get(name).unwrap_or_default();
    if !teams.app().is(text("client_id"), text("client_secret")) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    if text("grant_type") != "client_credentials" {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    if text("scope") != "https://api.botframework.com/.default" {
        return refuse(StatusCode::BAD_REQUEST, "invalid_scope");
    }
    Json(json!({
        "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": bots_token(&teams),
    }))
    .into_response()
}

/// The refusal of a call that is not the bot's.
pub(super) fn unauthorized(teams: &MsTeams, headers: &HeaderMap) -> Option<Response> {
    let expected = format!("Bearer {}", bots_token(teams));
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    (given != Some(expected.as_str())).then(|| {
        let error = json!({"error": {"code": "AuthorizationFailed", "message": "Authorization has been denied for this request."}});
        (StatusCode::UNAUTHORIZED, Json(error)).into_response()
    })
}

async fn said(State(teams): State<MsTeams>, headers: HeaderMap, Json(message): Json<Value>) -> Response {
    if let Some(refusal) = unauthorized(&teams, &headers) {
        return refusal;
    }
    if message["type"] != "message" {
        let error = json!({"error": {"code": "BadSyntax", "message": "Missing or unknown type."}});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    let id = teams.random().uuid().to_string();
    (StatusCode::CREATED, Json(json!({ "id": id }))).into_response()
}

#[derive(Clone)]
struct Caller {
    outside: Outside,
    teams: MsTeams,
    sent: Dispatches,
}

/// The controls, below `/sandbox/control/msteams`.
pub(super) fn controls(teams: &MsTeams, outside: Outside) -> Router {
    let caller = Caller {
        outside,
        teams: teams.clone(),
        sent: Dispatches::default(),
    };
    let roster = Router::new()
        .route("/roster", post(roster::set))
        .with_state(teams.clone());
    Router::new()
        .route("/", post(send).get(sent))
        .with_state(caller)
        .merge(roster)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    /// The activity; what is left out is what Teams would send of the first person.
    activity: Value,
    /// The URL in the bot's registration; absent: the API's own.
    to: Option<Url>,
    /// Claims in place of the right ones; `null` takes one out.
    #[serde(default)]
    claims: Value,
    /// Signed by somebody else.
    #[serde(default)]
    forged: bool,
}

impl Caller {
    fn activity(&self, given: Value) -> Value {
        let mut activity = json!({
            "type": "message",
            "id": self.teams.random().uuid().to_string(),
            "channelId": "msteams",
            "serviceUrl": below(&self.teams, "connector/"),
            "from": {"id": "29:mona", "name": "Mona Lisa", "aadObjectId": "00000000-0000-4000-8000-000000001001"},
            "recipient": {"id": format!("28:{}", self.teams.app().client_id), "name": "CodeStream"},
            "conversation": {"id": "a:personal-mona", "conversationType": "personal", "tenantId": TENANT},
            "channelData": {"tenant": {"id": TENANT}},
        });
        if let (Some(activity), Value::Object(given)) = (activity.as_object_mut(), given) {
            activity.extend(given);
        }
        activity
    }

    fn bearer(&self, activity: &Value, spoilt: Value, forged: bool) -> String {
        let now = self.teams.now();
        let mut claims = json!({
            "iss": "https://api.botframework.com",
            "aud": self.teams.app().client_id,
            "serviceurl": activity["serviceUrl"],
            "nbf": now.as_secs() - 300,
            "exp": now.as_secs() + 3600,
        });
        if let (Some(claims), Value::Object(spoilt)) = (claims.as_object_mut(), spoilt) {
            claims.extend(spoilt);
            claims.retain(|_, value| !value.is_null());
        }
        keys::signed(&claims, now, forged)
    }

    async fn deliver(self, number: usize, to: Url, bearer: String, activity: Value) {
        let request = self
            .outside
            .http
            .post(to)
            .timeout(PATIENCE)
            .bearer_auth(bearer)
            .json(&activity);
        let attempt = match request.send().await {
            Ok(response) => json!({ "status": response.status().as_u16() }),
            Err(_) => json!({ "status": null, "reason": "connection_failed" }),
        };
        self.sent.attempted(number, attempt);
        self.sent.done(number);
    }
}

async fn send(State(caller): State<Caller>, Json(order): Json<Order>) -> Json<Value> {
    let activity = caller.activity(order.activity);
    caller.teams.own::<roster::Rosters>().writes(&activity);
    let bearer = caller.bearer(&activity, order.claims, order.forged);
    let to = order.to.unwrap_or_else(|| {
        let mut url = caller.outside.api.clone();
        url.set_path("/no-auth/provider-action/msteams");
        url
    });
    let id = caller.teams.random().uuid().to_string();
    let number = caller.sent.begin(&id);
    let lifecycle = caller.outside.lifecycle.clone();
    lifecycle.spawn(caller.deliver(number, to, bearer, activity));
    Json(json!({ "id": id }))
}

async fn sent(State(caller): State<Caller>, Query(wanted): Query<Wanted>) -> Json<Value> {
    Json(caller.sent.wanted(&wanted).await)
}
