//! One press of Connect or Sign in, from the press to its end.
//!
//! [`machine`] decides and is pure; [`driver`] makes links and asks for grants. The session's actor owns every attempt and
//! carries inputs to the machine and effects to the driver; each input names its attempt, and one that comes after the end
//! changes nothing.

pub(crate) mod driver;
pub(crate) mod machine;

use std::time::Duration;

use codestream_protocol::TeamId;
use codestream_protocol::id::CodeId;
use codestream_protocol::secret::{CodeVerifier, SignupToken};

use crate::random::Random;

/// How long a person has.
pub(crate) const LIFETIME: Duration = Duration::from_mins(5);

/// What an attempt is after, and what it needs for a link.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A service for the signed-in user.
    Connect {
        /// The team that the account will belong to.
        team_id: TeamId,
        /// A self-hosted service's host.
        host: Option<String>,
    },
    /// A further identity for the signed-in user.
    Link {
        /// The team that the user works in.
        team_id: TeamId,
    },
    /// A session. A further link has a token and challenge of its own, and the one before leads nowhere from then on.
    SignIn {
        token: SignupToken,
        verifier: CodeVerifier,
        signup: bool,
    },
}

impl Target {
    /// What a further link needs. A sign-in gets a token of its own, so that the link before can be ended.
    pub(crate) fn renewed(&self, random: &Random) -> Self {
        match self {
            Self::SignIn { signup, .. } => Self::sign_in(random, *signup),
            other => other.clone(),
        }
    }

    /// A sign-in with a new token.
    pub(crate) fn sign_in(random: &Random, signup: bool) -> Self {
        Self::SignIn {
            token: SignupToken::new(random.uuid().to_string()),
            verifier: CodeVerifier::from_entropy(random.bytes()),
            signup,
        }
    }
}

/// What a browser is sent to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Link {
    pub(crate) url: String,
    /// Names the handshake on the me-channel, when it is a signed-in user's.
    pub(crate) code_id: Option<CodeId>,
    /// When the handshake ends, by our own clock.
    pub(crate) expires_at: codestream_protocol::UnixMillis,
    pub(crate) match_code: Option<String>,
}
