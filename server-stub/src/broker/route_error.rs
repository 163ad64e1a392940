//! Refusals of the routes that agents call about a connection.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use codestream_protocol::ServerCode;
use codestream_protocol::code::ErrorBody;
use serde_json::{Map, Value};

use crate::store::StoreError;

/// Why an agent's request about a connection was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    /// The service is unknown or not set up.
    #[error("the service is not offered: {0}")]
    Service(ServerCode),
    /// A parameter is missing.
    #[error("the parameter `{0}` is missing")]
    Missing(&'static str),
    /// A parameter has a wrong value.
    #[error("the parameter `{0}` has a wrong value")]
    Wrong(&'static str),
    /// The body is not what the route takes.
    #[error("the body cannot be read")]
    Body,
    /// The body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// The user is not in the team.
    #[error("the user is not in the team")]
    NotOnTeam,
    /// No such host is set up.
    #[error("the host is not known")]
    UnknownHost,
    /// There is no such account.
    #[error("the account is not connected")]
    NotConnected,
    /// The service has ended the connection; it has been published as lost.
    #[error("the service has ended the connection")]
    Lost,
    /// The service gave nothing that decides anything; the account is as it was.
    #[error("the service did not answer as expected")]
    Undecided,
    /// The work was broken off.
    #[error("the work was broken off")]
    BrokenOff,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RouteError {
    fn code(&self) -> ServerCode {
        match self {
            Self::Service(code) => *code,
            Self::Missing(_) => ServerCode::ParameterRequired,
            Self::Wrong(_) => ServerCode::InvalidParameter,
            Self::Body => ServerCode::Validation,
            Self::TooLarge => ServerCode::TooLarge,
            Self::NotOnTeam => ServerCode::UserNotOnTeam,
            Self::UnknownHost => ServerCode::UnknownProviderHost,
            Self::NotConnected => ServerCode::NotFound,
            Self::Lost => ServerCode::InvalidProviderCredentials,
            Self::Undecided => ServerCode::ProviderDataRequestFailed,
            Self::BrokenOff | Self::Store(_) => ServerCode::Internal,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotConnected => "This account is not connected.".to_owned(),
            Self::Lost => "The service no longer accepts this connection. Reconnect.".to_owned(),
            Self::Undecided => {
                "The service did not answer as expected. The connection is as it was. Try again.".to_owned()
            }
            // Internal errors tell their code alone.
            Self::BrokenOff | Self::Store(_) => String::new(),
            _ => self.code().message().to_owned(),
        }
    }
}

impl From<JsonRejection> for RouteError {
    fn from(rejection: JsonRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Self::TooLarge
        } else {
            Self::Body
        }
    }
}

impl IntoResponse for RouteError {
    fn into_response(self) -> Response {
        if let Self::Store(error) = &self {
            tracing::error!(%error, "the store failed");
        }
        let mut info = Map::new();
        if let Self::Missing(name) | Self::Wrong(name) = &self {
            info.insert("info".to_owned(), Value::from(*name));
        }
        let body = ErrorBody {
            code: self.code().as_str().to_owned(),
            message: self.message(),
            info,
        };
        let status = StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::FORBIDDEN);
        (status, Json(body)).into_response()
    }
}
