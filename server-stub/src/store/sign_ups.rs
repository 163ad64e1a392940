//! Sign-ups: what `check-signup` polls for.

use async_trait::async_trait;
use codestream_protocol::http::SignupStatus;
use codestream_protocol::id::CodeId;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{AccessToken, CodeVerifier, RefreshToken, SessionToken, SignupToken};
use codestream_protocol::{UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AccountKey, Failure, Finish, Identity, NewHandshake, NewUser, Session, StoreError, User};
use crate::keys::fingerprint;

/// Names a sign-up: the token's fingerprint and the challenge. Whoever has the token alone cannot name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SignUpKey {
    /// SHA-256 of the token, in hexadecimal.
    pub(crate) token: String,
    /// Absent for a sign-up made without, and for a poll without verifier.
    pub(crate) challenge: Option<CodeChallenge>,
}

impl SignUpKey {
    /// Of a start URL.
    pub(crate) fn of_start(token: &SignupToken, challenge: Option<CodeChallenge>) -> Self {
        Self {
            token: fingerprint(token.expose()),
            challenge,
        }
    }

    /// Of a poll.
    pub(crate) fn of_poll(token: &SignupToken, verifier: Option<&CodeVerifier>) -> Self {
        Self::of_start(token, verifier.map(CodeVerifier::challenge))
    }
}

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// Somebody who was there.
    Existing(UserId),
    /// Somebody new, in a team of their own.
    New(NewUser),
}

/// What a grant is made from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewGrant {
    /// Who signs in.
    pub(crate) who: Who,
    /// What they sign in as from now on.
    pub(crate) identity: Identity,
    /// The account's login or display name.
    pub(crate) name: String,
    /// The account of the service that they signed in with; absent where signing in gives none.
    pub(crate) account: Option<NewAccount>,
}

/// An account whose user and team are known only once the grant is made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewAccount {
    /// The workspace, where an account is good in one of several.
    pub(crate) sub_id: Option<String>,
    /// For direct calls.
    pub(crate) access_token: AccessToken,
    /// Never leaves the server.
    pub(crate) refresh_token: Option<RefreshToken>,
    /// When the access token ends; absent when it does not.
    pub(crate) expires_at: Option<UnixMillis>,
    /// The service's own login or display name.
    pub(crate) who: Option<String>,
    /// What else the service needs on a call. `Null` or an object.
    pub(crate) data: Value,
}

/// What became of the wish to sign somebody in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Granted {
    /// Signed in by this call.
    Yes(Box<Grant>),
    /// The new user's e-mail address or the identity was taken in the meantime, or an existing user's identity was removed;
    /// nothing was changed.
    Taken,
}

/// What a poll gets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grant {
    /// Who signed in, as of now.
    pub(crate) user: User,
    /// The session opened for the agent.
    pub(crate) session: Session,
    /// Its bearer token.
    pub(crate) token: SessionToken,
    /// The account of the service that they signed in with; absent where signing in gives none, and for a user without a team.
    pub(crate) account: Option<AccountKey>,
    /// How it came about.
    pub(crate) status: SignupStatus,
}

/// Where a sign-up stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SignUpStatus {
    /// Nobody has opened it yet, or it does not exist: the two look alike.
    Unknown,
    /// A browser is at it.
    Pending {
        /// For the person who waits in the IDE.
        note: Option<String>,
    },
    /// Granted; the same grant again until its time is over or the session token is first used.
    Granted(Box<Grant>),
    /// Refused.
    Failed(Failure),
    /// Granted before, and the grant is spent or its time is over.
    Spent,
}

/// What became of the wish to withdraw a sign-up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Withdrawn {
    /// It has ended without a grant, by this call or before: its link leads nowhere any more.
    Ended,
    /// It was granted before, and the grant is still to be had.
    Granted(Box<Grant>),
}

/// Sign-ups.
#[async_trait]
pub(crate) trait SignUps {
    /// Makes the user and team with their identity if they are new, stores the account, opens a session, keeps the grant
    /// for the poll and ends the handshake, in one transaction. Publishes the change for an existing user's other agents.
    async fn grant_sign_up(&self, id: CodeId, new: NewGrant) -> Result<Finish<Granted>, StoreError>;

    /// Whether there is a sign-up with this key.
    async fn knows_sign_up(&self, key: &SignUpKey) -> Result<bool, StoreError>;

    /// Where the sign-up stands. `agent_address` is kept as the agent's, if the handshake has none yet. A grant without
    /// challenge is given once.
    async fn redeem_sign_up(
        &self,
        key: &SignUpKey,
        agent_address: Option<&str>,
    ) -> Result<SignUpStatus, StoreError>;

    /// Ends the sign-up with `failure` unless it has ended. One that no browser has opened yet is made from `new` and ended
    /// at once, so that its link is dead too.
    async fn withdraw_sign_up(&self, new: NewHandshake, failure: Failure) -> Result<Withdrawn, StoreError>;
}
