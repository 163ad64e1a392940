//! Which account a request of an agent is about, and whether it may be.

use axum::http::HeaderMap;
use codestream_protocol::{ProviderId, TeamId, UserId};

use super::route_error::RouteError;
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
pub(crate) async fn key(app: &App, user: &UserId, named: Named<'_>) -> Result<AccountKey, RouteError> {
    let provider = app.providers.get(named.provider).map_err(RouteError::Service)?;
    if let Some(host) = named.host
        && ProviderId::of_host(host) != ProviderId::of_host(provider.host())
    {
        return Err(RouteError::UnknownHost);
    }
    if !app.store.is_member(user, &named.team_id).await? {
        return Err(RouteError::NotOnTeam);
    }
    Ok(AccountKey {
        user_id: user.clone(),
        team_id: named.team_id,
        provider: provider.name().to_owned(),
        host: None,
        sub_id: named.sub_id.map(str::to_owned),
    })
}

/// Names the request in what it publishes.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("x-request-id")?.to_str().ok().map(str::to_owned)
}
