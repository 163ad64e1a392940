//! What the store tells after a commit, to whoever waits for it.

use codestream_protocol::UserId;
use codestream_protocol::channel::ChannelName;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use super::{SessionId, SignUpKey};

/// One thing that has changed. Names rows only: a listener reads what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Wake {
    /// A message was stored.
    Message {
        /// Its id.
        id: String,
        /// Where it was published.
        channel: ChannelName,
    },
    /// A sign-up was opened, granted, refused, or has expired.
    SignUp {
        /// Which one.
        key: SignUpKey,
    },
    /// A session has ended.
    SessionEnded {
        /// Which one.
        id: SessionId,
    },
    /// A handshake was opened, so the next expiry may come sooner.
    Deadline,
    /// A user's teams have changed.
    Membership {
        /// Whose.
        user_id: UserId,
    },
    /// A refresh of one of the user's accounts is over, whatever came of it.
    RefreshEnded {
        /// Whose.
        user_id: UserId,
    },
    /// Something may have been missed: read again what is waited for.
    Missed,
}

/// Tells every listener. A listener that has fallen behind gets `RecvError::Lagged` and reads again what it waits for.
#[derive(Debug, Clone)]
pub(crate) struct Wakes(broadcast::Sender<Wake>);

impl Wakes {
    /// With nobody listening yet.
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(4096))
    }

    /// Tells `wake`.
    pub(crate) fn tell(&self, wake: Wake) {
        // Err means that nobody listens.
        let _ = self.0.send(wake);
    }

    /// Listens from now on. Subscribe first, then read the store: so nothing falls in between.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Wake> {
        self.0.subscribe()
    }
}
