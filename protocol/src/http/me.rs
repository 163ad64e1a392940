//! The me-object and the team object.
//!
//! Both change by [directives](crate::directive), so what a newer server keeps in them is carried along. Neither prints
//! what it holds: a user's tokens are in there.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{TeamId, UserId};

/// A user, as their own agents see them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MeObject {
    /// Who.
    pub id: UserId,
    /// Their e-mail address.
    #[serde(default)]
    pub email: String,
    /// Their short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// The teams that they are in.
    #[serde(default)]
    pub team_ids: Vec<TeamId>,
    /// `<teamId>.<provider>[.hosts.<host>][.multiple.<workspace>]`, each a [`ProviderInfo`](super::ProviderInfo).
    #[serde(default)]
    pub provider_info: Map<String, Value>,
    /// Counts the changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// What else the server keeps of them.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl MeObject {
    /// As directives apply to it.
    pub fn into_value(self) -> Value {
        // Maps with keys of text: nothing that JSON cannot hold.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl fmt::Debug for MeObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("MeObject");
        shown.field("id", &self.id).field("version", &self.version);
        shown.finish_non_exhaustive()
    }
}

/// A team, as its members see it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    /// Which.
    pub id: TeamId,
    /// For a person.
    #[serde(default)]
    pub name: String,
    /// Who is in it.
    #[serde(default)]
    pub member_ids: Vec<UserId>,
    /// Counts the changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// `providerHosts.<providerId>` (each a [`ProviderRow`](super::ProviderRow)),
    /// `serverProviderToken.<provider>.multiple.<workspaceId>` (that there is a token, never the token), and what else the
    /// server keeps.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Team {
    /// As directives apply to it.
    pub fn into_value(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Team");
        shown.field("id", &self.id).field("version", &self.version);
        shown.finish_non_exhaustive()
    }
}
