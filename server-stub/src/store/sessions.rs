//! Sessions: one signed-in agent each. Tokens are kept as fingerprints or sealed, never plain.

use async_trait::async_trait;
use codestream_protocol::channel::ChannelName;
use codestream_protocol::secret::{BroadcasterToken, SessionToken};
use codestream_protocol::{TeamId, UnixMillis, UserId};

use super::StoreError;

pub(crate) use codestream_protocol::SessionId;

/// A signed-in agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its name.
    pub(crate) id: SessionId,
    /// Whose.
    pub(crate) user_id: UserId,
    /// The team to work in.
    pub(crate) team_id: Option<TeamId>,
    /// The lower-case name of the service that was signed in with.
    pub(crate) provider: Option<String>,
    /// Good for the me-channel's `auth` only.
    pub(crate) broadcaster_token: BroadcasterToken,
    /// When it began.
    pub(crate) since: UnixMillis,
}

/// A session just opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenedSession {
    /// The session.
    pub(crate) session: Session,
    /// Its bearer token: told here and never again.
    pub(crate) token: SessionToken,
}

/// Sessions.
#[async_trait]
pub(crate) trait Sessions {
    /// Opens a session.
    async fn open_session(
        &self,
        user: &UserId,
        team: Option<&TeamId>,
        provider: Option<&str>,
    ) -> Result<OpenedSession, StoreError>;

    /// The session of this bearer token; its first use is kept, and ends the grant that it came from.
    async fn use_session(&self, token: &SessionToken) -> Result<Option<Session>, StoreError>;

    /// The session with this id, while it lasts.
    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// The session of `user` with this broadcaster token.
    async fn session_by_broadcaster(
        &self,
        user: &UserId,
        token: &BroadcasterToken,
    ) -> Result<Option<Session>, StoreError>;

    /// Ends a session; `false`: there was none. Wakes [`SessionEnded`](super::Wake::SessionEnded).
    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError>;

    /// The sessions that may read `channel` now.
    async fn audience(&self, channel: &ChannelName) -> Result<Vec<SessionId>, StoreError>;
}
