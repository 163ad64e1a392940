//! The API's named errors.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $message:literal;)+) => {
        /// A named error of the API; on the wire its code, e.g. `AUTH-1006`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ServerCode {
            $($(#[$doc])* #[doc = concat!("`", $code, "`: ", $message)] $name,)+
        }

        impl ServerCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The message for a person, where the route has no better one.
            pub fn message(self) -> &'static str {
                match self { $(Self::$name => $message),+ }
            }
        }

        impl FromStr for ServerCode {
            type Err = UnknownCode;
            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                match text { $($code => Ok(Self::$name),)+ _ => Err(UnknownCode(text.to_owned())) }
            }
        }
    };
}

/// A code that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown error code {0}")]
pub struct UnknownCode(pub String);

codes! {
    MissingAuthorization = "AUTH-1001", "Sign in first: the request carries no access token.";
    TokenInvalid = "AUTH-1002", "This link is not valid. Start again from your IDE.";
    NoUserId = "AUTH-1003", "The access token names no user. Sign in again.";
    UserNotFound = "AUTH-1004", "The account behind this access token no longer exists.";
    TokenExpired = "AUTH-1005", "This link has expired. Start again from your IDE.";
    TokenNotFound = "AUTH-1006", "Not signed in yet.";
    LinkReplaced = "AUTH-1020", "This link was replaced by a newer one. Use the link that your IDE opened last.";
    ParameterRequired = "RAPI-1001", "A required parameter is missing.";
    NotFound = "RAPI-1003", "There is nothing here.";
    Validation = "RAPI-1005", "The request is not well formed.";
    ReadAuth = "RAPI-1009", "This link was already opened in another browser. Press Open again in your IDE for a new link.";
    UpdateAuth = "RAPI-1010", "You may not change this.";
    CreateAuth = "RAPI-1011", "You may not create this.";
    InvalidParameter = "RAPI-1012", "A parameter has a wrong value.";
    DeleteAuth = "RAPI-1013", "You may not delete this.";
    TooManyRequests = "RAPI-1014", "Too many requests. Wait a moment.";
    TooLarge = "RAPI-1015", "The request body is too large.";
    Deprecated = "RAPI-1016", "This call is no longer offered.";
    QuotaExceeded = "RAPI-1017", "There is as much of this as may be kept here. Remove something first.";
    LinkUsedUp = "RAPI-1018", "This link was opened too often. Press Open again in your IDE for a new one.";
    Internal = "RAPI-1000", "Something went wrong on the server. Try again.";
    UnknownProvider = "PRVD-1000", "This service is not known here.";
    InvalidProviderCredentials = "PRVD-1001", "The service refused to exchange the authorization for a token.";
    DuplicateProviderAuth = "PRVD-1002", "This account of the service is already connected to another user.";
    UnknownProviderHost = "PRVD-1003", "This host is not set up for your team.";
    IdentityMatchingNotSupported = "PRVD-1004", "This service cannot prove an e-mail address, so it cannot be used to sign in. Sign in another way and connect it then.";
    NoIdentityMatch = "PRVD-1005", "Nobody is known under this identity.";
    ProviderAuthNotAllowed = "PRVD-1006", "You declined. Nothing was changed.";
    ProviderDataRequestFailed = "PRVD-1007", "The service did not answer as expected. Try again.";
    HostUrlRequired = "PRVD-1008", "This service needs the address of your own server.";
    ProviderNotConfigured = "PRVD-1009", "This service is not set up on the server. Ask its administrator to add its client id.";
    GitlabPublicEmail = "PRVD-1010", "The account has no public e-mail address.";
    ProviderNotAllowed = "PRVD-1011", "Your organisation does not allow this service.";
    EmailUnverified = "PRVD-1012", "The e-mail address of this account is not verified. Verify it at the service, then try again.";
    HostInUse = "PRVD-1013", "Others have accounts at this host.";
    HostTaken = "PRVD-1014", "Another address of this host is already added. Remove that one first.";
    HostNotAllowed = "PRVD-1015", "This server makes no calls to this address.";
    AlreadyRegistered = "USRC-1006", "This e-mail address already belongs to a CodeStream account.";
    NoLoginUnregistered = "USRC-1010", "No CodeStream account belongs to this identity. Sign up first.";
    UserNotOnTeam = "USRC-1012", "You are not a member of this team.";
    ProviderLoginFailed = "USRC-1022", "Signing in with the service failed.";
    InMaintenanceMode = "USRC-1023", "The server is being maintained. Try again later.";
    SwitchToServerUrl = "USRC-1032", "Your account lives on another server.";
    WebInternal = "SWEB-1000", "Something went wrong on the server. Start again from your IDE.";
    WebUnknown = "SWEB-1004", "Something went wrong. Start again from your IDE.";
    WebLoginFailed = "SWEB-1006", "Signing in with the service failed. Start again from your IDE.";
    WebTokenExpired = "SWEB-1007", "This page has expired. Start again from your IDE.";
}

impl ServerCode {
    /// The HTTP status of an API answer with this code: 401 without or with bad credentials, 409, 429 and 413 where
    /// HTTP has its own word, 500 for internal ones, else 403.
    pub fn status(self) -> u16 {
        match self {
            Self::MissingAuthorization | Self::NoUserId | Self::UserNotFound => 401,
            Self::HostInUse | Self::HostTaken => 409,
            Self::TooManyRequests => 429,
            Self::TooLarge => 413,
            Self::Internal | Self::WebInternal => 500,
            _ => 403,
        }
    }
}

impl fmt::Display for ServerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The body of every refusal: `{"code","message",...info}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The code; a `String`, so that codes of newer servers survive.
    pub code: String,
    /// For a person; absent on internal errors.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What else the route tells, e.g. `info`, `error`, `provider`.
    #[serde(flatten)]
    pub info: Map<String, Value>,
}

impl ErrorBody {
    /// The code, when this version knows it.
    pub fn known(&self) -> Option<ServerCode> {
        self.code.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for code in ServerCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
            assert!(code.message().ends_with('.'), "{code}");
        }
        assert!("AUTH-9999".parse::<ServerCode>().is_err());
    }

    #[test]
    fn info_stands_beside_code_and_message() {
        let body: ErrorBody = serde_json::from_str(
            r#"{"code":"USRC-1022","message":"m","error":"PRVD-1001","provider":"github"}"#,
        )
        .expect("an error body");
        assert_eq!(body.known(), Some(ServerCode::ProviderLoginFailed));
        assert_eq!(body.info["provider"], "github");
    }
}
