//! Refusals, in the words of the original channel server: clients look at some of them.

use codestream_protocol::channel::ChannelName;
use serde_json::{Value, json};

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::channel) enum Refusal {
    #[error("AuthError: no auth token provided")]
    NoToken,
    #[error("AuthError: no uid provided")]
    NoUid,
    #[error("AuthError: user {0} not found")]
    NoSuchUser(String),
    #[error("AuthError: invalid token")]
    InvalidToken,
    #[error("AuthError: too many failed attempts; wait a moment")]
    TooManyAttempts,
    #[error("missing credentials")]
    MissingCredentials,
    #[error("Subscribe channel name was malformatted")]
    Malformatted,
    #[error("Socket {0} tried to exceed the channel subscription limit of {1}")]
    TooManyChannels(String, usize),
    #[error("not authorized for channel {0}: invalid channel")]
    InvalidChannel(String),
    #[error("not authorized for channel {0}: stream channels are deprecated")]
    StreamChannel(String),
    #[error("not authorized for channel {0}: user mismatch")]
    UserMismatch(ChannelName),
    #[error("not authorized for channel {0}: user not in team")]
    NotInTeam(ChannelName),
    #[error("not authorized for channel {0}: user not found")]
    SessionOver(ChannelName),
    #[error("Client publish feature is disabled")]
    PublishDisabled,
    #[error("Failed to unsubscribe socket from the {0} channel")]
    NotSubscribed(String),
    #[error("history request is malformed")]
    BadHistory,
    #[error("history request {0} not authorized: at most 100 channels")]
    TooMuchHistory(String),
    #[error("history request {0} not authorized: unauthorized {1} channel: {2}")]
    History(String, &'static str, String),
    #[error("internal error")]
    Internal,
}

impl Refusal {
    /// `error` of an answer: a plain JavaScript error has no name.
    pub(super) fn to_error(&self) -> Value {
        let message = self.to_string();
        let name = match self {
            Self::Malformatted | Self::PublishDisabled | Self::TooManyChannels(..) => "InvalidActionError",
            Self::NotSubscribed(_) => "BrokerError",
            _ => return json!({ "message": message }),
        };
        json!({ "message": message, "name": name })
    }
}
