//! Accepts connections and reads requests: HTTP/1.1 alone, with deadlines and bounds (CWE-400, CWE-770, CWE-772).
//!
//! Knows nothing of what is served but a router, the one path that is always answered, and whom a proxy asks for. A client
//! that takes too long is closed; one too many gets 503 with `Retry-After`; a connection that has become a WebSocket has left
//! the deadlines, and still counts.

mod accept;
mod body;
mod connection;
mod counts;
mod descriptors;
mod gate;
mod reserve;
mod service;
mod stream;
mod timers;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::request::Parts;
use tokio_util::sync::CancellationToken;

use crate::config::Times;

pub(crate) use accept::serve;
pub(crate) use counts::Counts;
pub(crate) use descriptors::{raise, share};
pub(crate) use gate::{Bounds, Gate};

/// What is served on a listener.
#[derive(Clone)]
pub(crate) struct Site {
    /// The routes.
    pub(crate) router: Router,
    /// Who is let in.
    pub(crate) gate: Gate,
    /// How long a client may take.
    pub(crate) times: Times,
    /// The path that is answered even when no limit lets anybody in.
    pub(crate) always: Option<&'static str>,
    /// Most bytes of a body that the routes keep. More is read only to be refused, and does not count.
    pub(crate) kept: usize,
    /// The client of a request, when it is known.
    pub(crate) client: Client,
    /// Once cancelled, every response says that it is the connection's last.
    pub(crate) draining: CancellationToken,
}

/// Reads the client's address out of a request that has a `ConnectInfo`.
pub(crate) type Client = Arc<dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync>;
