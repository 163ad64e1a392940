//! Controls for tests: users, messages, faults, and what was received.

mod faults;
mod guard;

use std::sync::Arc;

use axum::extract::{FromRef, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use codestream_protocol::channel::ChannelName;
use codestream_protocol::secret::{BroadcasterToken, SessionToken};
use codestream_protocol::{TeamId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Sandbox;
use super::chance::hexadecimal;
use super::recorder::{Entry, Wanted};
use crate::app::App;
use crate::store::{NewUser, StoreError};
pub(super) use guard::guard;

/// Most users that are made at once.
const MOST_USERS: usize = 10_000;

#[derive(Clone)]
struct Controls {
    app: Arc<App>,
    sandbox: Sandbox,
}

impl FromRef<Controls> for Arc<App> {
    fn from_ref(controls: &Controls) -> Self {
        controls.app.clone()
    }
}

impl FromRef<Controls> for Sandbox {
    fn from_ref(controls: &Controls) -> Self {
        controls.sandbox.clone()
    }
}

pub(super) fn routes(app: Arc<App>, sandbox: Sandbox) -> Router {
    Router::new()
        .route("/sandbox/control/users", post(users))
        .route("/sandbox/control/publish", post(publish))
        .route("/sandbox/control/kick", post(kick))
        .route("/sandbox/control/remove", post(remove))
        .route("/sandbox/control/faults", post(faults::set))
        .route("/sandbox/control/requests", get(requests))
        .with_state(Controls { app, sandbox })
}

/// Why a control did nothing.
#[derive(Debug, thiserror::Error)]
enum ControlError {
    /// The request asks for something that there is not.
    #[error("{0}")]
    Bad(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Store(error) => {
                tracing::error!(%error, "a control failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        (status, Json(json!({ "message": self.to_string() }))).into_response()
    }
}

#[derive(Deserialize)]
struct UsersBody {
    count: usize,
    /// For one user: an address, so that somebody of the sandbox is registered already.
    email: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MadeUser {
    user_id: UserId,
    team_id: TeamId,
    email: String,
    access_token: SessionToken,
    broadcaster_token: BroadcasterToken,
}

async fn users(
    State(app): State<Arc<App>>,
    Json(body): Json<UsersBody>,
) -> Result<Json<Vec<MadeUser>>, ControlError> {
    if body.count > MOST_USERS {
        return Err(ControlError::Bad("at most 10000 users at once"));
    }
    if body.email.is_some() && body.count != 1 {
        return Err(ControlError::Bad("an e-mail address is for one user"));
    }
    let mut made = Vec::with_capacity(body.count);
    for _ in 0..body.count {
        let name = format!("dev-{}", hexadecimal::<6>(&app.random));
        let email = body
            .email
            .clone()
            .unwrap_or_else(|| format!("{name}@codestream.example"));
        let new = NewUser {
            email: email.clone(),
            full_name: format!("Developer {}", &name["dev-".len()..]),
            username: name,
            signed_up_with: None,
        };
        let Some((user, team)) = app.store.create_user_and_team(new).await? else {
            return Err(ControlError::Bad("this e-mail address is taken"));
        };
        let opened = app.store.open_session(&user.id, Some(&team.id), None).await?;
        made.push(MadeUser {
            user_id: user.id,
            team_id: team.id,
            email,
            access_token: opened.token,
            broadcaster_token: opened.session.broadcaster_token,
        });
    }
    Ok(Json(made))
}

#[derive(Deserialize)]
struct PublishBody {
    channel: String,
    message: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    message_id: String,
    timestamp: UnixMillis,
}

async fn publish(
    State(app): State<Arc<App>>,
    Json(body): Json<PublishBody>,
) -> Result<Json<Published>, ControlError> {
    let channel = channel(&body.channel)?;
    let stored = app.store.publish(&channel, Value::Object(body.message)).await?;
    Ok(Json(Published {
        message_id: stored.id,
        timestamp: stored.timestamp,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KickBody {
    user_id: UserId,
    channel: String,
}

async fn kick(State(app): State<Arc<App>>, Json(body): Json<KickBody>) -> Result<Json<Value>, ControlError> {
    app.channel.kick(&body.user_id, &channel(&body.channel)?);
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RemoveBody {
    user_id: UserId,
    team_id: TeamId,
}

/// Takes a user out of a team, as a team's administrator would.
async fn remove(
    State(app): State<Arc<App>>,
    Json(body): Json<RemoveBody>,
) -> Result<Json<Value>, ControlError> {
    if app.store.remove_member(&body.user_id, &body.team_id).await? {
        Ok(Json(json!({})))
    } else {
        Err(ControlError::Bad("this user is not in this team"))
    }
}

fn channel(name: &str) -> Result<ChannelName, ControlError> {
    name.parse()
        .map_err(|_| ControlError::Bad("there is no channel of this name"))
}

async fn requests(State(sandbox): State<Sandbox>, Query(wanted): Query<Wanted>) -> Json<Vec<Entry>> {
    Json(sandbox.0.recorder.wanted(&wanted).await)
}
