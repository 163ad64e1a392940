//! Everything that outlives a request.
//!
//! Methods are named by purpose, and each is atomic: all of it is kept, or nothing. Secrets are sealed on the way in and
//! opened on the way out, so that no caller can forget to. After each commit the store tells [`Wakes`].

mod accounts;
mod handshakes;
mod health;
mod identities;
mod inbox;
mod limits;
mod links;
mod messages;
mod notices;
mod people;
mod quota;
mod sessions;
mod sign_ups;
mod sql;
mod teams;
mod undos;
mod wake;
mod workspaces;

pub(crate) use accounts::{Account, AccountKey, Accounts, Change, Lease, Leased, NewTokens, Replaced};
pub(crate) use handshakes::{
    CameBack, Connected, Consumed, End, Entered, Failure, Finish, Handshake, HandshakeKind, Handshakes,
    NewHandshake, NewState, State,
};
pub(crate) use health::Health;
pub(crate) use identities::{Confirmed, Identities, Identity, Offered, Unlinked, UserIdentity};
pub(crate) use inbox::{Claimed, Delivery, Inbox, Member, NewDelivery, NewMatter, Taken};
pub(crate) use limits::{Allowed, Limits, Rate};
pub(crate) use links::Links;
pub(crate) use messages::{Messages, StoredMessage};
pub(crate) use notices::{Notice, NoticeKind, Notices};
pub(crate) use people::{NewUser, People, Team, User};
pub(crate) use quota::{Policy, Quota};
pub(crate) use sessions::{NewSession, OpenSession, OpenedSession, Session, SessionEnd, SessionId, Sessions};
pub(crate) use sign_ups::{
    Grant, Granted, NewAccount, NewGrant, SignUpKey, SignUpStatus, SignUps, Who, Withdrawn,
};
pub(crate) use teams::{
    By, HostChange, HostKey, Put, PutHost, Removal, RemovedHost, TeamHost, TeamToken, TeamTokenKey, Teams,
};
pub(crate) use undos::{Deed, TakenUndo, UNDO_LEASE, Undo, Undoing, Undos};
pub(crate) use wake::{Topic, Wake, Wakes};
pub(crate) use workspaces::{Leaving, Workspaces};

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Database, PostgresUrl};
use crate::keys::{SealError, Sealer};
use crate::random::Random;

/// All of the store.
pub(crate) trait Store:
    Accounts
    + Handshakes
    + Health
    + Identities
    + Inbox
    + Limits
    + Links
    + Messages
    + Notices
    + People
    + Sessions
    + SignUps
    + Teams
    + Undos
    + Workspaces
    + Send
    + Sync
{
}

impl Store for sql::Sql {}

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The database refused, or is gone.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A stored secret does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// A stored value has a shape that this version does not know.
    #[error("a stored {0} has a shape that this version does not know")]
    Shape(&'static str),
    /// A write took so long that its timestamp is too old to be found.
    #[error("a write took longer than it may")]
    TooSlow,
    /// There is as much as may be kept; nothing was changed.
    #[error("the quota {} is used up", .0.name())]
    OverQuota(Quota),
    /// The store takes no writes, for this reason.
    #[error("the store takes no writes: {0}")]
    Unwritable(String),
    /// Another server has the database's file.
    #[error("another server uses this database: stop it, or name another file")]
    InUse,
    /// The database's file was deleted, or another one has its name.
    #[error("the database's file was deleted or replaced while the server runs: restart the server")]
    Replaced,
    /// A row that the call relies on is not there.
    #[error("there is no such {0}")]
    Missing(&'static str),
}

impl StoreError {
    /// In one line, for the operator: the database's own words where it has some.
    pub(crate) fn cause(&self) -> String {
        use std::error::Error as _;
        self.source()
            .map_or_else(|| self.to_string(), ToString::to_string)
    }

    /// Whether the database is out of order, and not what was asked of it: the same request may succeed later.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Unwritable(_) | Self::InUse | Self::Replaced | Self::TooSlow => true,
            Self::Database(error) => sql::is_outage(error),
            Self::Sealed(_) | Self::Shape(_) | Self::Missing(_) | Self::OverQuota(_) => false,
        }
    }
}

/// Whether a PostgreSQL database answers, without changing it.
pub(crate) async fn reach(url: &PostgresUrl) -> Result<(), sqlx::Error> {
    sql::reach(url).await
}

/// Opens the configured database and brings it up to date.
pub(crate) async fn open(
    database: &Database,
    sealer: &Sealer,
    clock: &Clock,
    random: &Random,
    wakes: &Wakes,
    policy: Policy,
) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(
        sql::Sql::open(database, sealer, clock, random, wakes, policy).await?,
    ))
}

#[cfg(test)]
mod tests;
