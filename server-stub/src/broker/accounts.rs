//! Which account a request of an agent is about, and whether it may be.

use codestream_protocol::{ProviderId, ServerCode, TeamId};

use crate::api::{Bearer, RouteError};
use crate::app::App;
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

/// The account's key, for a member of the team.
pub(crate) fn key(app: &App, bearer: &Bearer, named: Named<'_>) -> Result<AccountKey, RouteError> {
    let provider = app.providers.get(named.provider).map_err(RouteError::of)?;
    if let Some(host) = named.host
        && ProviderId::of_host(host) != ProviderId::of_host(provider.host())
    {
        return Err(RouteError::of(ServerCode::UnknownProviderHost));
    }
    if !bearer.user.team_ids.contains(&named.team_id) {
        return Err(RouteError::of(ServerCode::UserNotOnTeam));
    }
    Ok(AccountKey {
        user_id: bearer.user.id.clone(),
        team_id: named.team_id,
        provider: provider.name().to_owned(),
        host: None,
        sub_id: named.sub_id.map(str::to_owned),
    })
}

/// There is no such account.
pub(crate) fn not_connected() -> RouteError {
    RouteError::of(ServerCode::NotFound).saying("This account is not connected.")
}
