//! What belongs to a team rather than to one of its members: the services that it hosts itself, and the tokens of the app
//! itself in its workspaces.

use async_trait::async_trait;
use codestream_protocol::directive::Directive;
use codestream_protocol::secret::{AccessToken, RefreshToken};
use codestream_protocol::{ProviderId, TeamId, UnixMillis, UserId};
use serde_json::Value;
use url::Url;

use super::{Account, AccountKey, StoreError};
use crate::providers::{OAuthApp, Tokens};

/// Names a service that a team hosts itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostKey {
    /// Whose.
    pub(crate) team_id: TeamId,
    /// The lower-case name of what it is.
    pub(crate) provider: String,
    /// Its starred host.
    pub(crate) id: ProviderId,
}

/// A service that a team hosts itself.
#[derive(Debug, Clone)]
pub(crate) struct TeamHost {
    /// Its name.
    pub(crate) key: HostKey,
    /// Its address, which ends in `/`.
    pub(crate) base: Url,
    /// The app that is registered there, its secret sealed at rest; absent: its users bring tokens of their own.
    pub(crate) app: Option<OAuthApp>,
    /// Whether it has a redirect URI of its own; one that was added before shares the service's until it is added again.
    pub(crate) own_redirect_uri: bool,
}

/// What came of adding a host.
#[derive(Debug)]
pub(crate) enum Put {
    /// It is there.
    Done(Box<PutHost>),
    /// The id is that of another address, which stays: accounts there belong to it (CWE-346).
    Taken(Url),
    /// These other members have accounts of the app that would be replaced.
    InUse(Vec<UserId>),
}

/// A host that was added, with what went.
#[derive(Debug)]
pub(crate) struct PutHost {
    /// As it is now.
    pub(crate) host: TeamHost,
    /// As it was before, with the accounts of its app; `None`: no app was replaced.
    pub(crate) replaced: Option<(TeamHost, Vec<Account>)>,
    /// The change of the team.
    pub(crate) team: Directive,
}

/// What came of removing a host.
#[derive(Debug)]
pub(crate) enum Removal {
    /// It is gone.
    Done(Box<RemovedHost>),
    /// These other members have accounts there.
    InUse(Vec<UserId>),
    /// There is none.
    Unknown,
}

/// What the members of a team are told of a host.
pub(crate) type HostChange<'a> = &'a (dyn Fn(&TeamHost) -> Directive + Send + Sync);

/// Who changes a host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By<'a> {
    /// Who asks.
    pub(crate) user_id: &'a UserId,
    /// Whether to go on when that disconnects others.
    pub(crate) confirmed: bool,
    /// Names the HTTP request in the message to the team.
    pub(crate) request_id: Option<&'a str>,
}

/// A host that is gone, with what went with it.
#[derive(Debug)]
pub(crate) struct RemovedHost {
    /// As it was.
    pub(crate) host: TeamHost,
    /// The members' accounts there.
    pub(crate) accounts: Vec<Account>,
    /// The change of the team.
    pub(crate) team: Directive,
}

/// Names a token of the app itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TeamTokenKey {
    /// Whose.
    pub(crate) team_id: TeamId,
    /// The service's lower-case name.
    pub(crate) provider: String,
    /// A self-hosted service's starred host.
    pub(crate) host: Option<ProviderId>,
    /// Where it is good.
    pub(crate) workspace_id: String,
}

impl TeamTokenKey {
    /// The one of the workspace that an account is named after.
    pub(crate) fn beside(account: &AccountKey) -> Option<Self> {
        Some(Self {
            team_id: account.team_id.clone(),
            provider: account.provider.clone(),
            host: account.host.clone(),
            workspace_id: account.sub_id.clone()?,
        })
    }
}

/// A token of the app itself in a workspace: for the team, whoever installed it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TeamToken {
    /// Its name.
    pub(crate) key: TeamTokenKey,
    /// Never leaves the server.
    pub(crate) access_token: AccessToken,
    /// Never leaves the server.
    pub(crate) refresh_token: Option<RefreshToken>,
    /// When the access token ends; absent when it does not.
    pub(crate) expires_at: Option<UnixMillis>,
    /// Since when.
    pub(crate) since: UnixMillis,
    /// What else is known of it; sealed at rest like a token. `Null` or an object.
    pub(crate) data: Value,
}

impl TeamToken {
    /// As its service is asked with it.
    pub(crate) fn tokens(&self) -> Tokens {
        Tokens {
            refresh: self.refresh_token.clone(),
            data: self.data.clone(),
            ..Tokens::alone(self.access_token.clone())
        }
    }
}

/// What teams have. Every change grows the team's version by one and is published on the team's channel in the same
/// transaction. `request_id` names the HTTP request in that message.
#[async_trait]
pub(crate) trait Teams {
    /// The hosts of a team, in the order of their names.
    async fn hosts_of(&self, team: &TeamId) -> Result<Vec<TeamHost>, StoreError>;

    /// The host with this name.
    async fn host(&self, key: &HostKey) -> Result<Option<TeamHost>, StoreError>;

    /// Adds a host, or changes the app of the one of the same name: without an app it keeps the one that it has. Accounts of
    /// an app that is replaced go with it. `change` is what the team's members are told.
    async fn put_host(&self, host: TeamHost, by: By<'_>, change: HostChange<'_>) -> Result<Put, StoreError>;

    /// Removes a host with its members' accounts, who are told.
    async fn remove_host(&self, key: &HostKey, by: By<'_>) -> Result<Removal, StoreError>;

    /// Remembers until `expires_at` that a code came back for a host that shares its service's redirect URI.
    async fn spend_code(&self, digest: &str, expires_at: UnixMillis) -> Result<(), StoreError>;

    /// Whether a code came back for such a host.
    async fn is_spent(&self, digest: &str) -> Result<bool, StoreError>;

    /// The app's own tokens of a team, in the order of their names.
    async fn team_tokens_of(&self, team: &TeamId) -> Result<Vec<TeamToken>, StoreError>;

    /// Takes a token away, for its revocation, once no member has an account in its workspace; `None`: somebody has, or there
    /// is none.
    async fn take_unused_team_token(&self, key: &TeamTokenKey) -> Result<Option<TeamToken>, StoreError>;
}
