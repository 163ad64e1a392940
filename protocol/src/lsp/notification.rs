//! Notifications from agent to IDE.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::http::SignupStatus;
use crate::id::{TeamId, UserId};
use crate::lsp::attempt::Attempt;
use crate::secret::SessionToken;

/// [`AttemptDidChange`], on every step and end.
pub const ATTEMPT_DID_CHANGE: &str = "codestream/attempt/didChange";
/// [`DidLogin`]; for the plugin alone: it holds the session token.
pub const DID_LOGIN: &str = "codestream/didLogin";
/// [`DidLogout`].
pub const DID_LOGOUT: &str = "codestream/didLogout";
/// [`DidChangeData`].
pub const DID_CHANGE_DATA: &str = "codestream/didChangeData";
/// [`DidChangeConnectionStatus`].
pub const DID_CHANGE_CONNECTION_STATUS: &str = "codestream/didChangeConnectionStatus";

/// `codestream/attempt/didChange`. May arrive before the answer that names the attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AttemptDidChange {
    /// The whole attempt.
    pub attempt: Attempt,
}

/// `codestream/didLogin`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DidLogin {
    /// The session, to be kept in the IDE's secret store.
    pub session: LoginSession,
    /// How it came about.
    pub signup_status: SignupStatus,
}

/// A session with its token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LoginSession {
    /// Whose it is.
    pub user_id: UserId,
    /// Their e-mail address.
    pub email: String,
    /// The team to work in.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The bearer token.
    pub token: SessionToken,
    /// The server that it belongs to.
    pub server_url: String,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LogoutReason {
    /// `codestream/logout` was called.
    Requested,
    /// The server does not accept the session token any more.
    SessionEnded,
}

/// `codestream/didLogout`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DidLogout {
    /// Why.
    pub reason: LogoutReason,
    /// For a person, where the server said more; the agent has shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub message: Option<String>,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DataType {
    /// The me-object.
    Users,
    /// The connected services.
    Providers,
    /// A team.
    Teams,
    /// Something happened at a third party.
    Activities,
}

/// `codestream/didChangeData`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DidChangeData {
    /// What changed.
    #[serde(rename = "type")]
    pub kind: DataType,
    /// `users`, `teams`: [`ViewUser`](crate::lsp::view::ViewUser)s and [`ViewTeam`](crate::lsp::view::ViewTeam)s. `providers`: the rows of `codestream/provider/list`.
    /// `activities`: a list of [`crate::activity::Activity`].
    #[ts(type = "unknown")]
    pub data: Value,
}

/// State of the me-channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionStatus {
    /// Not there; being redialled if there is a session.
    Disconnected,
    /// Being redialled.
    Reconnecting,
    /// There, and caught up.
    Reconnected,
}

/// `codestream/didChangeConnectionStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DidChangeConnectionStatus {
    /// The state.
    pub status: ConnectionStatus,
    /// What was missed could not be told message by message; everything was fetched anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reset: Option<bool>,
}
