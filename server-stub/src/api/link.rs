//! `/provider-link/{codeId}`: the IDE's decision about an account that came back from a link handshake.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use codestream_protocol::ServerCode;
use codestream_protocol::channel::{AttemptConfirming, AttemptEnded, AttemptNoted};
use codestream_protocol::http::LinkState;
use codestream_protocol::id::CodeId;
use serde_json::{Value, json};

use super::{Bearer, RouteError};
use crate::app::App;
use crate::providers::Registry;
use crate::store::{Confirmed, End, Failure, Handshake};

/// `GET`: where the handshake stands.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Json<LinkState>, RouteError> {
    let handshake = own(&app, &bearer, &id).await?;
    let code_id = handshake.code_id;
    Ok(Json(LinkState {
        attempt_confirming: handshake.came_back.map(|came_back| AttemptConfirming {
            code_id,
            provider: came_back.identity.provider,
            account: came_back.name,
        }),
        attempt_noted: handshake.note.map(|note| AttemptNoted { code_id, note }),
        attempt_ended: handshake.end.map(|end| match end {
            End::Done => AttemptEnded::connected(code_id),
            End::Failed(failure) => AttemptEnded {
                code_id,
                provider: failure.provider,
                step: Some(failure.step),
                code: Some(failure.code.as_str().to_owned()),
                message: Some(failure.message),
                link: failure.link,
            },
        }),
    }))
}

/// `PUT`: the account that came back is the user's from now on.
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Json<Value>, RouteError> {
    let id = read(&id)?;
    match app.store.confirm_link(id, &bearer.user.id).await? {
        Confirmed::Yes | Confirmed::Ended(End::Done) => {
            tracing::info!(code_id = %id, user = %bearer.user.id, "linked");
            Ok(Json(json!({})))
        }
        Confirmed::Taken(identity) => {
            let service = Registry::display_name(&identity.provider).unwrap_or("service");
            let message = format!(
                "This {service} account already signs in as another CodeStream user. Unlink it there first, or link \
                 another account."
            );
            let failure = Failure {
                provider: Some(identity.provider),
                step: "identity".to_owned(),
                code: ServerCode::DuplicateProviderAuth,
                message: message.clone(),
                link: None,
            };
            app.store.fail_handshake(id, failure).await?;
            Err(RouteError::of(ServerCode::DuplicateProviderAuth).saying(message))
        }
        Confirmed::Early => Err(RouteError::of(ServerCode::UpdateAuth)
            .saying("No account has come back from the browser yet. Approve there first.")),
        Confirmed::Ended(End::Failed(failure)) => Err(RouteError::of(failure.code).saying(failure.message)),
        Confirmed::Expired => Err(RouteError::of(ServerCode::TokenExpired)),
        Confirmed::Unknown => Err(unknown()),
    }
}

/// `DELETE`: the user does not want the account that came back, or any other.
pub(super) async fn give_up(
    State(app): State<Arc<App>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Json<Value>, RouteError> {
    let handshake = own(&app, &bearer, &id).await?;
    let failure = Failure {
        provider: handshake.provider,
        step: "identity".to_owned(),
        code: ServerCode::ProviderAuthNotAllowed,
        message: "The account was not confirmed in the IDE. Nothing was linked.".to_owned(),
        link: None,
    };
    app.store.fail_handshake(handshake.code_id, failure).await?;
    Ok(Json(json!({})))
}

fn read(id: &str) -> Result<CodeId, RouteError> {
    id.parse().map_err(|_| unknown())
}

fn unknown() -> RouteError {
    RouteError::of(ServerCode::NotFound).saying("There is no such attempt to link an account.")
}

async fn own(app: &App, bearer: &Bearer, id: &str) -> Result<Handshake, RouteError> {
    let found = app.store.handshake(read(id)?).await?;
    found
        .filter(|found| found.kind.links_for(&bearer.user.id))
        .ok_or_else(unknown)
}
