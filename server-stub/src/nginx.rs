//! The nginx configuration of a callback host that serves several environments, and of the host that third parties call.
//!
//! Owns the text. nginx can quote little (a `$` not at all), so nothing that would need quoting gets in.

use askama::Template;
use codestream_protocol::http::path;
use codestream_protocol::state::is_environment;
use url::Url;

use crate::providers::Registry;

/// What to write it for, as the command line says it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Each `NAME=URL`.
    pub(crate) environments: Vec<String>,
    /// The host of the callbacks; absent: the default one of its address.
    pub(crate) callback_host: Option<String>,
    /// The host of calls from server to server; absent: there is none.
    pub(crate) internal_host: Option<String>,
    /// Where both listen: `[ADDRESS:]PORT`.
    pub(crate) listen: Option<String>,
    /// Certificate and key, both in PEM.
    pub(crate) tls: Option<(String, String)>,
    /// Where the logs are.
    pub(crate) log_directory: String,
    /// Who vouches for environments with https.
    pub(crate) trusted_certificates: String,
}

/// What is wrong, in one line that says what to do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WantedError {
    #[error("name at least one environment, such as --environment local=http://127.0.0.1:12079")]
    None,
    #[error("an environment is NAME=URL, the name 1 to 64 of a-z, 0-9, - and _, not {0:?}")]
    Environment(String),
    #[error("the environment {0} is named twice")]
    Twice(String),
    #[error(
        "the URL of environment {0} must be an http or https origin without a path, such as http://127.0.0.1:12079"
    )]
    Origin(String),
    #[error("{0:?} is not the name of a host, such as auth.example.com")]
    Host(String),
    #[error("callback host and internal host must be two hosts, not {0:?} twice")]
    SameHost(String),
    #[error("--listen must be PORT or ADDRESS:PORT, such as 127.0.0.1:8080, not {0:?}")]
    Listen(String),
    #[error("{0:?} is not a path that nginx can be told without quoting: use letters, digits and / . _ -")]
    Path(String),
}

struct Environment {
    name: String,
    origin: String,
}

struct Tls {
    certificate: String,
    key: String,
}

#[derive(Template)]
#[template(path = "nginx.conf", escape = "none")]
struct Configuration {
    environments: Vec<Environment>,
    listen: String,
    callback_host: String,
    callback_path: &'static str,
    internal_host: Option<String>,
    action_path: &'static str,
    actions: Vec<&'static str>,
    tls: Option<Tls>,
    log_directory: String,
    trusted_certificates: String,
    verifies: bool,
}

/// The text, for the inside of `http { }`.
pub(crate) fn configuration(wanted: Wanted) -> Result<String, WantedError> {
    let mut environments: Vec<Environment> = Vec::new();
    for text in wanted.environments {
        let environment = environment(&text)?;
        if environments.iter().any(|known| known.name == environment.name) {
            return Err(WantedError::Twice(environment.name));
        }
        environments.push(environment);
    }
    if environments.is_empty() {
        return Err(WantedError::None);
    }
    let callback_host = wanted.callback_host.map(host).transpose()?;
    let internal_host = wanted.internal_host.map(host).transpose()?;
    if let (Some(callback), Some(internal)) = (&callback_host, &internal_host)
        && callback == internal
    {
        return Err(WantedError::SameHost(internal.clone()));
    }
    let tls = match wanted.tls {
        Some((certificate, key)) => Some(Tls {
            certificate: file(certificate)?,
            key: file(key)?,
        }),
        None => None,
    };
    let port = if tls.is_some() { "443" } else { "80" };
    let listen = listen(wanted.listen.unwrap_or_else(|| port.to_owned()))?;
    let configuration = Configuration {
        verifies: environments.iter().any(|one| one.origin.starts_with("https:")),
        environments,
        listen,
        callback_host: callback_host.unwrap_or_else(|| "_".to_owned()),
        callback_path: path::PROVIDER_TOKEN,
        internal_host,
        action_path: path::PROVIDER_ACTION,
        actions: Registry::actions().map(|(action, _)| action).collect(),
        tls,
        log_directory: file(wanted.log_directory)?,
        trusted_certificates: file(wanted.trusted_certificates)?,
    };
    let mut text = configuration.render().expect("writing to a string cannot fail");
    text.push('\n');
    Ok(text)
}

fn environment(text: &str) -> Result<Environment, WantedError> {
    let wrong = || WantedError::Environment(text.to_owned());
    let (name, url) = text.split_once('=').ok_or_else(wrong)?;
    if !is_environment(name) {
        return Err(wrong());
    }
    let bad_origin = || WantedError::Origin(name.to_owned());
    let url = Url::parse(url).map_err(|_| bad_origin())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    let origin = url.origin().ascii_serialization();
    // A host may hold characters that mean something to nginx, such as `$` and `;`.
    let plain = origin
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ":/.-_[]".contains(c));
    if matches!(url.scheme(), "http" | "https") && bare && anonymous && plain {
        return Ok(Environment {
            name: name.to_owned(),
            origin,
        });
    }
    Err(bad_origin())
}

fn host(text: String) -> Result<String, WantedError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with(['.', '-']) {
        Ok(text)
    } else {
        Err(WantedError::Host(text))
    }
}

fn listen(text: String) -> Result<String, WantedError> {
    let port = text.parse::<u16>().is_ok_and(|port| port > 0);
    let address = text.parse::<std::net::SocketAddr>().is_ok_and(|at| at.port() > 0);
    if port || address {
        Ok(text)
    } else {
        Err(WantedError::Listen(text))
    }
}

fn file(text: String) -> Result<String, WantedError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        Ok(text)
    } else {
        Err(WantedError::Path(text))
    }
}

#[cfg(test)]
mod tests;
