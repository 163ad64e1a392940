//! Which account a request of an agent is about, and whether it may be.

use std::sync::Arc;

use codestream_protocol::{ProviderId, ServerCode, TeamId};

use super::hosts::{self, NoProvider};
use crate::api::{Bearer, RouteError};
use crate::app::App;
use crate::providers::Provider;
use crate::store::AccountKey;

/// What a request says about an account.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    /// The lower-case name in the path.
    pub(crate) provider: &'a str,
    pub(crate) team_id: TeamId,
    /// A self-hosted service's host, plain or starred.
    pub(crate) host: Option<&'a str>,
    /// One workspace of several.
    pub(crate) sub_id: Option<&'a str>,
}

/// The account's key and its service, for a member of the team.
pub(crate) async fn named(
    app: &App,
    bearer: &Bearer,
    named: Named<'_>,
) -> Result<(AccountKey, Arc<Provider>), RouteError> {
    let host = named.host.map(ProviderId::of_host);
    // A service may be named by its own host, too.
    let host = host.filter(|id| !app.providers.get(named.provider).is_ok_and(|own| *id == own.id()));
    if host.is_none() {
        app.providers.get(named.provider).map_err(RouteError::of)?;
    }
    if !bearer.user.team_ids.contains(&named.team_id) {
        return Err(RouteError::of(ServerCode::UserNotOnTeam));
    }
    let at = host.as_ref().map(|id| (&named.team_id, id));
    let provider = hosts::provider(app, named.provider, at).await?;
    let key = AccountKey {
        user_id: bearer.user.id.clone(),
        provider: provider.name().to_owned(),
        host: provider.own_host().cloned(),
        sub_id: named.sub_id.map(str::to_owned),
        team_id: named.team_id,
    };
    Ok((key, provider))
}

/// The service that an account is at.
pub(crate) async fn provider_of(app: &App, key: &AccountKey) -> Result<Arc<Provider>, NoProvider> {
    let at = key.host.as_ref().map(|id| (&key.team_id, id));
    hosts::provider(app, &key.provider, at).await
}

/// There is no such account.
pub(crate) fn not_connected() -> RouteError {
    RouteError::of(ServerCode::NotFound).saying("This account is not connected.")
}
