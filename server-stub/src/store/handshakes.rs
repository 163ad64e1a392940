//! Handshakes and their states: from the start code or start URL to the one end that each has.

use async_trait::async_trait;
use codestream_protocol::channel::AttemptNoted;
use codestream_protocol::id::CodeId;
use codestream_protocol::secret::CodeVerifier;
use codestream_protocol::{ServerCode, TeamId, UnixMillis, UserId};

use super::{Account, Change, Identity, SignUpKey, StoreError, TeamToken};
use crate::providers::Purpose;

/// One press of Connect or Sign in, as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handshake {
    /// Its name; safe to show.
    pub(crate) code_id: CodeId,
    /// What it is for.
    pub(crate) kind: HandshakeKind,
    /// The IDE, as the agent says.
    pub(crate) ide: Option<String>,
    /// The machine, as the agent says.
    pub(crate) machine: Option<String>,
    /// The agent's network address.
    pub(crate) agent_address: Option<String>,
    /// The lower-case name of the service that a browser last began it with.
    pub(crate) provider: Option<String>,
    /// When it was made.
    pub(crate) created_at: UnixMillis,
    /// Until when the browser must first open it.
    pub(crate) open_by: UnixMillis,
    /// When all of it ends.
    pub(crate) expires_at: UnixMillis,
    /// When a browser first opened it.
    pub(crate) opened_at: Option<UnixMillis>,
    /// Hash of the cookie of that browser, which owns it from then on.
    pub(crate) browser_hash: Option<String>,
    /// For the person who waits in the IDE.
    pub(crate) note: Option<String>,
    /// Who came back, of one that links.
    pub(crate) came_back: Option<CameBack>,
    /// How it ended.
    pub(crate) end: Option<End>,
}

/// An account that waits for its user's confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CameBack {
    /// Who it is at the service.
    pub(crate) identity: Identity,
    /// Its login or display name.
    pub(crate) name: String,
}

/// What a handshake is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HandshakeKind {
    /// A signed-in user connects an account.
    Connect {
        /// Who.
        user_id: UserId,
        /// For which team.
        team_id: TeamId,
    },
    /// A signed-in user adds an identity.
    Link {
        /// Who.
        user_id: UserId,
        /// The team that the agent works in.
        team_id: TeamId,
    },
    /// Somebody signs up or in.
    SignUp {
        /// What the agent polls with.
        key: SignUpKey,
    },
}

impl HandshakeKind {
    /// What the third party is asked for.
    pub(crate) fn purpose(&self) -> Purpose {
        match self {
            Self::Connect { .. } => Purpose::Connect,
            Self::Link { .. } | Self::SignUp { .. } => Purpose::SignIn,
        }
    }

    /// The user and team of a signed-in agent's handshake.
    pub(crate) fn owner(&self) -> Option<(&UserId, &TeamId)> {
        match self {
            Self::Connect { user_id, team_id } | Self::Link { user_id, team_id } => Some((user_id, team_id)),
            Self::SignUp { .. } => None,
        }
    }

    /// Whether it adds an identity to this user.
    pub(crate) fn links_for(&self, user: &UserId) -> bool {
        matches!(self, Self::Link { user_id, .. } if user_id == user)
    }
}

/// What a handshake is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewHandshake {
    /// Its name.
    pub(crate) code_id: CodeId,
    /// What it is for.
    pub(crate) kind: HandshakeKind,
    /// The IDE, as the agent says.
    pub(crate) ide: Option<String>,
    /// The machine, as the agent says.
    pub(crate) machine: Option<String>,
    /// The agent's network address, when it is the agent that asks.
    pub(crate) agent_address: Option<String>,
    /// Until when the browser must first open it.
    pub(crate) open_by: UnixMillis,
    /// When all of it ends.
    pub(crate) expires_at: UnixMillis,
}

/// How a handshake ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Connected, or signed in.
    Done,
    /// Failed, for a reason.
    Failed(Failure),
}

/// Why a handshake failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The provider's lower-case name, when it is known by then.
    pub(crate) provider: Option<String>,
    /// `authorize`, `callback`, `exchange`, `identity` or `store`.
    pub(crate) step: String,
    /// The named error.
    pub(crate) code: ServerCode,
    /// For a person.
    pub(crate) message: String,
    /// Where a person can mend it.
    pub(crate) link: Option<String>,
}

impl Failure {
    /// The agent has a newer link.
    pub(crate) fn replaced() -> Self {
        Self {
            provider: None,
            step: "authorize".to_owned(),
            code: ServerCode::LinkReplaced,
            message: ServerCode::LinkReplaced.message().to_owned(),
            link: None,
        }
    }

    /// Its time is over.
    pub(crate) fn expired(handshake: &Handshake) -> Self {
        Self {
            provider: handshake.provider.clone(),
            step: "authorize".to_owned(),
            code: ServerCode::TokenExpired,
            message: ServerCode::TokenExpired.message().to_owned(),
            link: None,
        }
    }
}

/// A handshake that a browser opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entered {
    /// It is open.
    Open(Handshake),
    /// It belongs to the browser that opened it first, which is another one.
    OtherBrowser,
    /// It was not opened soon enough, and never will be; the attempt goes on with another one.
    Late,
    /// Its time is over.
    Expired,
    /// It has ended already.
    Ended(Handshake),
    /// There is none.
    Unknown,
}

/// What a state is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewState {
    /// Its name.
    pub(crate) jti: String,
    /// Its handshake.
    pub(crate) code_id: CodeId,
    /// The service's lower-case name.
    pub(crate) provider: String,
    /// Of the PKCE challenge sent to the service.
    pub(crate) verifier: Option<CodeVerifier>,
    /// Of the browser's cookie.
    pub(crate) browser_hash: String,
    /// When it ends.
    pub(crate) expires_at: UnixMillis,
}

/// A stored state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// What it was made from.
    pub(crate) minted: NewState,
    /// Its handshake, as of now.
    pub(crate) handshake: Handshake,
    /// What the callback that consumed it was answered; absent until then.
    pub(crate) landing: Option<String>,
}

/// What became of the wish to consume a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Consumed {
    /// This call, and no other, may go on with it.
    Once(Box<State>),
    /// It was consumed before.
    Used(Box<State>),
    /// Its time is over.
    Expired,
    /// There is none.
    Unknown,
}

/// What became of the wish to finish a handshake.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Finish<T> {
    /// Done by this call.
    Done(T),
    /// It had ended before; nothing was changed.
    AlreadyEnded(End),
    /// Its time is over; nothing was changed.
    Expired,
}

/// A finished connect.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Connected {
    /// The change, as published.
    pub(crate) change: Change,
    /// The account that it replaced, whose tokens may be revoked.
    pub(crate) replaced: Option<Account>,
}

/// Handshakes.
#[async_trait]
pub(crate) trait Handshakes {
    /// Makes a handshake. A sign-up of a key that is known already gives the one that is there.
    async fn open_handshake(&self, new: NewHandshake) -> Result<Handshake, StoreError>;

    /// The handshake with this name.
    async fn handshake(&self, id: CodeId) -> Result<Option<Handshake>, StoreError>;

    /// A browser opens the handshake, by the hash of its cookie: the first one owns it. When another one does, the agent is
    /// given `note`, once.
    async fn enter_handshake(
        &self,
        id: CodeId,
        browser_hash: &str,
        note: &str,
    ) -> Result<Entered, StoreError>;

    /// Gives the agent a note, unless there is one or the handshake has ended.
    async fn note_handshake(&self, id: CodeId, note: &str) -> Result<(), StoreError>;

    /// The notes of the user's open handshakes, for an agent without the me-channel.
    async fn handshake_notes(&self, user: &UserId) -> Result<Vec<AttemptNoted>, StoreError>;

    /// Keeps a state.
    async fn mint_state(&self, new: NewState) -> Result<(), StoreError>;

    /// The state, without consuming it.
    async fn state(&self, jti: &str) -> Result<Option<State>, StoreError>;

    /// Consumes a state: [`Consumed::Once`] for one caller alone.
    async fn consume_state(&self, jti: &str) -> Result<Consumed, StoreError>;

    /// Keeps what the callback that consumed the state was answered.
    async fn keep_landing(&self, jti: &str, landing: &str) -> Result<(), StoreError>;

    /// Stores the account and the token of the app itself that came with it, ends the handshake and publishes all of it, in
    /// one transaction.
    async fn finish_connect(
        &self,
        id: CodeId,
        account: Account,
        of_app: Option<TeamToken>,
    ) -> Result<Finish<Connected>, StoreError>;

    /// Ends the handshake as failed and tells its agent: on the me-channel for a signed-in one, to the poll for a sign-up.
    /// `false`: it had ended before.
    async fn fail_handshake(&self, id: CodeId, failure: Failure) -> Result<bool, StoreError>;

    /// Ends every handshake whose time is over with `AUTH-1005`, and tells their agents.
    async fn expire_handshakes(&self) -> Result<(), StoreError>;

    /// When the next handshake's time is over.
    async fn next_expiry(&self) -> Result<Option<UnixMillis>, StoreError>;
}
