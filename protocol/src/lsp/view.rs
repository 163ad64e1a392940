//! What a view may know of users, teams and logins: an allow-list, field by field.
//!
//! Reading one of these out of the server's object is the projection: what is not named here stays in the agent, whatever
//! it is called. Texts are made safe to show on the way. A part of a shape that this version does not know is left out
//! alone.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::http::{Capability, LoginResponse, ProviderRow, Scope, SignupStatus, SocketCluster};
use crate::id::{ProviderId, TeamId, UserId};
use crate::text::{Limit, shown, web_link};
use crate::time::UnixMillis;

/// A user, without their tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewUser {
    /// Who.
    pub id: UserId,
    /// Their e-mail address.
    #[serde(default, deserialize_with = "address")]
    pub email: String,
    /// Their short name.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "name")]
    pub username: Option<String>,
    /// For a person.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "name")]
    pub full_name: Option<String>,
    /// The teams that they are in.
    #[serde(default)]
    pub team_ids: Vec<TeamId>,
    /// Their accounts, by team and service.
    #[serde(default, deserialize_with = "known")]
    pub provider_info: BTreeMap<TeamId, Services>,
    /// Counts the changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

/// Accounts by service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Services(#[serde(deserialize_with = "known")] pub BTreeMap<String, ViewAccounts>);

/// A user's accounts at a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ViewAccounts {
    /// The one that belongs to no host and no workspace.
    #[serde(flatten)]
    pub account: ViewAccount,
    /// Those at hosts of the team's own.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "known"
    )]
    pub hosts: BTreeMap<String, ViewAccounts>,
    /// Those in workspaces.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "known"
    )]
    pub multiple: BTreeMap<String, ViewAccount>,
}

/// An account, without its token and without what is kept beside it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewAccount {
    /// Who it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "name")]
    pub who: Option<String>,
    /// Since when it is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixMillis>,
    /// When its token ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixMillis>,
    /// The user made the token by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_api_token: bool,
    /// Why the connection was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_error: Option<ViewTokenError>,
}

/// Why a connection was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewTokenError {
    /// For a person.
    #[serde(deserialize_with = "message")]
    pub error: String,
    /// When.
    pub occurred_at: UnixMillis,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewTeam {
    /// Which.
    pub id: TeamId,
    /// For a person.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "name")]
    pub name: Option<String>,
    /// Who is in it.
    #[serde(default)]
    pub member_ids: Vec<UserId>,
    /// The hosts that it added.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "rows"
    )]
    pub provider_hosts: BTreeMap<ProviderId, ProviderRow>,
    /// Where the app itself is connected.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "known"
    )]
    pub server_provider_token: BTreeMap<String, ViewApp>,
    /// Counts the changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

/// Where a service's app is connected for a team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewApp {
    /// Workspaces at hosts of the team's own.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "known"
    )]
    pub hosts: BTreeMap<String, ViewApp>,
    /// Workspaces.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "known"
    )]
    pub multiple: BTreeMap<String, ViewWorkspace>,
}

/// A workspace that an app is connected to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewWorkspace {
    /// Whether it is.
    #[serde(default)]
    pub connected: bool,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixMillis>,
    /// For a person.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "name")]
    pub name: Option<String>,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewCompany {
    /// Which.
    pub id: String,
    /// For a person.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "name")]
    pub name: Option<String>,
}

/// Which environment of the server this is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewEnvironment {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "name")]
    pub environment: Option<String>,
    /// Where the API is.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "name")]
    pub public_api_url: Option<String>,
    /// Somebody's own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_on_prem: Option<bool>,
}

/// Login data, without the session's and any other token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewLogin {
    /// The user.
    pub user: Option<ViewUser>,
    /// Their teams.
    pub teams: Vec<ViewTeam>,
    /// Their companies.
    pub companies: Vec<ViewCompany>,
    /// The services.
    pub providers: BTreeMap<ProviderId, ProviderRow>,
    /// Where the me-channel is.
    pub socket_cluster: SocketCluster,
    /// What the server can do.
    pub capabilities: BTreeMap<String, Capability>,
    /// Which environment.
    pub environment_info: ViewEnvironment,
    /// The team to work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The service that was signed in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What that service granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_access: Option<String>,
    /// How the session came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signup_status: Option<SignupStatus>,
}

impl ViewUser {
    /// What a view may know of a me-object; `None` when it names no user.
    pub fn of(user: &Value) -> Option<Self> {
        Self::deserialize(user).ok()
    }
}

impl ViewTeam {
    /// What a view may know of these teams.
    pub fn all<'a>(teams: impl IntoIterator<Item = &'a Value>) -> Vec<Self> {
        let teams = teams.into_iter();
        teams.filter_map(|team| Self::deserialize(team).ok()).collect()
    }
}

impl ViewLogin {
    /// What a view may know of login data, whose `user` and `teams` are given as they now stand.
    pub fn of<'a>(login: &LoginResponse, user: &Value, teams: impl IntoIterator<Item = &'a Value>) -> Self {
        let companies = login.companies.iter();
        Self {
            user: ViewUser::of(user),
            teams: ViewTeam::all(teams),
            companies: companies
                .filter_map(|company| ViewCompany::deserialize(company).ok())
                .collect(),
            providers: (login.providers.iter())
                .map(|(id, row)| (id.clone(), safe(row.clone())))
                .collect(),
            socket_cluster: login.socket_cluster.clone(),
            capabilities: login.capabilities.clone(),
            environment_info: ViewEnvironment::deserialize(&login.environment_info).unwrap_or_default(),
            team_id: login.team_id.clone(),
            provider: login.provider.as_deref().map(|name| shown(name, Limit::NAME)),
            provider_access: (login.provider_access.as_deref()).map(|text| shown(text, Limit::MESSAGE)),
            signup_status: login.signup_status,
        }
    }
}

/// A service with its texts made safe.
pub fn safe(row: ProviderRow) -> ProviderRow {
    ProviderRow {
        name: shown(&row.name, Limit::NAME),
        display_name: shown(&row.display_name, Limit::NAME),
        host: shown(&row.host, Limit::ADDRESS),
        manual_url: row.manual_url.as_deref().and_then(web_link).map(String::from),
        scopes: row.scopes.iter().map(Scope::shown).collect(),
        ..row
    }
}

fn text<'de, D: Deserializer<'de>>(from: D, limit: Limit) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(|text| shown(&text, limit)))
}

fn name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text(from, Limit::NAME)
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from, Limit::ADDRESS).map(Option::unwrap_or_default)
}

fn message<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from, Limit::MESSAGE).map(Option::unwrap_or_default)
}

/// The entries whose key and value are of the wanted shape.
fn known<'de, D, K, V>(from: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: DeserializeOwned + Ord,
    V: DeserializeOwned,
{
    let entries = Option::<Map<String, Value>>::deserialize(from)?.unwrap_or_default();
    let known = entries.into_iter().filter_map(|(key, value)| {
        let key = serde_json::from_value(Value::String(key)).ok()?;
        Some((key, serde_json::from_value(value).ok()?))
    });
    Ok(known.collect())
}

fn rows<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<ProviderId, ProviderRow>, D::Error> {
    let rows: BTreeMap<ProviderId, ProviderRow> = known(from)?;
    Ok(rows.into_iter().map(|(id, row)| (id, safe(row))).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// CWE-212: whatever a key is called, what is not allowed does not leave.
    #[test]
    fn what_is_not_on_the_list_stays_whatever_it_is_called() {
        let (user, team) = ("01".repeat(12), "02".repeat(12));
        let account = json!({"accessToken": "canary", "who": "e\u{202E}ve", "since": 3, "password": "canary", "isApiToken": true,
            "data": {"apiKey": "canary", "private": "canary", "workspaces": ["canary"]},
            "tokenError": {"error": "gone\r\nforged", "occurredAt": 5, "providerMessage": "canary"}});
        let me = json!({
            "id": user, "email": "a@b.test", "fullName": "Ada", "teamIds": [team], "version": 7,
            "preferences": {"pat": "canary"}, "broadcasterToken": "canary", "sessionCookie": "canary",
            "providerInfo": {
                &team: {"github": {"accessToken": "canary", "who": "eve", "hosts": {"git*a": account, "x": 3},
                    "multiple": {"T1": account}, "canary": "canary"}, "odd": "canary"},
                "trello": {"accessToken": "canary", "data": {"who": "canary"}},
            },
        });
        let view = serde_json::to_value(ViewUser::of(&me).expect("a user")).expect("JSON");
        let told = json!({"who": "eve", "since": 3, "isApiToken": true,
            "tokenError": {"error": "gone forged", "occurredAt": 5}});
        let expected = json!({
            "id": user, "email": "a@b.test", "fullName": "Ada", "teamIds": [team], "version": 7,
            "providerInfo": {&team: {"github": {"who": "eve", "hosts": {"git*a": told}, "multiple": {"T1": told}}}},
        });
        assert_eq!(view, expected);
    }

    #[test]
    fn a_team_keeps_its_hosts_and_where_the_app_is() {
        let row = json!({"id": "git*a", "name": "github", "displayName": "Git\u{1b}[2JHub", "host": "git.a",
            "apiBase": "https://git.a/", "isEnterprise": true, "manualUrl": "vscode://x", "appClientSecret": "canary"});
        let team = json!({"id": "02".repeat(12), "name": "us", "memberIds": [], "version": 1, "secret": "canary",
            "providerHosts": {"git*a": row},
            "serverProviderToken": {"slack": {"multiple": {"T1": {"connected": true, "name": "acme", "accessToken": "canary"}}}}});
        let view = serde_json::to_value(ViewTeam::all([&team, &json!("canary")])).expect("JSON");
        assert!(!view.to_string().contains("canary"), "{view}");
        assert_eq!(view[0]["providerHosts"]["git*a"]["displayName"], "GitHub");
        assert_eq!(view[0]["providerHosts"]["git*a"].get("manualUrl"), None);
        assert_eq!(
            view[0]["serverProviderToken"]["slack"]["multiple"]["T1"]["name"],
            "acme"
        );
    }
}
