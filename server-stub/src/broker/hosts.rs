//! Services that a team hosts itself: `PUT` and `DELETE /provider-host/{provider}/{teamId}[/{providerId}]`, and which service an
//! account or a state is at.

use std::sync::Arc;

use axum::extract::{Path, State};
use codestream_protocol::host;
use codestream_protocol::http::{HostAdded, NewHost, ProviderRow, TeamChange};
use codestream_protocol::secret::ClientSecret;
use codestream_protocol::text::{Limit, shown};
use codestream_protocol::{ProviderId, ServerCode, TeamId, UserId};
use serde::Deserialize;
use serde_json::Value;

use super::deauth;
use super::refusal::Refusal;
use crate::api::{Bearer, Json, Query, RequestId, RouteError, limit};
use crate::app::App;
use crate::me;
use crate::providers::{OAuthApp, Provider, Registry};
use crate::store::{Account, By, HostKey, Put, Removal, StoreError, TeamHost};

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
        Some(host) => called(app, &host).map_err(NoProvider::Code),
        None if Registry::display_name(name).is_none() => Err(NoProvider::Code(ServerCode::UnknownProvider)),
        None => Err(NoProvider::Code(ServerCode::UnknownProviderHost)),
    }
}

fn of_host(app: &App, host: &TeamHost) -> Result<Arc<Provider>, ServerCode> {
    app.providers.at_host(
        &host.key.provider,
        &host.base,
        host.app.clone(),
        host.own_redirect_uri,
    )
}

/// As [`of_host`], to be called: what was allowed when it was added may not be any more.
fn called(app: &App, host: &TeamHost) -> Result<Arc<Provider>, ServerCode> {
    if app.http.reach().admits(&host.base) {
        of_host(app, host)
    } else {
        Err(ServerCode::HostNotAllowed)
    }
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
    let base = host::base(&body.host).map_err(|error| {
        RouteError::invalid("host").saying(format!("The address cannot be used: {error}."))
    })?;
    if !app.http.reach().admits(&base) {
        let message = format!(
            "This server makes no calls to {}. Use the name of the service, or ask the server's administrator to allow the \
             address ([apiServer] allowHosts).",
            host::host(&base)
        );
        return Err(RouteError::of(ServerCode::HostNotAllowed).saying(message));
    }
    let confirmed = body.confirmed;
    let registered = registered(body)?;
    let provider = app
        .providers
        .at_host(&name, &base, registered.clone(), true)
        .map_err(RouteError::of)?;
    if Registry::is_taken(&provider.id()) {
        let message = format!("{} needs no adding: connect it as it is.", provider.host());
        return Err(RouteError::invalid("host").saying(message));
    }
    let host = TeamHost {
        key: HostKey {
            team_id,
            provider: name,
            id: provider.id(),
        },
        base,
        app: registered,
        own_redirect_uri: true,
    };
    let by = By {
        user_id: &bearer.user.id,
        confirmed,
        request_id: Some(&request_id),
    };
    let change = |host: &TeamHost| {
        let team_id = &host.key.team_id;
        row(&app, host).map_or_else(
            || me::host_removed(&host.key),
            |row| me::host_added(team_id, &row),
        )
    };
    let put = match app.store.put_host(host, by, &change).await? {
        Put::Done(put) => *put,
        Put::Taken(other) => {
            let message = format!(
                "{} is already added, with the address {other}. Remove it first, or use that address.",
                provider.host()
            );
            return Err(RouteError::of(ServerCode::HostTaken).saying(message));
        }
        Put::InUse(others) => {
            let what = format!("Replacing the app at {}", provider.host());
            return Err(in_use(&app, &what, &others).await?);
        }
    };
    tracing::info!(provider = provider.name(), team = %put.host.key.team_id, "a host was added");
    if let Some((before, accounts)) = put.replaced {
        revoke_at(&app, &before, accounts);
    }
    let row = row(&app, &put.host).ok_or_else(|| RouteError::of(ServerCode::UnknownProviderHost))?;
    Ok(axum::Json(HostAdded {
        team: put.team,
        provider_id: row.id,
        redirect_uri: row.redirect_uri,
    }))
}

/// What would disconnect others is asked first, with their names.
async fn in_use(app: &App, what: &str, others: &[UserId]) -> Result<RouteError, RouteError> {
    let mut names = Vec::new();
    for user_id in others {
        if let Some(user) = app.store.user(user_id).await? {
            let name = [user.full_name, user.username]
                .into_iter()
                .find(|name| !name.trim().is_empty());
            names.push(shown(&name.unwrap_or(user.email), Limit::NAME));
        }
    }
    let message = format!(
        "{what} disconnects other members of your team: {}. Nothing was changed. Confirm it to go on.",
        names.join(", ")
    );
    let names: Vec<_> = names.into_iter().map(Value::String).collect();
    Ok(RouteError::of(ServerCode::HostInUse)
        .saying(message)
        .with("affected", names))
}

/// Ends the access of accounts that went with their host or its app, without anybody waiting for it.
fn revoke_at(app: &Arc<App>, host: &TeamHost, accounts: Vec<Account>) {
    let Ok(provider) = called(app, host) else {
        return;
    };
    let app = app.clone();
    app.clone().lifecycle.spawn(async move {
        for account in &accounts {
            let revoked = deauth::revoke(&app, &provider, account).await;
            tracing::info!(provider = provider.name(), ?revoked, "disconnected with its host");
        }
    });
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

/// `?confirmed=1`: also when that disconnects others.
#[derive(Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    confirmed: String,
}

/// Removes a host with its members' accounts, whose access ends.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Path((name, team_id, id)): Path<(String, String, String)>,
    Query(query): Query<Confirmed>,
    bearer: Bearer,
    RequestId(request_id): RequestId,
) -> Result<axum::Json<TeamChange>, RouteError> {
    let key = HostKey {
        team_id: member(&bearer, &team_id)?,
        provider: name,
        id: id.parse().map_err(|_| RouteError::invalid("providerId"))?,
    };
    let by = By {
        user_id: &bearer.user.id,
        confirmed: query.confirmed == "1",
        request_id: Some(&request_id),
    };
    let removed = match app.store.remove_host(&key, by).await? {
        Removal::Done(removed) => *removed,
        Removal::InUse(others) => {
            let what = format!("Removing {}", key.id.host());
            return Err(in_use(&app, &what, &others).await?);
        }
        Removal::Unknown => return Err(RouteError::of(ServerCode::UnknownProviderHost)),
    };
    tracing::info!(provider = key.provider, team = %key.team_id, "a host was removed");
    revoke_at(&app, &removed.host, removed.accounts);
    Ok(axum::Json(TeamChange { team: removed.team }))
}
