//! `PUT /login`, `PUT /logout`, `GET /users/me`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use codestream_protocol::http::{LoginResponse, UserAnswer};
use serde_json::{Value, json};

use super::{Bearer, RouteError, login_data};
use crate::app::App;
use crate::me;

/// The login data of a session that is there.
pub(super) async fn login(
    State(app): State<Arc<App>>,
    bearer: Bearer,
) -> Result<Json<LoginResponse>, RouteError> {
    let Bearer { session, token, user } = bearer;
    login_data::assemble(&app, &user, session, token, None)
        .await
        .map(Json)
}

/// Ends the session; the me-channel is told by the store's wake.
pub(super) async fn logout(State(app): State<Arc<App>>, bearer: Bearer) -> Result<Json<Value>, RouteError> {
    app.store.end_session(bearer.session.id).await?;
    tracing::info!(user = %bearer.user.id, "signed out");
    Ok(Json(json!({})))
}

/// The me-object, for an agent that has lost track.
pub(super) async fn me(State(app): State<Arc<App>>, bearer: Bearer) -> Result<Json<UserAnswer>, RouteError> {
    let accounts = app.store.accounts_of(&bearer.user.id).await?;
    Ok(Json(UserAnswer {
        notes: app.store.handshake_notes(&bearer.user.id).await?,
        user: me::me_object(&bearer.user, &accounts)?,
    }))
}
