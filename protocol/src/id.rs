//! Names of people, teams, providers and attempts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

/// What was wrong with an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not 24 lower-case hexadecimal characters.
    #[error("an id is 24 lower-case hexadecimal characters")]
    NotAnObjectId,
    /// Not a starred host.
    #[error("a provider id is the service's host with `.` written as `*`, for example `github*com`")]
    NotAProviderId,
}

macro_rules! object_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(try_from = "String", into = "String")]
        #[ts(type = "string")]
        pub struct $name(String);

        impl $name {
            /// The 24 characters.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// From 12 random bytes.
            pub fn from_bytes(bytes: [u8; 12]) -> Self {
                use fmt::Write as _;
                let mut text = String::with_capacity(24);
                for byte in bytes {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{byte:02x}");
                }
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
                if text.len() == 24 && text.bytes().all(hex) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::NotAnObjectId)
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

object_ids! {
    /// A CodeStream user.
    UserId,
    /// A CodeStream team.
    TeamId,
}

macro_rules! uuids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "string")]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )+};
}

uuids! {
    /// One press of Connect, Sign in or Link, as the agent names it.
    AttemptId,
    /// One handshake, as the server names it; safe to show.
    CodeId,
    /// One way to sign in; safe to show.
    IdentityId,
    /// One session; safe to show, and good for nothing but ending it.
    SessionId,
}

/// A service's host with `.` written as `*`, e.g. `github*com`: a key that is safe in dotted paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct ProviderId(String);

impl ProviderId {
    /// The id of a host (with its port, if it has one): `github.com` becomes `github*com`.
    pub fn of_host(host: &str) -> Self {
        Self(host.to_ascii_lowercase().replace('.', "*"))
    }

    /// The host this id stands for.
    pub fn host(&self) -> String {
        self.0.replace('*', ".")
    }

    /// The starred host.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed = |b: u8| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'*' | b'-' | b':' | b'/' | b'_')
        };
        if !text.is_empty() && text.len() <= 255 && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::NotAProviderId)
        }
    }
}

impl TryFrom<String> for ProviderId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<ProviderId> for String {
    fn from(id: ProviderId) -> Self {
        id.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_is_24_lower_case_hex_characters() {
        assert!("0123456789abcdef01234567".parse::<UserId>().is_ok());
        for bad in [
            "",
            "0123456789ABCDEF01234567",
            "0123456789abcdef0123456",
            "0123456789abcdef0123456g",
        ] {
            assert_eq!(bad.parse::<UserId>(), Err(IdError::NotAnObjectId), "{bad}");
        }
        assert_eq!(TeamId::from_bytes([0xab; 12]).as_str(), "ab".repeat(12));
    }

    #[test]
    fn a_provider_id_is_its_host_with_stars() {
        assert_eq!(
            ProviderId::of_host("auth.Atlassian.com").as_str(),
            "auth*atlassian*com"
        );
        assert_eq!(
            ProviderId::of_host("auth.atlassian.com").host(),
            "auth.atlassian.com"
        );
        assert!("git hub".parse::<ProviderId>().is_err());
        assert!("".parse::<ProviderId>().is_err());
    }
}
