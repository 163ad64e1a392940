//! `initializationOptions` of the agent.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::id::TeamId;
use crate::secret::SessionToken;

/// What the IDE tells the agent at start. Unknown fields are ignored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(optional_fields)]
pub struct InitializationOptions {
    /// Origin of the API, e.g. `https://api.example.com`.
    pub server_url: Option<String>,
    /// The team to work in; the user's first otherwise.
    pub team_id: Option<TeamId>,
    /// A session token from the IDE's secret store.
    pub access_token: Option<SessionToken>,
    /// The IDE's own proxy setting.
    pub proxy: Option<ProxyOptions>,
    /// Path of a PEM file with further certificate authorities.
    pub extra_certs: Option<String>,
    /// Accept any certificate. Shown by `doctor`.
    #[serde(rename = "disableStrictSSL")]
    #[ts(rename = "disableStrictSSL")]
    pub disable_strict_ssl: Option<bool>,
    /// The plugin.
    pub extension: Option<ExtensionInfo>,
    /// The IDE.
    pub ide: Option<IdeInfo>,
    /// The machine's name, as the success page shows it.
    pub machine_name: Option<String>,
    /// How much is logged to stderr.
    pub trace_level: Option<TraceLevel>,
}

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProxyOptions {
    /// `http://[user:password@]host:port`.
    pub url: String,
    /// Whether certificates are checked through it.
    #[serde(rename = "strictSSL", default = "yes")]
    #[ts(rename = "strictSSL")]
    pub strict_ssl: bool,
}

fn yes() -> bool {
    true
}

/// A plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExtensionInfo {
    /// Its version.
    pub version: String,
}

/// An IDE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IdeInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How much is logged to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum TraceLevel {
    /// Nothing.
    Off,
    /// Failures.
    Error,
    /// Steps.
    Info,
    /// Requests.
    Debug,
    /// Everything but secrets.
    Trace,
}
