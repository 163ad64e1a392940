//! A code that a signed-in user pastes into a chat, so that the chat's account is linked to the user.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use codestream_protocol::http::ConnectCodeAnswer;
use codestream_protocol::secret::ConnectCode;

use crate::api::{Bearer, RouteError};
use crate::app::App;

/// How long it is good.
const LIFE: Duration = Duration::from_mins(10);

/// Makes one.
pub(super) async fn make(
    State(app): State<Arc<App>>,
    bearer: Bearer,
) -> Result<Json<ConnectCodeAnswer>, RouteError> {
    let connect_code = ConnectCode::new(app.random.uuid().simple().to_string());
    let expires_at = app.clock.now() + LIFE;
    app.store
        .keep_connect_code(&connect_code, &bearer.user.id, expires_at)
        .await?;
    Ok(Json(ConnectCodeAnswer { connect_code }))
}
