//! How a refusal is written: status, `{"code","message",...info}`, and what HTTP itself has a header for.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use codestream_protocol::ServerCode;
use codestream_protocol::code::ErrorBody;
use serde_json::{Map, Value};

use crate::config::SessionLife;
use crate::store::{Quota, SessionEnd, StoreError};

/// When a person who has started too much may try again.
const PENDING_END_WITHIN: Duration = Duration::from_mins(1);

/// A refusal of the API.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RouteError {
    status: StatusCode,
    body: Box<ErrorBody>,
    retry_after: Option<Duration>,
    quota: Option<Quota>,
}

impl RouteError {
    /// The named error with its own status and words. An internal one tells its code alone.
    pub(crate) fn of(code: ServerCode) -> Self {
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::FORBIDDEN);
        let message = if status.is_server_error() {
            ""
        } else {
            code.message()
        };
        Self {
            status,
            body: Box::new(ErrorBody {
                code: code.as_str().to_owned(),
                message: message.to_owned(),
                info: Map::new(),
            }),
            retry_after: None,
            quota: None,
        }
    }

    /// A parameter is missing.
    pub(crate) fn required(name: &str) -> Self {
        Self::of(ServerCode::ParameterRequired)
            .saying(format!("The parameter {name} is missing."))
            .with("info", name)
    }

    /// A parameter has a wrong value.
    pub(crate) fn invalid(name: &str) -> Self {
        Self::of(ServerCode::InvalidParameter)
            .saying(format!("The parameter {name} has a wrong value."))
            .with("info", name)
    }

    /// The bearer token is nobody's.
    pub(crate) fn bad_credentials() -> Self {
        Self::of(ServerCode::TokenInvalid)
            .saying("The access token is not valid, or its session has ended. Sign in again.")
            .at(StatusCode::UNAUTHORIZED)
    }

    /// The bearer token was good, and its session's time is over.
    pub(crate) fn session_over(end: SessionEnd, life: SessionLife) -> Self {
        let (info, message) = match end {
            SessionEnd::Idle => {
                let days = life.idle_days;
                (
                    "idle",
                    format!("Your session ended after {days} days without use. Sign in again."),
                )
            }
            SessionEnd::Absolute => {
                let days = life.absolute_days;
                (
                    "absolute",
                    format!("Your session ended after {days} days, as every session does. Sign in again."),
                )
            }
        };
        Self::of(ServerCode::TokenExpired)
            .saying(message)
            .with("info", info)
            .at(StatusCode::UNAUTHORIZED)
    }

    /// Too fast.
    pub(crate) fn too_many(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::of(ServerCode::TooManyRequests)
        }
    }

    /// There is as much as may be kept.
    pub(crate) fn over_quota(quota: Quota) -> Self {
        let error = match quota {
            // Those that are pending end by themselves.
            Quota::PendingHandshakes => Self::too_many(PENDING_END_WITHIN),
            Quota::States => Self::of(ServerCode::LinkUsedUp),
            Quota::Accounts | Quota::Hosts | Quota::Data => Self::of(ServerCode::QuotaExceeded),
        };
        Self {
            quota: Some(quota),
            ..error.saying(quota.message())
        }
    }

    /// Something that is nobody's fault but ours; the cause goes to the log.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(cause, "request failed");
        Self::of(ServerCode::Internal)
    }

    /// With another message for a person.
    pub(crate) fn saying(mut self, message: impl Into<String>) -> Self {
        self.body.message = message.into();
        self
    }

    /// With another status.
    pub(crate) fn at(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// With one more value beside code and message.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.info.insert(name.to_owned(), value.into());
        self
    }
}

/// As `Retry-After` has it: whole seconds (RFC 9110 §10.2.3), rounded up, so that who obeys is let in.
pub(super) fn seconds(wait: Duration) -> u128 {
    wait.as_millis().div_ceil(1000).max(1)
}

/// How soon a client may try again when the database is out of order.
const OUTAGE: Duration = Duration::from_secs(2);

impl From<StoreError> for RouteError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::OverQuota(quota) => Self::over_quota(quota),
            error if error.is_outage() => {
                tracing::error!(
                    cause = error.cause(),
                    "request failed: the database is out of order"
                );
                Self {
                    retry_after: Some(OUTAGE),
                    ..Self::of(ServerCode::Internal)
                        .saying("The server cannot use its database right now. Try again in a moment.")
                        .at(StatusCode::SERVICE_UNAVAILABLE)
                }
            }
            error => Self::internal(&error),
        }
    }
}

impl IntoResponse for RouteError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §11.6.1
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(quota) = self.quota {
            response.extensions_mut().insert(quota);
        }
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after
            && let Ok(value) = HeaderValue::from_str(&seconds(wait).to_string())
        {
            headers.insert(header::RETRY_AFTER, value);
        }
        response
    }
}
