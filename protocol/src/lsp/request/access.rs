//! Who may sign in as the user, and who is signed in: identities and sessions.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::http::{Identity, SessionRow};
use crate::id::{IdentityId, SessionId};

/// Answer of `codestream/login/identities`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Identities {
    /// Oldest first; never empty for a user who signed up.
    pub identities: Vec<Identity>,
}

/// `codestream/login/unlink`. The last identity is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UnlinkParams {
    /// As in [`Identity`].
    pub identity_id: IdentityId,
}

/// Answer of `codestream/session/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SessionList {
    /// Newest first.
    pub sessions: Vec<SessionRow>,
}

/// `codestream/session/end`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionEnd {
    /// Which one; absent: all but this one. Its own id is a logout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session_id: Option<SessionId>,
}

/// Answer of `codestream/session/end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SessionsEnded {
    /// How many.
    pub ended: u32,
}
