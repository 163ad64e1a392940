//! What a user is told once, by whichever agent comes first.

use async_trait::async_trait;
use codestream_protocol::UserId;
use uuid::Uuid;

use super::StoreError;

/// Something that a user has not been told yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Names it.
    pub(crate) id: Uuid,
    /// What it is about.
    pub(crate) kind: NoticeKind,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    /// An earlier version let an account sign in because it was connected; it no longer does.
    IdentityRemoved {
        /// The service's lower-case name.
        provider: String,
        /// The account's name, when known.
        account: Option<String>,
    },
}

/// Notices.
#[async_trait]
pub(crate) trait Notices {
    /// What the user has not been told yet, oldest first.
    async fn notices_of(&self, user: &UserId) -> Result<Vec<Notice>, StoreError>;

    /// The user was told.
    async fn notice_told(&self, user: &UserId, id: Uuid) -> Result<(), StoreError>;
}
