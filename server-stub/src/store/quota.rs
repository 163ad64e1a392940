//! What there may be too much of.

use crate::config::{Quotas, SessionLife};

/// What the operator allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Policy {
    pub(crate) quotas: Quotas,
    pub(crate) sessions: SessionLife,
}

/// A quota that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quota {
    /// Accounts of one user.
    Accounts,
    /// Hosts of one team.
    Hosts,
    /// Bytes beside the token of one account.
    Data,
    /// Handshakes of one user that have not ended.
    PendingHandshakes,
    /// States of one handshake.
    States,
}

impl Quota {
    /// In log and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts-per-user",
            Self::Hosts => "hosts-per-team",
            Self::Data => "data-per-account",
            Self::PendingHandshakes => "pending-handshakes-per-user",
            Self::States => "states-per-handshake",
        }
    }

    /// For a person: what happened and what to do.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Accounts => {
                "You have as many connected accounts as one person may have here. Disconnect one that you do not need, \
                 then try again."
            }
            Self::Hosts => {
                "Your team has as many self-hosted services as one team may have here. Remove one that nobody uses, then \
                 try again."
            }
            Self::Data => {
                "The settings of this account are larger than what is kept here. Shorten them, then try again."
            }
            Self::PendingHandshakes => {
                "You have started too many connects that are not finished. Finish or cancel one, or wait a few minutes, \
                 then try again."
            }
            Self::States => "This link was opened too often. Press Open again in your IDE for a new one.",
        }
    }
}
