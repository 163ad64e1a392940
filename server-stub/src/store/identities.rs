//! Identities: who may sign in as a user. One is made by signing up, further ones by link handshakes that the user confirms.

use async_trait::async_trait;
use codestream_protocol::http::IdentityOrigin;
use codestream_protocol::id::CodeId;
use codestream_protocol::{IdentityId, ProviderId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};

use super::{End, Failure, SessionId, StoreError, User};

/// Somebody, as a service knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The service's lower-case name.
    pub(crate) provider: String,
    /// A self-hosted service's host.
    pub(crate) host: Option<ProviderId>,
    /// The service's immutable id of the user.
    pub(crate) subject: String,
}

/// An identity of a user, and how it came to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserIdentity {
    /// Names it; of a linked one, the id of its handshake.
    pub(crate) id: IdentityId,
    /// Who it is at the service.
    pub(crate) identity: Identity,
    /// The account's login or display name, when known.
    pub(crate) name: Option<String>,
    /// Since when it signs in, when known.
    pub(crate) since: Option<UnixMillis>,
    /// How it came about.
    pub(crate) origin: IdentityOrigin,
}

/// What became of an account that came back from a link handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It is stored, and the user's IDE was asked to confirm it.
    Yes,
    /// An account came back before; that one stays.
    Before,
    /// The handshake had ended.
    Ended(End),
    /// Its time is over, or it links nothing.
    Expired,
}

/// What became of the confirmation of a link handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// The identity is the user's.
    Yes,
    /// It is another user's; nothing was changed.
    Taken(Identity),
    /// No account has come back yet.
    Early,
    /// The handshake had ended.
    Ended(End),
    /// Its time is over.
    Expired,
    /// The user has no such link handshake.
    Unknown,
}

/// What became of the wish to remove an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlinked {
    /// It no longer signs in, and the sessions that it opened have ended.
    Yes,
    /// It is the only one.
    Last,
    /// The user has no such identity.
    Unknown,
}

/// Identities.
#[async_trait]
pub(crate) trait Identities {
    /// The user who signs in as this identity.
    async fn user_by_identity(&self, identity: &Identity) -> Result<Option<User>, StoreError>;

    /// The user's identities, oldest first.
    async fn identities_of(&self, user: &UserId) -> Result<Vec<UserIdentity>, StoreError>;

    /// Keeps who came back from a link handshake, and asks its user on the me-channel to confirm. The first one stays.
    async fn offer_link(&self, id: CodeId, identity: &Identity, name: &str) -> Result<Offered, StoreError>;

    /// Links the identity that came back, for the user who began, and ends the handshake well.
    async fn confirm_link(&self, id: CodeId, user: &UserId) -> Result<Confirmed, StoreError>;

    /// Takes a link back: ends the handshake as failed if it is open, removes the identity that it linked, and ends the
    /// sessions that were opened with that.
    async fn undo_link(&self, id: CodeId, user: &UserId, failure: Failure) -> Result<(), StoreError>;

    /// Removes an identity and ends the sessions that were opened with it, but for `current`.
    async fn unlink(&self, user: &UserId, id: IdentityId, current: SessionId)
    -> Result<Unlinked, StoreError>;
}
