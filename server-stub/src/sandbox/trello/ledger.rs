//! What Trello remembers: tokens. Pure: time and random values come from the caller.

use std::collections::HashMap;
use std::time::Duration;

use codestream_protocol::UnixMillis;

use crate::sandbox::people::Person;

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Read,
    Write,
    Account,
}

impl Scope {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            "account" => Some(Self::Account),
            _ => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Account => "account",
        }
    }

    /// For the consent page.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Read => "Read your name, boards and Workspaces",
            Self::Write => "Create and update cards, lists, boards and Workspaces",
            Self::Account => "Read your e-mail address",
        }
    }
}

/// How long a token lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiration {
    OneHour,
    OneDay,
    ThirtyDays,
    Never,
}

impl Expiration {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "1hour" => Some(Self::OneHour),
            "1day" => Some(Self::OneDay),
            "30days" => Some(Self::ThirtyDays),
            "never" => Some(Self::Never),
            _ => None,
        }
    }

    pub(super) fn life(self) -> Option<Duration> {
        match self {
            Self::OneHour => Some(Duration::from_hours(1)),
            Self::OneDay => Some(Duration::from_hours(24)),
            Self::ThirtyDays => Some(Duration::from_hours(720)),
            Self::Never => None,
        }
    }

    /// For the consent page.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::OneHour => "one hour",
            Self::OneDay => "one day",
            Self::ThirtyDays => "30 days",
            Self::Never => "until you take it back",
        }
    }
}

/// A token's row.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) id: String,
    pub(super) person: &'static Person,
    pub(super) scopes: Vec<Scope>,
    /// The name that the app gave itself.
    pub(super) identifier: String,
    pub(super) created_at: UnixMillis,
    /// Absent: never.
    pub(super) expires_at: Option<UnixMillis>,
}

/// Tokens.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    tokens: HashMap<String, Token>,
}

impl Ledger {
    pub(super) fn keep(&mut self, token: String, row: Token) {
        self.tokens.insert(token, row);
    }

    /// The token, while it lives.
    pub(super) fn token(&self, token: &str, now: UnixMillis) -> Option<&Token> {
        self.tokens
            .get(token)
            .filter(|row| row.expires_at.is_none_or(|end| now < end))
    }

    pub(super) fn revoke(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    pub(super) fn revoke_everything(&mut self) {
        self.tokens.clear();
    }
}
