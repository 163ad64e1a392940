//! Connected accounts: a user's tokens at a service.

use std::time::Duration;

use async_trait::async_trait;
use codestream_protocol::directive::Directive;
use codestream_protocol::http::TokenError;
use codestream_protocol::secret::{AccessToken, RefreshToken};
use codestream_protocol::{ProviderId, TeamId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StoreError;
use crate::providers::{Held, Tokens};

/// Names an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct AccountKey {
    /// Whose.
    pub(crate) user_id: UserId,
    /// In which team.
    pub(crate) team_id: TeamId,
    /// The service's lower-case name.
    pub(crate) provider: String,
    /// A self-hosted service's starred host.
    pub(crate) host: Option<ProviderId>,
    /// One workspace of several.
    pub(crate) sub_id: Option<String>,
}

/// A connected account.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Account {
    /// Its name.
    pub(crate) key: AccountKey,
    /// For direct calls; absent once the connection is lost.
    pub(crate) access_token: Option<AccessToken>,
    /// Never leaves the server.
    pub(crate) refresh_token: Option<RefreshToken>,
    /// When the access token ends; absent when it does not.
    pub(crate) expires_at: Option<UnixMillis>,
    /// The user made this token by hand.
    pub(crate) is_api_token: bool,
    /// Who it belongs to: the service's own login or display name.
    pub(crate) who: Option<String>,
    /// The service's immutable id of who it belongs to.
    pub(crate) subject: Option<String>,
    /// Since when it is connected.
    pub(crate) since: UnixMillis,
    /// What else the service needs on a call; sealed at rest like a token. `Null` or an object.
    pub(crate) data: Value,
    /// Why the connection was lost.
    pub(crate) token_error: Option<TokenError>,
}

impl Account {
    /// What its service is asked about it with.
    pub(crate) fn held<'a>(&'a self, access: &'a AccessToken) -> Held<'a> {
        Held {
            access,
            refresh: self.refresh_token.as_ref(),
            claims: None,
            data: &self.data,
        }
    }

    /// Its tokens, while it has some.
    pub(crate) fn tokens(&self) -> Option<Tokens> {
        Some(Tokens {
            refresh: self.refresh_token.clone(),
            data: self.data.clone(),
            ..Tokens::alone(self.access_token.clone()?)
        })
    }
}

/// What a refresh brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewTokens {
    /// The new access token.
    pub(crate) access_token: AccessToken,
    /// The new refresh token; absent: the old one stays.
    pub(crate) refresh_token: Option<RefreshToken>,
    /// When the new access token ends.
    pub(crate) expires_at: Option<UnixMillis>,
}

/// What became of a compare-and-swap.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Replaced {
    /// Done, published, and this is the change.
    Yes(Box<Change>),
    /// The account holds another refresh token by now; it is as it was found.
    Other(Box<Account>),
    /// The account is gone.
    Gone,
}

/// The right to refresh an account, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    /// When it ends by itself, so that a node that dies holds nobody up for longer.
    pub(crate) until: UnixMillis,
}

/// What became of the wish to refresh an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leased {
    /// Nobody else refreshes it until then.
    Ours(Lease),
    /// Somebody else is at it, until this time at most.
    Theirs(UnixMillis),
    /// There is no such account.
    Gone,
}

/// A change of the me-object that was stored and published.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    /// With its `$version`.
    pub(crate) user: Directive,
    /// Of the message on the me-channel.
    pub(crate) message_id: String,
}

/// Accounts. Every change grows the user's version by one and is published on the user's me-channel in the same
/// transaction. `request_id` names the HTTP request in that message.
#[async_trait]
pub(crate) trait Accounts {
    /// The account with this name.
    async fn account(&self, key: &AccountKey) -> Result<Option<Account>, StoreError>;

    /// Every account of the user, in all teams.
    async fn accounts_of(&self, user: &UserId) -> Result<Vec<Account>, StoreError>;

    /// Makes or replaces an account, outside any handshake.
    async fn put_account(&self, account: Account, request_id: Option<&str>) -> Result<Change, StoreError>;

    /// Stores refreshed tokens, if the account still holds the refresh token `old`; clears `token_error`.
    async fn replace_tokens(
        &self,
        key: &AccountKey,
        old: &RefreshToken,
        new: NewTokens,
        request_id: Option<&str>,
    ) -> Result<Replaced, StoreError>;

    /// Takes the tokens away and keeps the reason, if the account still holds the access token `old`.
    async fn lose_tokens(
        &self,
        key: &AccountKey,
        old: &AccessToken,
        error: TokenError,
        request_id: Option<&str>,
    ) -> Result<Replaced, StoreError>;

    /// Removes an account and gives it back, for the revocation; `None`: there was none.
    async fn remove_account(
        &self,
        key: &AccountKey,
        request_id: Option<&str>,
    ) -> Result<Option<(Account, Change)>, StoreError>;

    /// Lets one caller, on one node, refresh the account; for `life` at most.
    async fn lease_refresh(&self, key: &AccountKey, life: Duration) -> Result<Leased, StoreError>;

    /// Gives the lease back. Wakes [`RefreshEnded`](super::Wake::RefreshEnded).
    async fn end_refresh(&self, key: &AccountKey, lease: Lease) -> Result<(), StoreError>;
}
