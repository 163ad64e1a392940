//! Users and teams.

use async_trait::async_trait;
use codestream_protocol::{TeamId, UserId};

use super::StoreError;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// 24 hexadecimal characters.
    pub(crate) id: UserId,
    /// As given; compared without regard to case.
    pub(crate) email: String,
    /// Short name.
    pub(crate) username: String,
    /// For people.
    pub(crate) full_name: String,
    /// Grows by one with every change of the me-object.
    pub(crate) version: i64,
    /// The lower-case name of the service that the user signed up with.
    pub(crate) signed_up_with: Option<String>,
    /// In order of joining.
    pub(crate) team_ids: Vec<TeamId>,
}

/// People who work together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Team {
    /// 24 hexadecimal characters.
    pub(crate) id: TeamId,
    /// For people.
    pub(crate) name: String,
    /// In order of joining.
    pub(crate) member_ids: Vec<UserId>,
    /// Grows by one with every change of what the team has.
    pub(crate) version: i64,
}

/// What a user is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewUser {
    /// Verified.
    pub(crate) email: String,
    /// Short name.
    pub(crate) username: String,
    /// For people.
    pub(crate) full_name: String,
    /// The lower-case name of the service that proved the e-mail address.
    pub(crate) signed_up_with: Option<String>,
}

/// Users and teams.
#[async_trait]
pub(crate) trait People {
    /// Makes a user in a team of their own; `None`: the e-mail address is taken.
    async fn create_user_and_team(&self, new: NewUser) -> Result<Option<(User, Team)>, StoreError>;

    /// The user with this id.
    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError>;

    /// The user with this e-mail address, in any case.
    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError>;

    /// The user's teams, in order of joining.
    async fn teams_of(&self, user: &UserId) -> Result<Vec<Team>, StoreError>;

    /// Whether `user` is in `team`.
    async fn is_member(&self, user: &UserId, team: &TeamId) -> Result<bool, StoreError>;

    /// Takes `user` out of `team`; `false`: was not in it. Wakes [`Membership`](super::Wake::Membership).
    async fn remove_member(&self, user: &UserId, team: &TeamId) -> Result<bool, StoreError>;
}
