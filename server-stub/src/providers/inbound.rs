//! What third parties send us, server to server. A service proves and reads a letter, and says what follows from it; whom
//! that concerns, that it is answered in time and worked on once are the actions room's to see to.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use codestream_protocol::activity::Activity;
use codestream_protocol::secret::AccessToken;
use codestream_protocol::{ServerCode, TeamId, UnixMillis, UserId};
use serde_json::Value;

use super::call::CallError;
use super::signing_keys::SigningKeys;
use crate::clock::Clock;
use crate::store::{Member, StoreError};

/// A call, as it arrived.
#[derive(Debug)]
pub(crate) struct Letter<'a> {
    /// One of the service's own [`actions`](super::service::Service::actions).
    pub(crate) action: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// Before any parsing: signatures are over these bytes.
    pub(crate) body: &'a [u8],
    pub(crate) now: UnixMillis,
    /// For what proving it may wait for.
    pub(crate) clock: &'a Clock,
    /// Of the service, for letters with a signed token.
    pub(crate) keys: &'a SigningKeys,
}

impl Letter<'_> {
    /// A header's text; `None` when it is absent or there twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }
}

/// A letter that the service did send.
#[derive(Debug, PartialEq)]
pub(crate) struct Heard {
    /// The body of the answer; `None`: an empty one.
    pub(crate) answer: Option<Value>,
    /// What no second letter may carry; `None` where a letter may come twice.
    pub(crate) seal: Option<Seal>,
    /// What is to be done once it is answered.
    pub(crate) matter: Option<Matter>,
}

impl Heard {
    /// There is nothing to do.
    pub(crate) fn answered(answer: Option<Value>) -> Self {
        Self {
            answer,
            seal: None,
            matter: None,
        }
    }
}

/// What makes a letter this one: its signature.
#[derive(Debug, PartialEq)]
pub(crate) struct Seal {
    pub(crate) text: String,
    /// After this the letter would be refused as too old.
    pub(crate) good_for: Duration,
}

/// What a letter is about.
#[derive(Debug, PartialEq)]
pub(crate) struct Matter {
    /// The service's own name of it: it may write again about the same. `None`: each letter is a matter of its own.
    pub(crate) id: Option<String>,
    /// For the service's [`work`](super::service::Service::work), which may come after a restart.
    pub(crate) work: Value,
}

/// Why a letter is not taken.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Unheard {
    /// Not provably the service's, or not of these minutes.
    #[error("not signed as it must be: {1}")]
    Unproven(ServerCode, &'static str),
    /// The service's, but of no shape that it documents.
    #[error("of no documented shape")]
    Malformed,
    /// Whether it is the service's cannot be known now: it should come again.
    #[error("the service's signing keys cannot be fetched")]
    NotNow,
    /// There is nothing here to prove it with.
    #[error("there is no signingSecret in the configuration to prove it with")]
    NotConfigured,
}

/// What is to be told to agents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) whom: Whom,
    /// Who the author is to the service: [`Person::subject`](super::Person::subject).
    pub(crate) subject: Option<String>,
    pub(crate) activity: Activity,
}

/// Who is notified of an activity, each on their own user channel. There is no way to notify a team: what is written at a
/// third party is for those who may read it there, and a team has members who may not (CWE-200, CWE-863).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Whoever has connected the account of this subject.
    Person(String),
    /// These users.
    Users(BTreeSet<UserId>),
}

impl Whom {
    /// Nobody, until it is known who may read it.
    pub(crate) fn nobody() -> Self {
        Self::Users(BTreeSet::new())
    }
}

/// Why work was not finished; it is tried again later.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Of a shape that this version does not know.
    #[error("of a shape that this version does not know")]
    Shape,
}

/// What a service's work may need of the rest of the server.
#[async_trait]
pub(crate) trait Desk: Send + Sync {
    /// Whose connect code this is; it is good once.
    async fn redeem(&self, code: &str) -> Result<Option<UserId>, StoreError>;

    /// Every account in a workspace of the service.
    async fn members_at(&self, workspace: &str) -> Result<Vec<Member>, StoreError>;

    /// The access token of an account in a workspace, refreshed when it has expired; `None`: the account has none.
    async fn access_of(&self, member: &Member, workspace: &str) -> Result<Option<AccessToken>, StoreError>;

    /// What [`remember`](Self::remember) was told about `question`, for a minute.
    fn recall(&self, question: &str) -> Option<Value>;

    /// Remembers what the service answered. Memory is this process's own and short, so that who loses access at the service
    /// is not notified for long.
    fn remember(&self, question: &str, answer: &Value);

    /// The teams of a user.
    async fn teams_of(&self, user: &UserId) -> Result<Vec<TeamId>, StoreError>;

    /// The e-mail address of a user.
    async fn email_of(&self, user: &UserId) -> Result<Option<String>, StoreError>;

    /// What the service has noted under `name`.
    async fn note(&self, name: &str) -> Result<Option<Value>, StoreError>;

    /// Notes something, in place of what was noted under `name`; `Null` removes it.
    async fn keep_note(&self, name: &str, note: &Value) -> Result<(), StoreError>;

    /// Every note whose name begins with `prefix`, by name.
    async fn notes(&self, prefix: &str) -> Result<Vec<(String, Value)>, StoreError>;
}
