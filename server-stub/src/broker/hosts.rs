//! Services that a team hosts itself: `PUT` and `DELETE /provider-host/{provider}/{teamId}[/{providerId}]`, and which service an
//! account or a state is at.

use std::sync::Arc;

use axum::extract::{Path, State};
use codestream_protocol::http::{HostAdded, NewHost, ProviderRow, TeamChange};
use codestream_protocol::secret::ClientSecret;
use codestream_protocol::{ProviderId, ServerCode, TeamId};

use super::deauth;
use super::refusal::Refusal;
use crate::api::{Bearer, Json, RequestId, RouteError, limit};
use crate::app::App;
use crate::me;
use crate::providers::{OAuthApp, Provider, Registry, address};
use crate::store::{HostKey, StoreError, TeamHost};

/// What the message of an added host takes, about.
const HOST_BYTES: usize = 1024;

/// Why a service cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoProvider {
    /// It is unknown or not set up.
    #[error("the service is not offered: {0}")]
    Code(ServerCode),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NoProvider> for Refusal {
    fn from(error: NoProvider) -> Self {
        match error {
            NoProvider::Code(code) => Self::Service(code),
            NoProvider::Store(error) => Self::Store(error),
        }
    }
}

impl From<NoProvider> for RouteError {
    fn from(error: NoProvider) -> Self {
        match error {
            NoProvider::Code(code) => Self::of(code),
            NoProvider::Store(error) => error.into(),
        }
    }
}

/// A service by its lower-case name, or the one of that name at a team's own host.
pub(crate) async fn provider(
    app: &App,
    name: &str,
    at: Option<(&TeamId, &ProviderId)>,
) -> Result<Arc<Provider>, NoProvider> {
    let Some((team_id, id)) = at else {
        return app.providers.get(name).cloned().map_err(NoProvider::Code);
    };
    let key = HostKey {
        team_id: team_id.clone(),
        provider: name.to_owned(),
        id: id.clone(),
    };
    match app.store.host(&key).await? {
        Some(host) => of_host(app, &host).map_err(NoProvider::Code),
        None if Registry::display_name(name).is_none() => Err(NoProvider::Code(ServerCode::UnknownProvider)),
        None => Err(NoProvider::Code(ServerCode::UnknownProviderHost)),
    }
}

fn of_host(app: &App, host: &TeamHost) -> Result<Arc<Provider>, ServerCode> {
    app.providers
        .at_host(&host.key.provider, &host.base, host.app.clone())
}

/// What clients see of a host; `None`: of a service that this version does not know.
pub(crate) fn row(app: &App, host: &TeamHost) -> Option<ProviderRow> {
    of_host(app, host).ok().map(|provider| provider.row())
}

fn member(bearer: &Bearer, team_id: &str) -> Result<TeamId, RouteError> {
    let team_id: TeamId = team_id.parse().map_err(|_| RouteError::invalid("teamId"))?;
    if bearer.user.team_ids.contains(&team_id) {
        Ok(team_id)
    } else {
        Err(RouteError::of(ServerCode::UserNotOnTeam))
    }
}

/// Adds a host, or changes its app.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    Path((name, team_id)): Path<(String, String)>,
    bearer: Bearer,
    RequestId(request_id): RequestId,
    Json(body): Json<NewHost>,
) -> Result<axum::Json<HostAdded>, RouteError> {
    let team_id = member(&bearer, &team_id)?;
    limit::change(&app, &bearer.user.id, HOST_BYTES).await?;
    let base = address(&body.host, &app.origins.public).ok_or_else(|| RouteError::invalid("host"))?;
    let registered = registered(body)?;
    let provider = app
        .providers
        .at_host(&name, &base, registered.clone())
        .map_err(RouteError::of)?;
    let row = provider.row();
    if Registry::is_taken(&row.id) {
        let message = format!("{} needs no adding: connect it as it is.", row.host);
        return Err(RouteError::invalid("host").saying(message));
    }
    let host = TeamHost {
        key: HostKey {
            team_id: team_id.clone(),
            provider: name,
            id: row.id.clone(),
        },
        base,
        app: registered,
    };
    let change = me::host_added(&team_id, &row);
    let team = app.store.put_host(host, change, Some(&request_id)).await?;
    tracing::info!(provider = provider.name(), team = %team_id, "a host was added");
    Ok(axum::Json(HostAdded {
        team,
        provider_id: row.id,
    }))
}

fn registered(body: NewHost) -> Result<Option<OAuthApp>, RouteError> {
    let text = |text: Option<String>| {
        text.map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    let secret = body
        .app_client_secret
        .filter(|secret| !secret.expose().trim().is_empty())
        .map(|secret| ClientSecret::new(secret.expose().trim()));
    match (text(body.app_client_id), secret) {
        (Some(client_id), Some(secret)) => Ok(Some(OAuthApp {
            client_id,
            client_secret: Some(secret),
            signing_secret: None,
        })),
        (Some(_), None) => Err(RouteError::required("appClientSecret")),
        (None, Some(_)) => Err(RouteError::required("appClientId")),
        (None, None) => Ok(None),
    }
}

/// Removes a host with its members' accounts, whose access ends.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Path((name, team_id, id)): Path<(String, String, String)>,
    bearer: Bearer,
    RequestId(request_id): RequestId,
) -> Result<axum::Json<TeamChange>, RouteError> {
    let key = HostKey {
        team_id: member(&bearer, &team_id)?,
        provider: name,
        id: id.parse().map_err(|_| RouteError::invalid("providerId"))?,
    };
    let removed = app.store.remove_host(&key, Some(&request_id)).await?;
    let removed = removed.ok_or(RouteError::of(ServerCode::UnknownProviderHost))?;
    tracing::info!(provider = key.provider, team = %key.team_id, "a host was removed");
    if let Ok(provider) = of_host(&app, &removed.host) {
        app.clone().lifecycle.spawn(async move {
            for account in &removed.accounts {
                let revoked = deauth::revoke(&app, &provider, account).await;
                tracing::info!(provider = provider.name(), ?revoked, "disconnected with its host");
            }
        });
    }
    Ok(axum::Json(TeamChange { team: removed.team }))
}
