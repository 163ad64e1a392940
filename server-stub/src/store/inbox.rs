//! Letters of third parties: each taken once, kept until it is worked on, and told of exactly once.

use async_trait::async_trait;
use codestream_protocol::channel::ChannelName;
use codestream_protocol::{TeamId, UnixMillis, UserId};
use serde_json::Value;

use super::StoreError;

/// A letter that was proven.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewDelivery {
    /// The service's lower-case name.
    pub(crate) provider: String,
    /// What no second letter may carry, and until when; kept as a fingerprint.
    pub(crate) seal: Option<(String, UnixMillis)>,
    /// What it is about; `None`: there is nothing to do.
    pub(crate) matter: Option<NewMatter>,
}

/// What a letter is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewMatter {
    /// The service's own name of it; `None`: it has none, and is new.
    pub(crate) id: Option<String>,
    /// What is to be worked on; sealed.
    pub(crate) work: Value,
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Its work is to be done, and has this name.
    New(String),
    /// There is nothing to do, or it is done already.
    Nothing,
    /// This very letter was taken before.
    Replayed,
}

/// Work, for whoever claimed it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Delivery {
    /// Its name.
    pub(crate) id: String,
    /// The service's lower-case name.
    pub(crate) provider: String,
    /// As it was kept.
    pub(crate) work: Value,
    /// When the letter came.
    pub(crate) arrived_at: UnixMillis,
    /// How often it was claimed, this time included.
    pub(crate) tries: i64,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Claimed {
    /// The caller has it for a minute.
    Ours(Delivery),
    /// It is done, or somebody else's for now.
    No,
    /// Its key is not configured here. It is anybody's who has the key; that it was tried counts.
    Lost {
        /// The service's lower-case name.
        provider: String,
        /// When the letter came.
        arrived_at: UnixMillis,
        /// How often it was claimed, this time included.
        tries: i64,
    },
}

/// An account in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Whose.
    pub(crate) user_id: UserId,
    /// In which team.
    pub(crate) team_id: TeamId,
    /// The service's immutable id of who it belongs to.
    pub(crate) subject: Option<String>,
}

/// Letters.
#[async_trait]
pub(crate) trait Inbox {
    /// Takes a letter: seal and matter are checked and kept in one transaction.
    async fn take_delivery(&self, new: NewDelivery) -> Result<Taken, StoreError>;

    /// Claims work for a minute, unless it cannot be opened here.
    async fn claim_delivery(&self, id: &str) -> Result<Claimed, StoreError>;

    /// Work that nobody has claimed or that was not finished in its minute. Forgets what has expired.
    async fn due_deliveries(&self) -> Result<Vec<String>, StoreError>;

    /// Publishes what the work told and marks it done, in one transaction; nothing when it is done already.
    async fn finish_delivery(&self, id: &str, tell: Vec<(ChannelName, Value)>) -> Result<(), StoreError>;

    /// Every account in a service's workspace.
    async fn members_at(&self, provider: &str, workspace: &str) -> Result<Vec<Member>, StoreError>;
}
