//! "This was not me": what a success page can take back.

use std::time::Duration;

use async_trait::async_trait;
use codestream_protocol::id::CodeId;
use codestream_protocol::{UnixMillis, UserId};
use serde::{Deserialize, Serialize};

use super::{AccountKey, SessionId, StoreError};

/// What can be taken back, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Undo {
    /// What to take back.
    pub(crate) undoing: Undoing,
    /// Until when.
    pub(crate) expires_at: UnixMillis,
}

/// What taking back means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Undoing {
    /// Who signed in or connected, with what.
    pub(crate) deed: Deed,
    /// The session to end, after a sign-in.
    pub(crate) session: Option<SessionId>,
}

/// What became of the wish to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TakenUndo {
    /// This call, and no other, takes it back.
    Now(Box<Undoing>),
    /// Another call is taking it back.
    Underway,
    /// It was taken back before, with this outcome.
    Before(String),
    /// There is none, or its time is over.
    Gone,
}

/// How long one call may take to take something back.
pub(crate) const UNDO_LEASE: Duration = Duration::from_secs(30);

/// What was done by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deed {
    /// The CodeStream user.
    pub(crate) user_id: UserId,
    /// The service's lower-case name.
    pub(crate) provider: String,
    /// The account to disconnect and revoke; absent after a sign-in that gave none.
    pub(crate) account: Option<AccountKey>,
    /// The handshake that links an identity, or has linked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<CodeId>,
}

/// Undos. The token is kept as a fingerprint.
#[async_trait]
pub(crate) trait Undos {
    /// Keeps what `token` can take back.
    async fn keep_undo(&self, token: &str, undo: Undo) -> Result<(), StoreError>;

    /// What `token` can take back, without doing it: for a page that asks first.
    async fn undo(&self, token: &str) -> Result<Option<Undo>, StoreError>;

    /// Takes the undo: for one caller alone, and only in time. A caller that never says what came of it loses it to the next
    /// one after [`UNDO_LEASE`].
    async fn take_undo(&self, token: &str) -> Result<TakenUndo, StoreError>;

    /// Keeps what became of an undo that was taken.
    async fn finish_undo(&self, token: &str, outcome: &str) -> Result<(), StoreError>;
}
