//! Who may sign in as the user, who is signed in, and what the user was told: `/identities`, `/sessions`, `/notices`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use codestream_protocol::http::{Identity, Notice, SessionRow};
use codestream_protocol::lsp::request::{Identities, SessionList, SessionsEnded};
use codestream_protocol::{ProviderId, ServerCode, SessionId, UserId};
use serde_json::{Value, json};

use super::{Bearer, RouteError};
use crate::app::App;
use crate::providers::Registry;
use crate::store::{NoticeKind, StoreError, Unlinked, UserIdentity};

/// `GET /identities`.
pub(super) async fn identities(
    State(app): State<Arc<App>>,
    bearer: Bearer,
) -> Result<Json<Identities>, RouteError> {
    let identities = app.store.identities_of(&bearer.user.id).await?;
    Ok(Json(Identities {
        identities: identities.into_iter().map(row).collect(),
    }))
}

fn row(of: UserIdentity) -> Identity {
    let provider = of.identity.provider;
    let own = of.identity.host.map(|id| id.host());
    let host = own
        .or_else(|| Registry::host(&provider).map(str::to_owned))
        .unwrap_or_else(|| provider.clone());
    Identity {
        identity_id: of.id,
        provider_id: ProviderId::of_host(&host),
        host,
        display_name: Registry::display_name(&provider).unwrap_or(&provider).to_owned(),
        provider,
        name: of.name,
        since: of.since,
        origin: of.origin,
    }
}

/// `DELETE /identities/{identityId}`.
pub(super) async fn unlink(
    State(app): State<Arc<App>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Json<Value>, RouteError> {
    let unknown = || RouteError::of(ServerCode::NotFound).saying("You have no such way to sign in.");
    let id = id.parse().map_err(|_| unknown())?;
    match app.store.unlink(&bearer.user.id, id, bearer.session.id).await? {
        Unlinked::Yes => {
            tracing::info!(identity = %id, user = %bearer.user.id, "unlinked");
            Ok(Json(json!({})))
        }
        Unlinked::Last => Err(RouteError::of(ServerCode::DeleteAuth)
            .saying("This is your only way to sign in, so it stays. Link another account first.")),
        Unlinked::Unknown => Err(unknown()),
    }
}

/// `GET /sessions`.
pub(super) async fn sessions(
    State(app): State<Arc<App>>,
    bearer: Bearer,
) -> Result<Json<SessionList>, RouteError> {
    let sessions = app.store.sessions_of(&bearer.user.id).await?;
    let rows = sessions.into_iter().map(|session| SessionRow {
        session_id: session.id,
        current: session.id == bearer.session.id,
        ide: session.ide,
        machine: session.machine,
        provider: session.provider,
        since: session.since,
        last_used_at: session.last_used_at,
        address: session.address,
    });
    Ok(Json(SessionList {
        sessions: rows.collect(),
    }))
}

/// `DELETE /sessions`: all others.
pub(super) async fn end_others(
    State(app): State<Arc<App>>,
    bearer: Bearer,
) -> Result<Json<SessionsEnded>, RouteError> {
    end(&app, &bearer, None).await
}

/// `DELETE /sessions/{sessionId}`.
pub(super) async fn end_session(
    State(app): State<Arc<App>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Json<SessionsEnded>, RouteError> {
    let unknown =
        || RouteError::of(ServerCode::NotFound).saying("You have no such session. It may have ended.");
    let id = id.parse().map_err(|_| unknown())?;
    let ended = end(&app, &bearer, Some(id)).await?;
    if ended.ended == 0 {
        return Err(unknown());
    }
    Ok(ended)
}

async fn end(
    app: &App,
    bearer: &Bearer,
    which: Option<SessionId>,
) -> Result<Json<SessionsEnded>, RouteError> {
    let ended = app
        .store
        .end_sessions(&bearer.user.id, which, bearer.session.id)
        .await?;
    tracing::info!(user = %bearer.user.id, ended, "sessions ended by their user");
    Ok(Json(SessionsEnded { ended }))
}

/// `DELETE /notices/{noticeId}`.
pub(super) async fn notice_told(
    State(app): State<Arc<App>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Json<Value>, RouteError> {
    let id = id.parse().map_err(|_| RouteError::of(ServerCode::NotFound))?;
    app.store.notice_told(&bearer.user.id, id).await?;
    Ok(Json(json!({})))
}

/// What the user has not been told yet, in words.
pub(super) async fn notices(app: &App, user: &UserId) -> Result<Vec<Notice>, StoreError> {
    let notices = app.store.notices_of(user).await?;
    let told = notices.into_iter().map(|notice| Notice {
        notice_id: notice.id,
        text: words(&notice.kind),
    });
    Ok(told.collect())
}

fn words(kind: &NoticeKind) -> String {
    match kind {
        NoticeKind::IdentityRemoved { provider, account } => {
            let service = Registry::display_name(provider).unwrap_or(provider);
            let account = match account {
                Some(account) => format!("The {service} account {account}"),
                None => format!("An account at {service}"),
            };
            format!(
                "{account} no longer signs in to your CodeStream account: connecting an account had made it a way to sign \
                 in, which it does not any more. To sign in with it again, link it: under Ways to sign in in your IDE, or \
                 with `codestream-agent identities link {provider}`. If you do not know this account, end the sessions that \
                 you do not know: under Sessions, or with `codestream-agent sessions`."
            )
        }
    }
}
