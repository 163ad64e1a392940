//! Configuration: what the operator asked for, checked.
//!
//! The only room that reads the environment. Secrets come from a file or the environment, never from options.

mod allow_hosts;
mod environment;
mod file;
mod limits;
mod load;
mod place;
mod proxies;
mod quotas;

use std::collections::BTreeMap;
use std::path::PathBuf;

use codestream_protocol::secret::{ClientSecret, SigningSecret};
use url::Url;

pub use crate::keys::{Key, KeyRing};
pub use allow_hosts::AllowHosts;
pub use environment::Environment;
pub use limits::{Limits, Times};
pub use load::{ConfigError, Options, Settings, load};
pub use proxies::TrustedProxies;
pub use quotas::{Quotas, SessionLife};

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// The environment's name in every state object.
    pub environment: String,
    /// The API's origin as browsers and agents see it; absent: where it listens.
    pub public_url: Option<Url>,
    /// The callback origin of providers with [`Callback::AuthOrigin`].
    pub auth_origin: Option<Url>,
    /// Where a browser goes after a successful handshake; absent: our own page.
    pub success_url: Option<Url>,
    /// Whose word about a client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// How much anybody may hold of the server's connections, memory and time.
    pub limits: Limits,
    /// Which hosts of the own network are called when users name them.
    pub allow_hosts: AllowHosts,
    /// Where everything is kept.
    pub database: Database,
    /// Whether the third parties are imitated.
    pub sandbox: bool,
    /// The sandbox's origin as browsers, agents and this server see it; absent: where it listens. Without a sandbox of our
    /// own, that of another node.
    pub sandbox_url: Option<Url>,
    /// Whether `check-signup` holds requests that ask for it.
    pub long_poll: bool,
    /// Whether a sign-up without a code challenge is accepted.
    pub allow_legacy_sign_up: bool,
    /// Whether a person confirms in the browser after the callback.
    pub confirm_sign_in: ConfirmSignIn,
    /// How much one user, team or address may keep here.
    pub quotas: Quotas,
    /// How long a session lasts.
    pub sessions: SessionLife,
    /// The OAuth apps, by the provider's lower-case name.
    pub providers: BTreeMap<String, ProviderApp>,
    /// Signs states and channel tokens.
    pub signing_keys: KeyRing,
    /// Seals what is stored.
    pub encryption_keys: KeyRing,
}

/// A place to keep everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// An SQLite file; made when absent.
    SqliteFile(PathBuf),
    /// SQLite, gone when the server stops.
    SqliteMemory,
    /// A PostgreSQL database, shared by any number of nodes.
    Postgres(PostgresUrl),
}

/// How a PostgreSQL database is reached. May hold a password, so it does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(Url);

impl PostgresUrl {
    pub(crate) fn expose(&self) -> &str {
        self.0.as_str()
    }

    fn has_password(&self) -> bool {
        self.0.password().is_some() || self.0.query_pairs().any(|(key, _)| key == "password")
    }
}

impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresUrl([redacted])")
    }
}

/// Whether a page asks to compare the match code before anything is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ConfirmSignIn {
    /// When the browser's address differs from the agent's.
    #[default]
    Auto,
    /// Every time.
    Always,
    /// Never.
    Never,
}

/// An OAuth app at a third party.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderApp {
    /// RFC 6749 §2.2; absent: people bring tokens of their own, or it is not offered.
    pub client_id: Option<String>,
    /// RFC 6749 §2.3.1; some providers have none.
    pub client_secret: Option<ClientSecret>,
    /// What the third party signs its calls to us with; absent: it is not listened to where that takes a secret.
    pub signing_secret: Option<SigningSecret>,
    /// Which origin the third party sends browsers back to.
    pub callback: Callback,
    /// Read for files of old, and not used: a team adds a self-hosted service in its IDE.
    pub host: Option<String>,
}

/// Which origin a third party sends browsers back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
pub enum Callback {
    /// The API's own.
    #[default]
    #[serde(rename = "publicApiUrl")]
    Public,
    /// The one fixed callback host.
    #[serde(rename = "authOrigin")]
    AuthOrigin,
}
