//! What an agent says in a channel of a chat.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use codestream_protocol::ServerCode;
use codestream_protocol::http::Saying;
use serde_json::{Value, json};

use super::desk::ServiceDesk;
use crate::api::{Bearer, Json, RouteError};
use crate::app::App;
use crate::providers::WorkError;

/// Says it in the one chat that has this channel.
pub(super) async fn say(
    State(app): State<Arc<App>>,
    bearer: Bearer,
    Json(saying): Json<Saying>,
) -> Result<axum::Json<Value>, RouteError> {
    for provider in app.providers.all() {
        let desk = ServiceDesk {
            app: &app,
            provider: provider.name(),
        };
        let said = provider.say(
            &app.http,
            &desk,
            &bearer.user.id,
            &saying.conversation_id,
            &saying.text,
        );
        match said.await {
            Ok(true) => return Ok(axum::Json(json!({}))),
            Ok(false) => {}
            Err(WorkError::Store(error)) => return Err(error.into()),
            Err(WorkError::Call(_) | WorkError::Shape) => {
                return Err(RouteError::of(ServerCode::ProviderDataRequestFailed));
            }
        }
    }
    let missing = RouteError::of(ServerCode::NotFound).at(StatusCode::NOT_FOUND);
    Err(missing.saying("This channel is not connected for your team, or you are not a member of it."))
}
