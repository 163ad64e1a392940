//! Newtypes for everything that must never be shown.
//!
//! A secret serialises as its plain string, prints as `Name([redacted])`, has no `Display`, and compares in constant
//! time. [`expose`](AccessToken::expose) is the one way to read it, so every reader can be found by name.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use ts_rs::TS;

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "string")]
        pub struct $name(String);

        impl $name {
            /// Wraps a plain value.
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into())
            }

            /// The plain value: for the wire and for cryptography only.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
            }
        }

        impl Eq for $name {}
    )+

    #[cfg(test)]
    fn debugs(value: &str) -> Vec<String> {
        vec![$(format!("{:?} {:#?}", $name::new(value), Some($name::new(value)))),+]
    }};
}

secrets! {
    /// The session's bearer token, issued by the API at login.
    SessionToken,
    /// Good for the me-channel's `auth` call only; random, one per session.
    BroadcasterToken,
    /// The JWT that the me-channel server sets after `auth`.
    ChannelJwt,
    /// A third party's access token.
    AccessToken,
    /// A third party's refresh token; never leaves the server.
    RefreshToken,
    /// The v4 uuid that names a sign-up or sign-in until it is granted.
    SignupToken,
    /// PKCE `code_verifier` (RFC 7636 §4.1): 43 to 128 unreserved characters.
    CodeVerifier,
    /// An authorization code (RFC 6749 §1.3.1).
    AuthorizationCode,
    /// The code of `GET /provider-auth-code`, good for starting one handshake.
    StartCode,
    /// An OAuth client's secret (RFC 6749 §2.3.1).
    ClientSecret,
    /// What a third party signs its calls to us with.
    SigningSecret,
    /// What links a chat account to its maker; good once.
    ConnectCode,
    /// The value of the `cs-browser` cookie.
    BrowserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_prints_itself() {
        for shown in debugs("hunter2") {
            assert!(
                !shown.contains("hunter2") && shown.contains("[redacted]"),
                "{shown}"
            );
        }
    }

    #[test]
    fn secrets_travel_as_plain_strings() {
        let token: AccessToken = serde_json::from_str("\"gho_x\"").expect("a string");
        assert_eq!(token.expose(), "gho_x");
        assert_eq!(serde_json::to_string(&token).expect("a string"), "\"gho_x\"");
    }
}
