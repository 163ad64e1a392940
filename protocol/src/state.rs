//! The OAuth `state` object: `<runTimeEnvironment>!<jwt>[!<host>]`.
//!
//! A callback host that serves several environments reads the environment without any key; the JWT is the environment's own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{CodeId, ProviderId, TeamId, UserId};
use crate::secret::SignupToken;

/// The three parts of a `state` parameter.
#[derive(Clone, PartialEq, Eq)]
pub struct OAuthState {
    /// Which environment minted it: lower-case letters, digits, `-` and `_`.
    pub environment: String,
    /// The signed claims, compact JWS (RFC 7515).
    pub jwt: String,
    /// The self-hosted service's host, where there is one.
    pub host: Option<String>,
}

/// Why a `state` could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Fewer than two or more than three parts.
    #[error("a state has two or three parts")]
    Parts,
    /// An environment name with other characters than lower-case letters, digits, `-` and `_`.
    #[error("the environment's name has characters it cannot have")]
    Environment,
    /// A JWT with other characters than base64url and two dots.
    #[error("the token is not a compact JWS")]
    Token,
}

/// Whether `name` can be an environment: 1 to 64 lower-case letters, digits, `-`, `_`.
pub fn is_environment(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
}

const COLON: &str = "***(_colon_)";
const SLASH: &str = "***(_slash_)";

impl fmt::Display for OAuthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!{}", self.environment, self.jwt)?;
        match &self.host {
            // Proxies on the way decode percent escapes, so `:` and `/` are written in words.
            Some(host) => write!(f, "!{}", host.replace(':', COLON).replace('/', SLASH)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for OAuthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthState")
            .field("environment", &self.environment)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl FromStr for OAuthState {
    type Err = StateError;

    fn from_str(text: &str) -> Result<Self, StateError> {
        let mut parts = text.split('!');
        let (Some(environment), Some(jwt)) = (parts.next(), parts.next()) else {
            return Err(StateError::Parts);
        };
        let host = parts.next().map(|h| h.replace(COLON, ":").replace(SLASH, "/"));
        if parts.next().is_some() {
            return Err(StateError::Parts);
        }
        if !is_environment(environment) {
            return Err(StateError::Environment);
        }
        let jws = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if jwt.bytes().filter(|b| *b == b'.').count() != 2 || !jwt.bytes().all(jws) {
            return Err(StateError::Token);
        }
        Ok(Self {
            environment: environment.to_owned(),
            jwt: jwt.to_owned(),
            host,
        })
    }
}

/// `iss` of every JWT that the API signs.
pub const ISSUER: &str = "CodeStream";
/// `type` of start codes and states.
pub const STATE_TYPE: &str = "pauth";

/// Claims of the JWT inside a state; HS256, no leeway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateClaims {
    /// Always [`ISSUER`].
    pub iss: String,
    /// Always [`STATE_TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Seconds since the epoch.
    pub exp: i64,
    /// Seconds since the epoch.
    pub iat: i64,
    /// Names this state; consumed by the callback before the exchange.
    pub jti: String,
    /// The handshake it belongs to.
    pub code_id: CodeId,
    /// The provider's lower-case name: a state is good for the callback of its own provider alone.
    pub provider: String,
    /// base64url SHA-256 of the `cs-browser` cookie.
    pub bh: String,
    /// The signed-in user; `None` (on the wire `"anon"`) when signing up or in.
    #[serde(with = "anonymous")]
    pub user_id: Option<UserId>,
    /// The team to connect for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The self-hosted service; the state's third part must be its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<ProviderId>,
    /// The sign-up token, when signing up or in; worth nothing without its verifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub st: Option<SignupToken>,
    /// Sign-in only: an unknown identity is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nosu: bool,
}

mod anonymous {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::id::UserId;

    #[expect(clippy::ref_option, reason = "the signature that serde's `with` calls")]
    pub(super) fn serialize<S: Serializer>(id: &Option<UserId>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(id.as_ref().map_or("anon", UserId::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<UserId>, D::Error> {
        match String::deserialize(from)?.as_str() {
            "anon" => Ok(None),
            id => id.parse().map(Some).map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors() -> serde_json::Value {
        serde_json::from_str(include_str!("../golden/state.json")).expect("golden JSON")
    }

    #[test]
    fn golden_states_read_and_write_alike() {
        for row in vectors()["valid"].as_array().expect("rows") {
            let text = row["text"].as_str().expect("text");
            let state: OAuthState = text.parse().expect(text);
            assert_eq!(state.environment, row["environment"], "{text}");
            assert_eq!(state.jwt, row["jwt"], "{text}");
            assert_eq!(state.host.as_deref(), row["host"].as_str(), "{text}");
            assert_eq!(state.to_string(), text);
        }
    }

    #[test]
    fn golden_refusals_are_refused() {
        for row in vectors()["invalid"].as_array().expect("rows") {
            let text = row.as_str().expect("text");
            assert!(text.parse::<OAuthState>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = text.parse::<OAuthState>();
        }

        #[test]
        fn a_state_survives_the_journey(host in proptest::option::of("[a-z0-9.:/-]{1,40}")) {
            let state = OAuthState { environment: "local".into(), jwt: "a.b.c".into(), host };
            proptest::prop_assert_eq!(state.to_string().parse::<OAuthState>(), Ok(state));
        }
    }
}
