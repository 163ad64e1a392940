//! What `codestream/provider/list` answers: services, and the user's accounts at them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::http::Scope;
use crate::id::ProviderId;
use crate::time::UnixMillis;

/// `codestream/provider/list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProviderList {
    /// In the order of their names.
    pub providers: Vec<ProviderSummary>,
}

/// A service and the user's accounts at it.
#[expect(clippy::struct_excessive_bools, reason = "the row's shape on the wire")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProviderSummary {
    /// The starred host.
    pub provider_id: ProviderId,
    /// The lower-case name.
    pub name: String,
    /// For a person.
    pub display_name: String,
    /// The host that a person knows.
    pub host: String,
    /// Whether one of the accounts works.
    pub connected: bool,
    /// Whether it can prove a verified e-mail address.
    pub can_sign_up: bool,
    /// Whether it takes a token that the user makes.
    pub can_use_token: bool,
    /// What goes with such a token, in the order in which a person is asked; none for most services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<TokenField>>")]
    pub token_fields: Vec<TokenField>,
    /// Whether there is no app to approve in a browser: it is connected with such a token alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub token_only: bool,
    /// Whether the team added it: a self-hosted service, which can be removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub added: bool,
    /// Whether self-hosted services of its kind can be added.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub can_add_host: bool,
    /// The redirect URI to register in the app at a self-hosted service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub redirect_uri: Option<String>,
    /// Whether the host must be added again, with the redirect URI that it has now: until then nobody signs in with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub re_add: bool,
    /// Below which `codestream/provider/request` calls.
    pub api_base: String,
    /// What is asked for, and why.
    pub scopes: Vec<Scope>,
    /// The user's accounts.
    pub accounts: Vec<Account>,
}

/// What a service wants to know beside a token that the user makes: a text among the `data` of `codestream/provider/configure`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TokenField {
    /// Its name among the data.
    pub name: String,
    /// What a person is asked for.
    pub prompt: String,
    /// How it may look.
    pub example: String,
}

/// A connected account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Login or display name at the service.
    pub who: String,
    /// Since when.
    pub since: UnixMillis,
    /// When its token is refreshed at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub expires_at: Option<UnixMillis>,
    /// The workspace, where there can be several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub provider_team_id: Option<String>,
    /// Why it must be reconnected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
}
