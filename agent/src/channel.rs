//! The me-channel client: what happens to the signed-in user, told by the server as it happens.
//!
//! Every message is delivered exactly once and in order, or the session is told to refetch ([`ChannelEvent::Reset`]): never a
//! silent hole. [`machine`] decides (pure), [`driver`] does the I/O, [`dial`] opens the WebSocket through the agent's one
//! HTTP stack, [`inbox`] joins parts and drops what was seen. Nothing here knows what a message means.

mod dial;
mod driver;
mod inbox;
mod machine;

use std::sync::Arc;

use codestream_protocol::channel::Message;
use codestream_protocol::http::SocketCluster;
use codestream_protocol::lsp::notification::ConnectionStatus;
use codestream_protocol::secret::BroadcasterToken;
use codestream_protocol::{TeamId, UserId};
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use crate::clock::Clock;
use crate::lifecycle::Lifecycle;
use crate::net::Network;
use crate::random::Random;

pub(crate) use dial::{DialError, address};

/// Whose channels, and where.
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
    /// The channel's time from which on to tell; `None`: the time of [`start`], so call it when the login data has arrived.
    pub since: Option<codestream_protocol::UnixMillis>,
}

/// What the session is told.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelEvent {
    /// The connection came or went.
    Status(ConnectionStatus),
    /// A message, whole, once.
    Message(Box<Message>),
    /// Something may have been missed: refetch (`GET /users/me`). Also told when the server refuses the channel, so that the
    /// refetch finds out whether the session still stands.
    Reset,
    /// The server does not accept the session any more. Nothing follows.
    SessionEnded,
}

/// What the client needs of the rest.
pub struct ChannelDeps {
    /// The way out.
    pub network: Network,
    /// Wall time, to notice a laptop that slept.
    pub clock: Arc<dyn Clock>,
    /// Chance, for jitter and the WebSocket key.
    pub random: Random,
    /// Where the task runs.
    pub lifecycle: Lifecycle,
    /// Where the events go.
    pub events: mpsc::Sender<ChannelEvent>,
}

/// A running client; dropping it ends the connection.
#[derive(Debug)]
pub struct ChannelHandle {
    _stop: DropGuard,
}

/// Connects, and stays connected until the handle is dropped or the session ends.
pub fn start(deps: ChannelDeps, config: ChannelConfig) -> ChannelHandle {
    let lifecycle = deps.lifecycle.clone();
    let stop = lifecycle.soft().child_token();
    lifecycle.spawn(driver::run(deps, config, stop.clone()));
    ChannelHandle {
        _stop: stop.drop_guard(),
    }
}

/// Opens the channel's WebSocket and lets it go again: whether the way there is free.
pub(crate) async fn reach(
    network: &Network,
    socket_cluster: &SocketCluster,
    entropy: [u8; 16],
) -> Result<(), DialError> {
    dial::dial(network, socket_cluster, entropy).await.map(drop)
}

#[cfg(test)]
mod tests;
