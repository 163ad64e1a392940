//! Requests from IDE to agent. Each takes one object of params.

mod access;
mod listed;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::http::Revoked;
use crate::id::{AttemptId, ProviderId, TeamId, UserId};
use crate::lsp::attempt::Attempt;
use crate::lsp::error::ErrorKind;
use crate::lsp::notification::ConnectionStatus;
use crate::lsp::view::ViewLogin;
use crate::secret::{SessionToken, SignupToken};
use crate::text::{self, Limit, shown, web_link};
use crate::time::UnixMillis;

pub use access::{Identities, SessionEnd, SessionList, SessionsEnded, UnlinkParams};
pub use listed::{Account, ProviderList, ProviderSummary, TokenField};

/// [`ProviderParams`] to [`Started`].
pub const CONNECT: &str = "codestream/provider/connect";
/// [`SsoParams`] to [`Started`].
pub const LOGIN_SSO: &str = "codestream/login/sso";
/// [`AttemptParams`] to `{}`.
pub const ATTEMPT_CANCEL: &str = "codestream/attempt/cancel";
/// [`ReopenParams`] to [`Reopened`].
pub const ATTEMPT_REOPEN: &str = "codestream/attempt/reopen";
/// [`AttemptParams`] to `{}`: links the account that the attempt names.
pub const ATTEMPT_CONFIRM: &str = "codestream/attempt/confirm";
/// [`LinkParams`] to [`Started`].
pub const LOGIN_LINK: &str = "codestream/login/link";
/// `{}` to [`Identities`].
pub const LOGIN_IDENTITIES: &str = "codestream/login/identities";
/// [`UnlinkParams`] to `{}`.
pub const LOGIN_UNLINK: &str = "codestream/login/unlink";
/// `{}` to [`SessionList`].
pub const SESSION_LIST: &str = "codestream/session/list";
/// [`SessionEnd`] to [`SessionsEnded`].
pub const SESSION_END: &str = "codestream/session/end";
/// [`OtcParams`] to [`LoginResult`].
pub const LOGIN_OTC: &str = "codestream/login/otc";
/// [`TokenParams`] to [`LoginResult`].
pub const LOGIN_TOKEN: &str = "codestream/login/token";
/// `{}` to `{}`.
pub const LOGOUT: &str = "codestream/logout";
/// `{}` to [`ProviderList`].
pub const PROVIDER_LIST: &str = "codestream/provider/list";
/// [`ProviderParams`] to [`Disconnected`].
pub const PROVIDER_DISCONNECT: &str = "codestream/provider/disconnect";
/// [`ConfigureParams`] to `{}`.
pub const PROVIDER_CONFIGURE: &str = "codestream/provider/configure";
/// [`AddParams`] to [`Added`].
pub const PROVIDER_ADD: &str = "codestream/provider/add";
/// [`RemoveParams`] to `{}`.
pub const PROVIDER_REMOVE: &str = "codestream/provider/remove";
/// [`ProviderParams`] to [`Person`].
pub const PROVIDER_ME: &str = "codestream/provider/me";
/// [`CallParams`] to [`Called`].
pub const PROVIDER_REQUEST: &str = "codestream/provider/request";
/// `{}` to [`Status`].
pub const STATUS: &str = "codestream/status";

/// Every request.
pub const METHODS: &[&str] = &[
    CONNECT,
    LOGIN_SSO,
    ATTEMPT_CANCEL,
    ATTEMPT_REOPEN,
    ATTEMPT_CONFIRM,
    LOGIN_LINK,
    LOGIN_IDENTITIES,
    LOGIN_UNLINK,
    SESSION_LIST,
    SESSION_END,
    LOGIN_OTC,
    LOGIN_TOKEN,
    LOGOUT,
    PROVIDER_LIST,
    PROVIDER_DISCONNECT,
    PROVIDER_CONFIGURE,
    PROVIDER_ADD,
    PROVIDER_REMOVE,
    PROVIDER_ME,
    PROVIDER_REQUEST,
    STATUS,
];

/// Names a service, by id or by lower-case name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProviderParams {
    /// `github*com` or `github`.
    #[serde(alias = "provider")]
    pub provider_id: String,
    /// One workspace of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub provider_team_id: Option<String>,
}

/// `codestream/login/sso`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SsoParams {
    /// `github` or `github*com`.
    #[serde(alias = "providerId")]
    pub provider: String,
    /// Whether an unknown identity may become a new account.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub signup: bool,
}

/// The attempt has begun and its link is being opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// Names it in every notification.
    pub attempt_id: AttemptId,
    /// The link.
    pub url: String,
    /// When it ends by itself.
    pub expires_at: UnixMillis,
}

/// Names an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AttemptParams {
    /// As in [`Started`].
    pub attempt_id: AttemptId,
}

/// `codestream/attempt/reopen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReopenParams {
    /// As in [`Started`].
    pub attempt_id: AttemptId,
    /// Whether a browser opens the new link; `false` when the person copies it.
    #[serde(default = "yes")]
    #[ts(optional, as = "Option<bool>")]
    pub open: bool,
}

fn yes() -> bool {
    true
}

/// `codestream/login/link`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LinkParams {
    /// `github` or `github*com`.
    #[serde(alias = "providerId")]
    pub provider: String,
}

/// A new link for the same attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Reopened {
    /// The link.
    pub url: String,
}

/// `codestream/login/otc`: one check of a sign-up token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OtcParams {
    /// The sign-up token; pasted twice in a row it is read as one.
    pub code: SignupToken,
}

/// `codestream/login/token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TokenParams {
    /// From the IDE's secret store.
    pub token: StoredToken,
    /// The team to work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub team_id: Option<TeamId>,
}

/// A session as the IDE kept it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StoredToken {
    /// The server that it belongs to.
    pub url: String,
    /// Whose it is.
    pub email: String,
    /// The session token.
    pub value: SessionToken,
    /// The team to work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub team_id: Option<TeamId>,
    /// The service that it was signed in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub provider: Option<String>,
}

/// How a check of a token ended, in the words that IDEs know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LoginError {
    /// `AUTH-1006`: not yet.
    TokenNotFound,
    /// `AUTH-1005`.
    TokenExpired,
    /// `AUTH-1002`, and a session token that is not accepted.
    TokenInvalid,
    /// `USRC-1022`.
    ProviderConnectFailed,
    /// `USRC-1012`.
    UserNotOnTeam,
    /// `USRC-1010`.
    NotConfirmed,
    /// `USRC-1006`.
    AlreadyConfirmed,
    /// `USRC-1023`.
    MaintenanceMode,
    /// No answer.
    Timeout,
    /// There is a session of another user.
    AlreadySignedIn,
    /// Anything else.
    Unknown,
}

/// Answer of `codestream/login/otc` and `codestream/login/token`: one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(untagged)]
pub enum LoginResult {
    /// Signed in.
    SignedIn(Box<SignedIn>),
    /// Not signed in.
    Refused {
        /// In a word.
        error: LoginError,
        /// The API's error body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional, type = "unknown")]
        extra: Option<Value>,
    },
}

/// The good half of [`LoginResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// The API's login data, as a web view may know it: tokens are told to the plugin alone, by `didLogin`.
    #[ts(type = "unknown")]
    pub login_response: ViewLogin,
    /// The session, as in [`Status`].
    pub state: SessionInfo,
}

/// Answer of `codestream/provider/disconnect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Disconnected {
    /// Whether the third party ended the access.
    pub revoked: Revoked,
    /// Where the user can do it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub manual_url: Option<String>,
    /// Whether the account is still a way to sign in: its identity was linked on purpose or made by the sign-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub signs_in: Option<bool>,
}

/// `codestream/provider/configure`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigureParams {
    /// `github*com` or `github`.
    #[serde(alias = "provider")]
    pub provider_id: String,
    /// `accessToken` and what the service needs beside it.
    #[ts(type = "Record<string, unknown>")]
    pub data: BTreeMap<String, Value>,
    /// Whether one call to the service must succeed before anything is stored.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub verify: bool,
}

/// `codestream/provider/add`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AddParams {
    /// The kind of service, e.g. `github`.
    #[serde(alias = "provider")]
    pub provider_id: String,
    /// The self-hosted service, as a host or any of its pages.
    pub host: String,
    /// Credentials of an app registered there, or a token.
    #[serde(default)]
    #[ts(type = "Record<string, unknown>")]
    pub data: BTreeMap<String, Value>,
    /// Whether to replace the app of a host also when that disconnects other members.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub confirmed: bool,
}

/// `codestream/provider/remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RemoveParams {
    /// The starred host.
    #[serde(alias = "provider")]
    pub provider_id: String,
    /// Whether to remove it also when that disconnects other members.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub confirmed: bool,
}

/// Answer of `codestream/provider/add`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Added {
    /// The id of the new service.
    pub provider_id: ProviderId,
    /// The redirect URI to register in the app there, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub redirect_uri: Option<String>,
}

/// Answer of `codestream/provider/me`: from a direct call to the third party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Person {
    /// The service's immutable id, as text.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Login name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// As the service tells it; not proof of anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Their page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Person {
    /// With its texts made safe to show: all but the id are what the account's owner typed.
    pub fn shown(self) -> Self {
        let bare = |text: String, limit| Some(shown(&text, limit)).filter(|text| !text.is_empty());
        let login = self.login.and_then(|login| bare(login, Limit::NAME));
        Self {
            name: text::name(&self.name, login.as_deref().unwrap_or("(no name)")),
            login,
            email: self.email.and_then(|email| bare(email, Limit::ADDRESS)),
            url: self.url.as_deref().and_then(web_link).map(String::from),
            id: self.id,
        }
    }
}

/// `codestream/provider/request`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallParams {
    /// `github*com` or `github`.
    #[serde(alias = "provider")]
    pub provider_id: String,
    /// One workspace of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub provider_team_id: Option<String>,
    /// An HTTP method.
    pub method: String,
    /// Relative to the service's `apiBase`; no scheme, no authority, nothing above the base.
    pub path: String,
    /// Query parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub query: Option<BTreeMap<String, String>>,
    /// Headers; `Authorization`, `Cookie` and `Host` are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub headers: Option<BTreeMap<String, String>>,
    /// A JSON body, or a string that is sent as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "unknown")]
    pub body: Option<Value>,
    /// At most 60,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub timeout_ms: Option<u64>,
}

/// Answer of `codestream/provider/request`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Called {
    /// What the service said.
    #[serde(flatten)]
    pub answer: CallResult,
    /// What it means, when it is no success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refusal: Option<CallRefusal>,
}

/// What an answer of a third party that is no success means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CallRefusal {
    /// As an error of `codestream/provider/me` would have it.
    pub kind: ErrorKind,
    /// For a person: what happened and what to do.
    pub message: String,
    /// Where a person can mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
}

/// A third party's answer; 4xx and 5xx are answers too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CallResult {
    /// The HTTP status.
    pub status: u16,
    /// Lower-case names.
    pub headers: BTreeMap<String, String>,
    /// JSON where it is JSON, else a string.
    #[ts(type = "unknown")]
    pub body: Value,
}

/// `codestream/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Status {
    /// The server's URL; empty when none is configured.
    pub server: String,
    /// Who is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session: Option<SessionInfo>,
    /// The me-channel.
    pub connection: ConnectionStatus,
    /// Running ones, and the last ended one of each service.
    pub attempts: Vec<Attempt>,
    /// The way to the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub way: Option<Way>,
}

/// What lies between agent and server, for whoever is asked for help; in the words of `doctor`, and without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Way {
    /// Which proxy and who named it, or why there is none.
    pub proxy: String,
    /// Where the certificate authorities come from.
    pub trust: String,
    /// Whether certificates are checked.
    pub strict: bool,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// Their id.
    pub user_id: UserId,
    /// Their e-mail address.
    pub email: String,
    /// The team to work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub team_id: Option<TeamId>,
}
