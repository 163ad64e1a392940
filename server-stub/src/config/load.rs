//! Options over file, environment over file for secrets, defaults under all: and every value checked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fmt, io};

use codestream_protocol::secret::{ClientSecret, SigningSecret};
use codestream_protocol::state::is_environment;
use url::Url;

use super::file::File;
use super::{
    AllowHosts, Callback, Config, ConfirmSignIn, Database, Environment, Key, KeyRing, Limits, ProviderApp,
    TrustedProxies,
};
use crate::providers::Registry;

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `host:port` of the API.
    pub listen: Option<String>,
    /// The API's origin as browsers and agents see it.
    pub public_url: Option<String>,
    /// The callback origin of some providers.
    pub auth_origin: Option<String>,
    /// The environment's name.
    pub environment: Option<String>,
    /// Where everything is kept.
    pub database: Option<String>,
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// Where a browser goes after a successful handshake.
    pub success_url: Option<String>,
    /// Imitate the third parties.
    pub sandbox: bool,
    /// `host:port` of the sandbox.
    pub sandbox_listen: Option<String>,
    /// The sandbox's origin as browsers, agents and this server see it.
    pub sandbox_url: Option<String>,
    /// `host:port` of the metrics.
    pub metrics_listen: Option<String>,
    /// Hold no request.
    pub no_long_poll: bool,
    /// Accept sign-ups without a code challenge.
    pub allow_legacy_sign_up: bool,
    /// Whether a person confirms in the browser.
    pub confirm_sign_in: Option<ConfirmSignIn>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For [`crate::serve()`].
    pub config: Config,
    /// `host:port` of the API.
    pub listen: String,
    /// `host:port` of the sandbox; present with a sandbox.
    pub sandbox_listen: Option<String>,
    /// `host:port` of the metrics, when they are asked for.
    pub metrics_listen: Option<String>,
}

/// What is wrong, in one line that says what to do. It names the setting and never quotes its value: a secret may have been
/// put into the wrong one (CWE-209).
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is its documentation")]
pub enum ConfigError {
    #[error("cannot read the configuration file {}: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: io::Error },
    #[error("the configuration file {} is wrong in line {line}: {problem}", path.display())]
    Malformed {
        path: PathBuf,
        line: usize,
        problem: String,
    },
    #[error("{0} must be host:port, such as 127.0.0.1:12079")]
    Address(&'static str),
    #[error(
        "{0} must be an http or https origin without a path, a user name or a password, such as https://codestream.example.com"
    )]
    Origin(&'static str),
    #[error("the success URL must be an http or https URL without a user name or a password")]
    SuccessUrl,
    #[error("number {0} of trustedProxies must be an address or a network, such as 10.0.0.0/8")]
    TrustedProxy(usize),
    #[error("[quotas] {0} must be between 1 and 1000000, not {1}")]
    Quota(&'static str, u32),
    #[error("[sessions] {0} must be between 1 and 3650, not {1}")]
    SessionLife(&'static str, u32),
    #[error(
        "number {0} of allowHosts must be a name, an address or a network, such as git.example.com or 10.0.0.0/8"
    )]
    AllowedHost(usize),
    #[error("the environment's name must be 1 to 64 of a-z, 0-9, - and _")]
    EnvironmentName,
    #[error("the database must be sqlite:PATH, sqlite::memory: or postgres://HOST/NAME")]
    Database,
    #[error("a PostgreSQL database must be postgres://[USER@]HOST[:PORT]/NAME")]
    PostgreSql,
    #[error(
        "the database's password can be read by everyone on the command line; put the URL into the configuration \
         file's [apiServer] database, or the password into PGPASSWORD"
    )]
    PasswordInOption,
    #[error("there is no data directory (HOME is not set); name a database with --database sqlite:PATH")]
    NoDataDirectory,
    #[error("{0} is not a key: a key is 64 hexadecimal characters, for example from `openssl rand -hex 32`")]
    Key(KeyName),
    #[error(
        "there is no {0} key; put 64 hexadecimal characters, for example from `openssl rand -hex 32`, into \
         {1} or the configuration file's [secrets]"
    )]
    NoKey(&'static str, &'static str),
    #[error("the sandbox's keys cannot be kept beside its database: {0}")]
    SandboxKeys(io::Error),
    #[error("there is no provider {0:?}; known are {known}", known = Registry::known().collect::<Vec<_>>().join(", "))]
    UnknownProvider(String),
    #[error("the environment variable {0} names no setting of a provider")]
    UnknownVariable(String),
    #[error("provider {0}: callback must be publicApiUrl or authOrigin")]
    Callback(String),
    #[error(
        "provider {0} returns to authOrigin, which is not set; set --auth-origin or [apiServer] authOrigin"
    )]
    NoAuthOrigin(String),
    #[error("provider {0} has a clientSecret but no clientId")]
    NoClientId(String),
    #[error("[limits] {key} must be a whole number from {least} to {most}, not {given}")]
    Limit {
        key: &'static str,
        least: u64,
        most: u64,
        given: i64,
    },
    #[error("[limits] {0} is more than {1}, which it is a part of; lower the one or raise the other")]
    LimitOrder(&'static str, &'static str),
}

/// Which key, without telling it.
#[derive(Debug)]
pub struct KeyName {
    source: &'static str,
    number: usize,
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "number {} of {}", self.number, self.source)
    }
}

const SIGNING: &str = "CODESTREAM_SIGNING_KEYS";
const ENCRYPTION: &str = "CODESTREAM_ENCRYPTION_KEYS";
const PROVIDER: &str = "CODESTREAM_PROVIDER_";

/// Puts everything together. `sandbox_keys` makes signing and encryption keys for a sandbox that has none configured.
pub fn load(
    options: Options,
    environment: &Environment,
    sandbox_keys: impl FnOnce(&Database) -> io::Result<(KeyRing, KeyRing)>,
) -> Result<Settings, ConfigError> {
    let file = options
        .config
        .as_deref()
        .map(File::read)
        .transpose()?
        .unwrap_or_default();
    let server = file.api_server;
    let sandbox = options.sandbox;
    let listen = address("--listen", options.listen.or(server.listen), "127.0.0.1:12079")?;
    let sandbox_listen = address("--sandbox-listen", options.sandbox_listen, "127.0.0.1:12080")?;
    let metrics_listen = options.metrics_listen.or(server.metrics_listen);
    let metrics_listen = metrics_listen
        .map(|text| address("--metrics-listen", Some(text), ""))
        .transpose()?;
    let public_url = origin("the public URL", options.public_url.or(server.public_api_url))?;
    let sandbox_url = origin("the sandbox's URL", options.sandbox_url)?;
    let auth_origin = origin("the auth origin", options.auth_origin.or(server.auth_origin))?;
    let success_url = options
        .success_url
        .or(server.success_url)
        .as_deref()
        .map(success_url)
        .transpose()?;
    let name = options.environment.or(file.shared_general.run_time_environment);
    let name = name.unwrap_or_else(|| "local".to_owned());
    if !is_environment(&name) {
        return Err(ConfigError::EnvironmentName);
    }
    let database = match (options.database, server.database) {
        (Some(text), _) => Database::parse_option(&text)?,
        (None, Some(text)) => Database::parse(&text)?,
        (None, None) if sandbox => Database::SqliteMemory,
        (None, None) => Database::in_data_directory(environment)?,
    };
    let signing = ring(environment, SIGNING, "signingKeys", &file.secrets.signing_keys)?;
    let encryption = ring(
        environment,
        ENCRYPTION,
        "encryptionKeys",
        &file.secrets.encryption_keys,
    )?;
    let (signing_keys, encryption_keys) = match (signing, encryption) {
        (Some(signing), Some(encryption)) => (signing, encryption),
        // Nodes that share a database share its keys, so none makes its own.
        (signing, encryption) if sandbox && !matches!(database, Database::Postgres(_)) => {
            let made = sandbox_keys(&database).map_err(ConfigError::SandboxKeys)?;
            (signing.unwrap_or(made.0), encryption.unwrap_or(made.1))
        }
        (None, _) => return Err(ConfigError::NoKey("signing", SIGNING)),
        (_, None) => return Err(ConfigError::NoKey("encryption", ENCRYPTION)),
    };
    let providers = providers(file.providers, environment)?;
    let homeless = providers
        .iter()
        .find(|(_, app)| app.callback == Callback::AuthOrigin);
    if let (Some((name, _)), None) = (homeless, &auth_origin) {
        return Err(ConfigError::NoAuthOrigin(name.clone()));
    }
    // Nobody compares match codes with an imitation, unless that is what is tried out.
    let confirm = if sandbox || sandbox_url.is_some() {
        ConfirmSignIn::Never
    } else {
        ConfirmSignIn::Auto
    };
    Ok(Settings {
        config: Config {
            environment: name,
            public_url,
            auth_origin,
            success_url,
            trusted_proxies: TrustedProxies::given(server.trusted_proxies.as_deref())?,
            limits: Limits::of(&file.limits)?,
            allow_hosts: AllowHosts::parse(&server.allow_hosts)?,
            database,
            sandbox,
            sandbox_url,
            long_poll: !options.no_long_poll,
            allow_legacy_sign_up: options.allow_legacy_sign_up,
            confirm_sign_in: options
                .confirm_sign_in
                .or(server.confirm_sign_in)
                .unwrap_or(confirm),
            quotas: file.quotas.checked()?,
            sessions: file.sessions.checked()?,
            providers,
            signing_keys,
            encryption_keys,
        },
        listen,
        sandbox_listen: sandbox.then_some(sandbox_listen),
        metrics_listen,
    })
}

fn address(name: &'static str, text: Option<String>, default: &str) -> Result<String, ConfigError> {
    let text = text.unwrap_or_else(|| default.to_owned());
    let good = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if good {
        Ok(text)
    } else {
        Err(ConfigError::Address(name))
    }
}

fn origin(name: &'static str, text: Option<String>) -> Result<Option<Url>, ConfigError> {
    let Some(text) = text else {
        return Ok(None);
    };
    match web_url(&text) {
        Some(url) if url.path() == "/" && url.query().is_none() && url.fragment().is_none() => Ok(Some(url)),
        _ => Err(ConfigError::Origin(name)),
    }
}

fn success_url(text: &str) -> Result<Url, ConfigError> {
    web_url(text).ok_or(ConfigError::SuccessUrl)
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (web && url.username().is_empty() && url.password().is_none()).then_some(url)
}

fn ring(
    environment: &Environment,
    variable: &'static str,
    key: &'static str,
    file: &[String],
) -> Result<Option<KeyRing>, ConfigError> {
    let (source, texts) = match environment.get(variable) {
        Some(list) => (variable, list.split(',').map(str::to_owned).collect()),
        None => (key, file.to_vec()),
    };
    let mut keys = Vec::with_capacity(texts.len());
    for (number, text) in (1..).zip(&texts) {
        let name = KeyName { source, number };
        keys.push(Key::parse(text).ok_or(ConfigError::Key(name))?);
    }
    let mut keys = keys.into_iter();
    Ok(keys.next().map(|current| KeyRing::new(current, keys.collect())))
}

fn providers(
    file: BTreeMap<String, super::file::Provider>,
    environment: &Environment,
) -> Result<BTreeMap<String, ProviderApp>, ConfigError> {
    let mut apps = BTreeMap::new();
    for (name, given) in file {
        let app = ProviderApp {
            client_id: given.client_id,
            client_secret: given.client_secret,
            signing_secret: given.signing_secret,
            callback: given.callback,
            host: given.host,
        };
        apps.insert(name, app);
    }
    for (rest, value) in environment.named(PROVIDER) {
        let unknown = || ConfigError::UnknownVariable(format!("{PROVIDER}{rest}"));
        let (name, setting) = rest.split_once('_').ok_or_else(unknown)?;
        let name = name.to_ascii_lowercase();
        let app: &mut ProviderApp = apps.entry(name.clone()).or_default();
        match setting {
            "CLIENT_ID" => app.client_id = Some(value.to_owned()),
            "CLIENT_SECRET" => app.client_secret = Some(ClientSecret::new(value)),
            "SIGNING_SECRET" => app.signing_secret = Some(SigningSecret::new(value)),
            "HOST" => app.host = Some(value.to_owned()),
            "CALLBACK" => {
                app.callback = match value {
                    "publicApiUrl" => Callback::Public,
                    "authOrigin" => Callback::AuthOrigin,
                    _ => return Err(ConfigError::Callback(name)),
                }
            }
            _ => return Err(unknown()),
        }
    }
    for (name, app) in &apps {
        if !Registry::known().any(|known| known == name) {
            return Err(ConfigError::UnknownProvider(name.clone()));
        }
        if app.client_secret.is_some() && app.client_id.is_none() {
            return Err(ConfigError::NoClientId(name.clone()));
        }
    }
    Ok(apps)
}

#[cfg(test)]
mod tests;
