//! Sessions: one signed-in agent each. Tokens are kept as fingerprints or sealed, never plain.

use async_trait::async_trait;
use codestream_protocol::channel::ChannelName;
use codestream_protocol::secret::{BroadcasterToken, SessionToken};
use codestream_protocol::{IdentityId, TeamId, UnixMillis, UserId};

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

/// Why a session is over by itself (CWE-613).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// It was not used for too long.
    Idle,
    /// It lasted as long as any may.
    Absolute,
}

/// What a session is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewSession<'a> {
    /// Whose.
    pub(crate) user: &'a UserId,
    /// The team to work in.
    pub(crate) team: Option<&'a TeamId>,
    /// The lower-case name of the service that was signed in with.
    pub(crate) provider: Option<&'a str>,
    /// The identity that was signed in with.
    pub(crate) identity: Option<IdentityId>,
    /// The IDE, as the agent says.
    pub(crate) ide: Option<&'a str>,
    /// The machine, as the agent says.
    pub(crate) machine: Option<&'a str>,
    /// The agent's network address.
    pub(crate) address: Option<&'a str>,
}

impl<'a> NewSession<'a> {
    /// A session that nobody signed in to.
    pub(crate) fn of(user: &'a UserId, team: Option<&'a TeamId>, provider: Option<&'a str>) -> Self {
        Self {
            user,
            team,
            provider,
            identity: None,
            ide: None,
            machine: None,
            address: None,
        }
    }
}

/// A session as its user sees it: without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenSession {
    /// Its name.
    pub(crate) id: SessionId,
    /// The IDE, as the agent said.
    pub(crate) ide: Option<String>,
    /// The machine, as the agent said.
    pub(crate) machine: Option<String>,
    /// The lower-case name of the service that was signed in with.
    pub(crate) provider: Option<String>,
    /// When it began.
    pub(crate) since: UnixMillis,
    /// When it was last used, to some minutes.
    pub(crate) last_used_at: Option<UnixMillis>,
    /// Where it was last used from.
    pub(crate) address: Option<String>,
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

    /// The session of this bearer token, used from `address`. The first use is kept, and ends the grant that it came from;
    /// the last one is kept to some minutes.
    async fn use_session(
        &self,
        token: &SessionToken,
        address: Option<&str>,
    ) -> Result<Option<Session>, StoreError>;

    /// Why the session of this bearer token is over, if its time did it; told for a month.
    async fn session_end(&self, token: &SessionToken) -> Result<Option<SessionEnd>, StoreError>;

    /// The user's sessions, newest first.
    async fn sessions_of(&self, user: &UserId) -> Result<Vec<OpenSession>, StoreError>;

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

    /// Ends one session of the user, or all but `current`; how many. Wakes as [`end_session`](Self::end_session).
    async fn end_sessions(
        &self,
        user: &UserId,
        which: Option<SessionId>,
        current: SessionId,
    ) -> Result<u32, StoreError>;

    /// The sessions that may read `channel` now.
    async fn audience(&self, channel: &ChannelName) -> Result<Vec<SessionId>, StoreError>;
}
