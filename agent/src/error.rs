//! What can go wrong, as a caller of the agent sees it: one closed kind, one sentence for a person.
//!
//! The rooms below have errors of their own; the conversions here are the one place where they become this one. A message
//! never holds a secret, a URL's query or a body.

use codestream_protocol::ServerCode;
use codestream_protocol::lsp::attempt::Step;
use codestream_protocol::lsp::error::{ErrorData, ErrorKind};
use codestream_protocol::text::{Limit, shown, web_link};

use crate::api::{ApiError, kind_of};
use crate::net::NetworkError;
use crate::thirdparty::{CallError, ProbeError};

/// A request without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// The params do not fit the request; JSON-RPC -32602.
    #[error("{0}")]
    Params(String),
    /// Nobody serves the method; JSON-RPC -32601.
    #[error("There is no method {0}.")]
    UnknownMethod(String),
    /// Everything else; JSON-RPC -32803, or -32800 when cancelled.
    #[error(transparent)]
    Failed(#[from] Box<Failure>),
}

/// What went wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The closed kind.
    pub kind: ErrorKind,
    /// For a person: what happened and what to do.
    pub message: String,
    /// The service's lower-case name.
    pub provider: Option<String>,
    /// Where in an attempt.
    pub step: Option<Step>,
    /// The API's code, e.g. `PRVD-1009`.
    pub server_code: Option<String>,
    /// Where a person can mend it.
    pub link: Option<Box<str>>,
    /// Whom the request would disconnect.
    pub affected: Box<[String]>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
}

impl Failure {
    /// A kind and its sentence, which may quote a server or a third party: it is made safe to show.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: shown(&message.into(), Limit::MESSAGE),
            provider: None,
            step: None,
            server_code: None,
            link: None,
            affected: Box::default(),
            retryable: kind.is_retryable(),
        }
    }

    /// With the server's code.
    pub fn of_code(code: ServerCode) -> Self {
        Self {
            server_code: Some(code.as_str().to_owned()),
            ..Self::new(kind_of(code.as_str()), code.message())
        }
    }

    /// About a service.
    pub fn of_provider(mut self, provider: &str) -> Self {
        self.provider = Some(provider.to_owned());
        self
    }

    /// In a step of an attempt.
    pub fn at(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    /// There is no session.
    pub fn not_signed_in() -> Self {
        Self::new(
            ErrorKind::NotSignedIn,
            "You are not signed in to CodeStream. Sign in first.",
        )
    }

    /// A fault of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// `data` of the JSON-RPC error.
    pub fn data(&self) -> ErrorData {
        ErrorData {
            kind: self.kind,
            provider: self.provider.clone(),
            step: self.step,
            retryable: self.retryable,
            server_code: self.server_code.clone(),
            link: self.link.as_deref().map(str::to_owned),
            affected: self.affected.to_vec(),
        }
    }
}

impl AgentError {
    /// The kind; `None` when the request itself was wrong.
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Params(_) | Self::UnknownMethod(_) => None,
            Self::Failed(failure) => Some(failure.kind),
        }
    }

    /// The lower-case name of the service that this is about.
    pub fn provider(&self) -> Option<&str> {
        match self {
            Self::Params(_) | Self::UnknownMethod(_) => None,
            Self::Failed(failure) => failure.provider.as_deref(),
        }
    }

    /// Adds the service that this is about.
    pub(crate) fn of_provider(self, provider: &str) -> Self {
        match self {
            Self::Failed(failure) => Failure::of_provider(*failure, provider).into(),
            other => other,
        }
    }
}

impl From<Failure> for AgentError {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<&ApiError> for Failure {
    fn from(error: &ApiError) -> Self {
        let mut failure = Self::new(error.kind(), error.to_string());
        failure.server_code = error.server_code().map(str::to_owned);
        failure.retryable = error.is_transient();
        if error.ends_session() {
            let words = error.end_of_session();
            failure.message = words.unwrap_or_else(|| "Your session has ended. Sign in again.".to_owned());
        }
        if let ApiError::Refused(refusal) = error
            && refusal.code() == Some(ServerCode::HostInUse)
        {
            let names = refusal
                .body
                .info
                .get("affected")
                .and_then(|names| names.as_array());
            let names = names.into_iter().flatten().filter_map(|name| name.as_str());
            failure.affected = names.map(|name| shown(name, Limit::NAME)).collect();
        }
        // USRC-1022 wraps what the third party's side of the handshake answered.
        if let ApiError::Refused(refusal) = error
            && refusal.code() == Some(ServerCode::ProviderLoginFailed)
        {
            let told = |key: &str| refusal.body.info.get(key).and_then(|value| value.as_str());
            if let Some(inner) = told("error") {
                failure.kind = kind_of(inner);
                failure.server_code = Some(shown(inner, Limit::NAME));
                failure.provider = told("provider").map(|name| shown(name, Limit::NAME));
                failure.link = told("link")
                    .and_then(web_link)
                    .map(|url| String::from(url).into());
            }
        }
        failure
    }
}

impl From<ApiError> for AgentError {
    fn from(error: ApiError) -> Self {
        Failure::from(&error).into()
    }
}

impl From<&NetworkError> for Failure {
    fn from(error: &NetworkError) -> Self {
        Self {
            retryable: error.is_transient(),
            ..Self::new(error.kind(), error.to_string())
        }
    }
}

impl From<CallError> for AgentError {
    fn from(error: CallError) -> Self {
        let Some(kind) = error.kind() else {
            return Self::Params(error.to_string());
        };
        let mut failure = Failure::new(kind, error.to_string());
        if let CallError::Refused { link, .. } = error {
            failure.link = link.map(Into::into);
        }
        failure.into()
    }
}

impl From<ProbeError> for AgentError {
    fn from(error: ProbeError) -> Self {
        match error {
            ProbeError::Call(error) => error.into(),
            ProbeError::Network(error) => Failure::from(&error).into(),
            error => match error.kind() {
                Some(kind) => Failure::new(kind, error.to_string()).into(),
                None => Self::Params(error.to_string()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Refusal;
    use serde_json::json;

    fn refused(status: u16, body: serde_json::Value) -> ApiError {
        ApiError::Refused(Box::new(Refusal {
            status,
            body: serde_json::from_value(body).expect("an error body"),
            retry_after: None,
            request_id: None,
        }))
    }

    #[test]
    fn a_wrapped_refusal_is_told_by_its_inner_code() {
        let error = refused(
            403,
            json!({"code": "USRC-1022", "message": "m", "error": "PRVD-1006", "provider": "github", "link": "https://a.test/?b=%26"}),
        );
        let failure = Failure::from(&error);
        assert_eq!(failure.link.as_deref(), Some("https://a.test/?b=%26"));
        assert_eq!(failure.kind, ErrorKind::Declined);
        assert_eq!(failure.server_code.as_deref(), Some("PRVD-1006"));
        assert_eq!(failure.provider.as_deref(), Some("github"));
    }

    /// CWE-150, CWE-601: what the server says is shown in a terminal and in a message box, and its links are opened.
    #[test]
    fn what_a_server_says_is_made_safe() {
        let error = refused(
            403,
            json!({"code": "USRC-1022", "message": "no\r\nforged \u{1b}[2J\u{202E}x", "error": "PRVD-1006", "link": "vscode://x"}),
        );
        let failure = Failure::from(&error);
        assert_eq!(failure.message, "no forged x");
        assert_eq!(failure.link, None);
    }

    #[test]
    fn wrong_params_of_a_direct_call_have_no_kind() {
        let error = AgentError::from(CallError::Params("`path` must be relative.".to_owned()));
        assert_eq!(error, AgentError::Params("`path` must be relative.".to_owned()));
        assert_eq!(error.kind(), None);
    }

    #[test]
    fn a_401_asks_to_sign_in_again() {
        let failure = Failure::from(&refused(401, json!({"code": "AUTH-1004", "message": "gone"})));
        assert_eq!(failure.kind, ErrorKind::NotSignedIn);
        assert!(failure.message.contains("Sign in again"), "{failure}");
    }
}
