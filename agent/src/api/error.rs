//! How a call to the API fails: refused, not reached, not understood, kept apart; and what each server code means.

use std::time::Duration;

use codestream_protocol::ServerCode;
use codestream_protocol::code::ErrorBody;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::text::{Limit, shown};

use crate::net::NetworkError;

/// The server said no, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The server's error body.
    pub body: ErrorBody,
    /// When to ask again, if the server says so.
    pub retry_after: Option<Duration>,
    /// The server's name for the request, for its log.
    pub request_id: Option<String>,
}

impl Refusal {
    /// The code, when this version knows it.
    pub fn code(&self) -> Option<ServerCode> {
        self.body.known()
    }

    /// For a person.
    pub fn message(&self) -> String {
        let message = shown(&self.body.message, Limit::MESSAGE);
        match (message.as_str(), self.code()) {
            ("", Some(code)) => code.message().to_owned(),
            ("", None) => "The server refused, without saying why.".to_owned(),
            _ => message,
        }
    }
}

/// A call to the API without a result. The texts are for a person.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApiError {
    /// Nobody answered.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The server said no.
    #[error("{}", .0.message())]
    Refused(Box<Refusal>),
    /// A 429 or 5xx without a word of the API's: a gateway before a server that is down or busy.
    #[error("The server is not available right now (HTTP {status}). Try again in a moment.")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// When to ask again, if the answer says so.
        retry_after: Option<Duration>,
    },
    /// Something else answers there.
    #[error(
        "Something else than CodeStream answers at the server's address (HTTP {status}{}).{} Check the setting `serverUrl`.",
        content_type.as_deref().map(|kind| format!(", {}", shown(kind, Limit::NAME))).unwrap_or_default(),
        moved_to.as_deref().map(|origin| format!(" It points to {origin}.")).unwrap_or_default()
    )]
    NotCodeStream {
        /// The HTTP status.
        status: u16,
        /// What it sent.
        content_type: Option<String>,
        /// The origin that it redirects to.
        moved_to: Option<String>,
    },
    /// JSON of an unexpected shape.
    #[error(
        "The server's answer to {path} was not understood (line {line}, column {column}). Is the server of this version?"
    )]
    Decode {
        /// The route.
        path: String,
        /// Where in the body.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// Over the bound.
    #[error("The server's answer is larger than {limit} bytes.")]
    TooLarge {
        /// Bytes.
        limit: usize,
    },
}

impl ApiError {
    /// What the IDE is told.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Network(error) => error.kind(),
            Self::Refused(_) if self.ends_session() => ErrorKind::NotSignedIn,
            Self::Refused(refusal) => kind_of(&refusal.body.code),
            Self::Unavailable { status: 429, .. } => ErrorKind::RateLimited,
            Self::Unavailable { .. } => ErrorKind::ServerUnreachable,
            Self::NotCodeStream { .. } => ErrorKind::NotCodeStream,
            Self::Decode { .. } => ErrorKind::Internal,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
        }
    }

    /// The server's code, e.g. `PRVD-1009`.
    pub fn server_code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(&refusal.body.code),
            _ => None,
        }
    }

    /// When to ask again, if the server said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the session is not accepted any more: proof, never trouble on the way.
    pub fn ends_session(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 401)
    }

    /// Why the session has ended, for a person, where it was its time that did it.
    pub fn end_of_session(&self) -> Option<String> {
        match self {
            Self::Refused(refusal)
                if self.ends_session() && refusal.code() == Some(ServerCode::TokenExpired) =>
            {
                Some(refusal.message().clone())
            }
            _ => None,
        }
    }

    /// Whether the same call may succeed by itself later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Network(error) => error.is_transient(),
            Self::Refused(refusal) => matches!(refusal.status, 429 | 500..),
            Self::Unavailable { .. } => true,
            Self::NotCodeStream { .. } | Self::Decode { .. } | Self::TooLarge { .. } => false,
        }
    }
}

/// What a server's code means to the IDE; total, so that a code of a newer server is still told.
pub fn kind_of(code: &str) -> ErrorKind {
    use ServerCode as Code;
    let Ok(code) = code.parse::<Code>() else {
        return ErrorKind::Internal;
    };
    match code {
        Code::MissingAuthorization | Code::NoUserId | Code::UserNotFound => ErrorKind::NotSignedIn,
        Code::TokenInvalid | Code::ReadAuth | Code::LinkReplaced => ErrorKind::StateRejected,
        Code::TokenExpired | Code::TokenNotFound | Code::WebTokenExpired | Code::LinkUsedUp => {
            ErrorKind::Expired
        }
        Code::UserNotOnTeam => ErrorKind::NoTeam,
        Code::UnknownProvider | Code::UnknownProviderHost | Code::HostUrlRequired => {
            ErrorKind::UnknownProvider
        }
        Code::ProviderNotConfigured => ErrorKind::ProviderNotConfigured,
        Code::ProviderAuthNotAllowed => ErrorKind::Declined,
        Code::InvalidProviderCredentials
        | Code::ProviderDataRequestFailed
        | Code::ProviderLoginFailed
        | Code::WebLoginFailed
        | Code::DuplicateProviderAuth => ErrorKind::ExchangeRefused,
        Code::EmailUnverified | Code::GitlabPublicEmail => ErrorKind::EmailUnverified,
        Code::AlreadyRegistered => ErrorKind::AlreadyRegistered,
        Code::NoLoginUnregistered | Code::NoIdentityMatch => ErrorKind::NotRegistered,
        Code::IdentityMatchingNotSupported => ErrorKind::IdentityUnsupported,
        Code::ProviderNotAllowed => ErrorKind::AdminApproval,
        Code::UpdateAuth
        | Code::CreateAuth
        | Code::DeleteAuth
        | Code::QuotaExceeded
        | Code::HostInUse
        | Code::HostTaken
        | Code::HostNotAllowed => ErrorKind::Forbidden,
        Code::TooManyRequests => ErrorKind::RateLimited,
        Code::TooLarge => ErrorKind::TooLarge,
        Code::InMaintenanceMode => ErrorKind::ServerUnreachable,
        Code::SwitchToServerUrl => ErrorKind::NotConfigured,
        Code::NotFound
        | Code::ParameterRequired
        | Code::Validation
        | Code::InvalidParameter
        | Code::Deprecated
        | Code::Internal
        | Code::WebInternal
        | Code::WebUnknown => ErrorKind::Internal,
    }
}
