//! The me-channel: `SocketCluster`'s protocol over a WebSocket.
//!
//! Messages are rows before they are frames: a delivery reads what was committed, and who may hear it, from the store. The
//! machine decides, the socket carries out, the hub knows who listens, and the dispatcher brings in what was committed.

mod dispatch;
mod hub;
mod lookup;
mod machine;
mod pass;
mod socket;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;
use codestream_protocol::UserId;
use codestream_protocol::channel::{ChannelName, PATH};

use crate::app::App;

pub(crate) use dispatch::start;
use hub::{End, Hub};

/// Every open line. Clones are the same channel.
#[derive(Debug, Clone, Default)]
pub(crate) struct Channel {
    hub: Hub,
}

impl Channel {
    /// Takes every subscription of `user` to `channel` away.
    pub(crate) fn kick(&self, user: &UserId, channel: &ChannelName) {
        self.hub.kick(user, channel);
    }

    /// How many connections are open.
    pub(crate) fn len(&self) -> usize {
        self.hub.len()
    }

    /// Cuts every connection without a word.
    pub(crate) fn cut_all(&self) {
        self.hub.end_all(End::Cut);
    }
}

/// This room's routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    // The real server takes its path with the last slash only.
    let bad_request = any(|| async { (StatusCode::BAD_REQUEST, "Bad Request") });
    Router::new()
        .route(PATH, any(socket::upgrade))
        .route(PATH.trim_end_matches('/'), bad_request)
}
