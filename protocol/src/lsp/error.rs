//! What can go wrong, as the IDE sees it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::lsp::attempt::Step;

/// JSON-RPC error codes that the agent uses.
pub mod code {
    /// The body is not JSON.
    pub const PARSE_ERROR: i64 = -32700;
    /// The JSON is not a request.
    pub const INVALID_REQUEST: i64 = -32600;
    /// Nobody serves the method.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// The params do not fit the method.
    pub const INVALID_PARAMS: i64 = -32602;
    /// LSP 3.17 `RequestCancelled`.
    pub const REQUEST_CANCELLED: i64 = -32800;
    /// LSP 3.17 `RequestFailed`: `data` is [`super::ErrorData`].
    pub const REQUEST_FAILED: i64 = -32803;
}

/// The closed set of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ErrorKind {
    /// There is no usable server URL.
    NotConfigured,
    /// There is no session.
    NotSignedIn,
    /// The user is in no team, or not in this one.
    NoTeam,
    /// The service is not known.
    UnknownProvider,
    /// The service is not set up on the server.
    ProviderNotConfigured,
    /// No answer from the server.
    ServerUnreachable,
    /// Something else answers at the server's URL.
    NotCodeStream,
    /// The certificate's issuer is not trusted.
    TlsUntrusted,
    /// The proxy wants credentials.
    ProxyAuth,
    /// Plain http through an HTTP proxy.
    ProxyNeedsTls,
    /// No browser can be opened here.
    BrowserUnavailable,
    /// The person said no.
    Declined,
    /// Nobody answered in time.
    Expired,
    /// The person gave up.
    Cancelled,
    /// A newer attempt took its place.
    Superseded,
    /// The state was tampered with, used, or came from another browser.
    StateRejected,
    /// The third party refused the code.
    ExchangeRefused,
    /// The e-mail address is not verified.
    EmailUnverified,
    /// The e-mail address belongs to somebody.
    AlreadyRegistered,
    /// Nobody is known under the identity.
    NotRegistered,
    /// The service cannot prove an e-mail address.
    IdentityUnsupported,
    /// The third party does not accept the token any more.
    TokenRevoked,
    /// The organisation wants its single sign-on.
    SsoRequired,
    /// An administrator must approve.
    AdminApproval,
    /// Not allowed.
    Forbidden,
    /// Too many requests.
    RateLimited,
    /// Over a size bound.
    TooLarge,
    /// A fault of ours.
    Internal,
}

/// `data` of every [`code::REQUEST_FAILED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ErrorData {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The service's lower-case name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub provider: Option<String>,
    /// Where in an attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub step: Option<Step>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The API's code, e.g. `PRVD-1009`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub server_code: Option<String>,
    /// Where a person can mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
    /// Whom the request would disconnect: it is repeated with `confirmed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub affected: Vec<String>,
}

impl ErrorData {
    /// Just a kind, not retryable.
    pub fn of(kind: ErrorKind) -> Self {
        Self {
            kind,
            provider: None,
            step: None,
            retryable: kind.is_retryable(),
            server_code: None,
            link: None,
            affected: Vec::new(),
        }
    }
}

impl ErrorKind {
    /// Whether the same request may succeed later without anything being changed.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::ServerUnreachable | Self::RateLimited | Self::Internal)
    }
}
