//! Bodies between agent and API.
//!
//! Paths are constants here so that both sides spell them alike. Every refusal has the body [`crate::code::ErrorBody`].

mod me;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;
use uuid::Uuid;

use crate::channel::{AttemptConfirming, AttemptEnded, AttemptNoted};
use crate::directive::Directive;
use crate::id::{CodeId, IdentityId, ProviderId, SessionId, TeamId};
use crate::secret::{
    AccessToken, BroadcasterToken, ClientSecret, CodeVerifier, ConnectCode, SessionToken, SignupToken,
    StartCode,
};
use crate::text;
use crate::time::UnixMillis;

pub use me::{MeObject, Team};

/// Paths of the API; `{provider}` is the lower-case name.
pub mod path {
    /// `GET`: `OK` when up.
    pub const STATUS: &str = "/no-auth/status";
    /// `GET`: [`super::Capabilities`].
    pub const CAPABILITIES: &str = "/no-auth/capabilities";
    /// `GET ?teamId=&expiresIn=[&purpose=link]`, Bearer: [`super::StartCodeAnswer`].
    pub const PROVIDER_AUTH_CODE: &str = "/provider-auth-code";
    /// `GET`, in the browser: begins a handshake. Followed by `/{provider}`.
    pub const WEB_PROVIDER_AUTH: &str = "/web/provider-auth";
    /// `GET`: the older path of [`WEB_PROVIDER_AUTH`].
    pub const NO_AUTH_PROVIDER_AUTH: &str = "/no-auth/provider-auth";
    /// `GET`, in the browser: the OAuth callback. Followed by `/{provider}`.
    pub const PROVIDER_TOKEN: &str = "/no-auth/provider-token";
    /// `POST /:action`: calls of third parties, each signed in its own way.
    pub const PROVIDER_ACTION: &str = "/no-auth/provider-action";
    /// `POST`, session: a code that links a chat account.
    pub const CONNECT_CODE: &str = "/msteams/generate-connect-code";
    /// `POST`, session: [`super::Saying`], in a channel that was connected.
    pub const CONVERSATIONS: &str = "/msteams_conversations";
    /// `PUT`: [`super::CheckSignup`] to [`super::LoginResponse`].
    pub const CHECK_SIGNUP: &str = "/no-auth/check-signup";
    /// `PUT`: [`super::CheckSignup`], with a verifier: ends the sign-up, so that its link is dead. `{}`; or
    /// [`super::LoginResponse`] when it had been granted before.
    pub const WITHDRAW_SIGNUP: &str = "/no-auth/withdraw-signup";
    /// `PUT {}`, Bearer: [`super::LoginResponse`].
    pub const LOGIN: &str = "/login";
    /// `PUT`, Bearer: `{}`.
    pub const LOGOUT: &str = "/logout";
    /// `GET`, Bearer: [`super::UserAnswer`].
    pub const ME: &str = "/users/me";
    /// Bearer, followed by `/{codeId}`. `GET`: [`super::LinkState`]; `PUT`: confirms the account, `{}`; `DELETE`: gives up, `{}`.
    pub const PROVIDER_LINK: &str = "/provider-link";
    /// `GET`, Bearer: [`crate::lsp::request::Identities`]. `DELETE`, followed by `/{identityId}`: `{}`.
    pub const IDENTITIES: &str = "/identities";
    /// `DELETE`, Bearer, followed by `/{noticeId}`: the user was told, `{}`.
    pub const NOTICES: &str = "/notices";
    /// Bearer. `GET`: [`crate::lsp::request::SessionList`]; `DELETE`: ends all others,
    /// [`crate::lsp::request::SessionsEnded`]; `DELETE`, followed by `/{sessionId}`: ends that one, the same.
    pub const SESSIONS: &str = "/sessions";
    /// `PUT`, Bearer: [`super::Deauth`] to [`super::DeauthAnswer`]. Followed by `/{provider}`.
    pub const PROVIDER_DEAUTH: &str = "/provider-deauth";
    /// `GET ?teamId=`, Bearer: [`super::UserChange`]. Followed by `/{provider}`.
    pub const PROVIDER_REFRESH: &str = "/provider-refresh";
    /// `PUT`, Bearer: [`super::SetToken`] to [`super::UserChange`]. Followed by `/{provider}`.
    pub const PROVIDER_SET_TOKEN: &str = "/provider-set-token";
    /// `PUT`, Bearer: [`super::SetInfo`] to [`super::UserChange`]. Followed by `/{provider}`.
    pub const PROVIDER_INFO: &str = "/provider-info";
    /// `PUT`, Bearer: [`super::NewHost`] to [`super::HostAdded`]; followed by `/{provider}/{teamId}`. `DELETE`, Bearer:
    /// [`super::TeamChange`]; followed by `/{provider}/{teamId}/{providerId}`.
    pub const PROVIDER_HOST: &str = "/provider-host";
}

/// Seconds that a long poll asks the server to hold a request (RFC 7240 §4.3).
pub const WAIT_SECONDS: u64 = 25;

/// `GET /no-auth/capabilities`. Also how an agent knows that a server is `CodeStream`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// What the server can do, by name.
    pub capabilities: BTreeMap<String, Capability>,
    /// The services that the server has set up, so that a view can offer sign-up before there is a session.
    #[serde(default)]
    pub providers: BTreeMap<ProviderId, ProviderRow>,
}

/// One thing that the server can do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// For a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// `GET /provider-auth-code`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartCodeAnswer {
    /// Goes into the URL that the browser opens.
    pub code: StartCode,
    /// Names the handshake on the me-channel.
    pub code_id: CodeId,
    /// When the whole handshake ends.
    pub expires_at: UnixMillis,
    /// The me-channel's time before the browser opens.
    pub channel_time: UnixMillis,
    /// To compare with the browser's page, when the server may ask for a confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_code: Option<String>,
}

/// `PUT /no-auth/check-signup`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckSignup {
    /// The sign-up token.
    pub token: SignupToken,
    /// The verifier of the challenge in the start URL; absent only with `--allow-legacy-sign-up`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_verifier: Option<CodeVerifier>,
    /// Accepted and ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nr_account_id: Option<Value>,
    /// The last note that the agent was given: a poll is held until there is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How a session came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SignupStatus {
    /// User and team are new.
    TeamCreated,
    /// The user is new, in a team that was there.
    UserCreated,
    /// The user was there.
    SignedIn,
}

/// Login data: the answer of `check-signup` and `login`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginResponse {
    /// The me-object.
    pub user: MeObject,
    /// The session's bearer token.
    pub access_token: SessionToken,
    /// The user's teams.
    pub teams: Vec<Team>,
    /// The user's companies.
    #[serde(default)]
    pub companies: Vec<Value>,
    /// The services, by id, with the hosts that the user's team added.
    pub providers: BTreeMap<ProviderId, ProviderRow>,
    /// For the me-channel's `auth`.
    pub broadcaster_token: BroadcasterToken,
    /// Where the me-channel is.
    pub socket_cluster: SocketCluster,
    /// What the server can do.
    #[serde(default)]
    pub capabilities: BTreeMap<String, Capability>,
    /// `environment`, `publicApiUrl` and the like.
    #[serde(default)]
    pub environment_info: Value,
    /// The team to work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The lower-case name of the service that was signed in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What that service granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_access: Option<String>,
    /// What the user has not been told yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// How the session came about; on `check-signup`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signup_status: Option<SignupStatus>,
}

/// Something that a user is told once: whoever has shown it says so with `DELETE /notices/{noticeId}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Names it.
    pub notice_id: Uuid,
    /// For a person.
    pub text: String,
}

/// Where the me-channel listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketCluster {
    /// A host name or address.
    pub host: String,
    /// A TCP port, as text.
    pub port: String,
    /// `true`: plain `ws`.
    #[serde(default)]
    pub ignore_https: bool,
}

/// A service as clients see it.
#[expect(clippy::struct_excessive_bools, reason = "the row's shape on the wire")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderRow {
    /// The starred host.
    pub id: ProviderId,
    /// The lower-case name, e.g. `github`.
    pub name: String,
    /// For a person, e.g. `GitHub`.
    pub display_name: String,
    /// The host that a person knows, e.g. `github.com`.
    pub host: String,
    /// The host of its API, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_host: Option<String>,
    /// Below which the agent calls it: an absolute URL that ends in `/`.
    pub api_base: String,
    /// The same of its other regions: an account of one is called there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Self-hosted: a host that the team added.
    #[serde(default)]
    pub is_enterprise: bool,
    /// Teams host it themselves, too: hosts of it can be added.
    #[serde(default)]
    pub for_enterprise: bool,
    /// Has issues to list.
    #[serde(default)]
    pub has_issues: bool,
    /// Hosts code.
    #[serde(default)]
    pub has_code_hosting: bool,
    /// Messages can be shared to it.
    #[serde(default)]
    pub has_sharing: bool,
    /// It can prove a verified e-mail address.
    #[serde(default)]
    pub can_sign_up: bool,
    /// It takes a token that the user makes.
    #[serde(default, rename = "supportsOAuthOrPAT")]
    pub supports_oauth_or_pat: bool,
    /// There is no app to approve in a browser: it is connected with such a token alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub token_only: bool,
    /// Where the user can remove the access by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual_url: Option<String>,
    /// What is asked for, and why.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// The redirect URI to register in the app at a self-hosted service: each issuer has its own (RFC 9700 4.4.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// A host that was added before each issuer had a redirect URI of its own: it is to be added again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub re_add: bool,
}

/// One permission that a service is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Scope {
    /// As the service names it.
    pub scope: String,
    /// One line for the user: what it is for.
    pub reason: String,
}

impl Scope {
    /// With its texts made safe to show.
    pub fn shown(&self) -> Self {
        Self {
            scope: text::shown(&self.scope, text::Limit::NAME),
            reason: text::shown(&self.reason, text::Limit::MESSAGE),
        }
    }
}

/// `GET /users/me`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserAnswer {
    /// Notes about the user's open handshakes, for an agent whose me-channel is down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<AttemptNoted>,
    /// The me-object.
    pub user: MeObject,
}

/// A change of the me-object; the same is published on the me-channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserChange {
    /// The change.
    pub user: Directive,
}

/// `PUT /provider-deauth/{provider}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deauth {
    /// The team.
    pub team_id: TeamId,
    /// A self-hosted service's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// One workspace of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_id: Option<String>,
}

/// Whether the third party ended the access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Revoked {
    /// It did.
    Yes,
    /// It has no endpoint for that.
    Unsupported,
    /// It could not be reached, or refused.
    Failed,
}

/// Answer of `PUT /provider-deauth/{provider}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeauthAnswer {
    /// The change of the me-object.
    pub user: Directive,
    /// Whether the third party ended the access.
    pub revoked: Revoked,
    /// Where the user can do it by hand, unless `revoked` is `yes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual_url: Option<String>,
    /// Whether the account is still a way to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs_in: Option<bool>,
}

/// How a person came to an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum IdentityOrigin {
    /// By signing up with it.
    SignUp,
    /// By a link attempt that the IDE confirmed.
    Linked,
}

/// A way to sign in: an account at a service that is let in as the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Names it.
    pub identity_id: IdentityId,
    /// The service's lower-case name.
    pub provider: String,
    /// The service's id.
    pub provider_id: ProviderId,
    /// The host that a person knows.
    pub host: String,
    /// The service, for a person.
    pub display_name: String,
    /// The account's login or display name, as last told by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Since when it signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub since: Option<UnixMillis>,
    /// How it came about.
    pub origin: IdentityOrigin,
}

/// A signed-in agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionRow {
    /// Names it.
    pub session_id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// The IDE, as it named itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ide: Option<String>,
    /// The machine, as it named itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub machine: Option<String>,
    /// The lower-case name of the service that was signed in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub provider: Option<String>,
    /// When it began.
    pub since: UnixMillis,
    /// When it was last used, to some minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last_used_at: Option<UnixMillis>,
    /// The network address that it was last used from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub address: Option<String>,
}

/// `GET /provider-link/{codeId}`: what the me-channel has said about a link handshake, for an agent without a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkState {
    /// An account came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_confirming: Option<AttemptConfirming>,
    /// Something for the person to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_noted: Option<AttemptNoted>,
    /// It has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_ended: Option<AttemptEnded>,
}

/// `PUT /provider-set-token/{provider}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetToken {
    /// The team.
    pub team_id: TeamId,
    /// A token that the user made at the service.
    pub token: AccessToken,
    /// A self-hosted service's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Anything to keep beside it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// Who it belongs to, when the caller has asked the service itself; else the server asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
}

/// `PUT /provider-host/{provider}/{teamId}`: a service that a team hosts itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewHost {
    /// Its address: `https://host[:port][/context path]`, or the same without the scheme.
    pub host: String,
    /// The id of an app that is registered there; absent: that of the host if it has one, else its users bring tokens of
    /// their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_client_id: Option<String>,
    /// The app's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_client_secret: Option<ClientSecret>,
    /// Replaces the app also when that disconnects other members.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
}

/// Answer of `PUT /provider-host/{provider}/{teamId}`; the change is published on the team's channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostAdded {
    /// The change of the team.
    pub team: Directive,
    /// The id of the new service.
    pub provider_id: ProviderId,
    /// The redirect URI to register in the app there, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
}

/// A change of a team; the same is published on the team's channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeamChange {
    /// The change.
    pub team: Directive,
}

/// `PUT /provider-info/{provider}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetInfo {
    /// The team.
    pub team_id: TeamId,
    /// `accessToken?` and anything to keep beside it.
    pub data: Value,
    /// A self-hosted service's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Kept, but not yet tried.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending_verification: bool,
}

/// One account in the me-object: `providerInfo.<teamId>.<provider>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderInfo {
    /// For direct calls; absent once the connection is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<AccessToken>,
    /// When it ends; absent when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixMillis>,
    /// The user made this token by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_api_token: bool,
    /// Who it belongs to, when known: the service's own login or display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Since when it is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixMillis>,
    /// What else the service needs on a call, e.g. an `apiKey`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// Why the connection was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_error: Option<TokenError>,
}

/// Why a connection was lost: on proof only (RFC 6749 §5.2 `invalid_grant`, or 401 after a refresh).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenError {
    /// For a person.
    pub error: String,
    /// When.
    pub occurred_at: UnixMillis,
    /// Always `false`: trouble with the network is never a token error.
    #[serde(default)]
    pub is_connection_error: bool,
    /// The service's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_message: Option<String>,
}

/// `POST /no-auth/provider-token/{provider}`: the fragment's token, posted by the page's static script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FragmentToken {
    /// The state from the page's query.
    pub state: String,
    /// From the fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<AccessToken>,
    /// From the fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Answer to `POST /msteams/generate-connect-code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectCodeAnswer {
    /// 32 hexadecimal characters; good once, for ten minutes.
    pub connect_code: ConnectCode,
}

/// `POST /msteams_conversations`: answered with `{}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Saying {
    /// An [`Activity`](crate::activity::Activity)'s `channelId`.
    pub conversation_id: String,
    /// Markdown.
    pub text: String,
}

/// Answer to [`FragmentToken`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// Where the page goes next; a path on this origin.
    pub redirect: String,
}
