//! The me-channel client: SocketCluster over WebSocket, delivered exactly once and in order, or the session is told to refetch.

use codestream_protocol::channel::Message;
use codestream_protocol::http::SocketCluster;
use codestream_protocol::lsp::notification::ConnectionStatus;
use codestream_protocol::secret::BroadcasterToken;
use codestream_protocol::{TeamId, UnixMillis, UserId};

/// Whose channels, and from where on.
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// Where the server listens.
    pub socket_cluster: SocketCluster,
    /// For `auth`.
    pub broadcaster_token: BroadcasterToken,
    /// The user.
    pub user_id: UserId,
    /// The user's teams.
    pub team_ids: Vec<TeamId>,
    /// The channel position of the login data; `None`: from now on.
    pub since: Option<UnixMillis>,
}

/// What the session is told.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelEvent {
    /// The connection came or went.
    Status(ConnectionStatus),
    /// A message, whole, once.
    Message(Box<Message>),
    /// Something may have been missed: refetch.
    Reset,
    /// The server does not accept the session any more.
    SessionEnded,
}
