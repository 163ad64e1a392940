//! What a good configuration can still be wrong about: addresses, files, ports, apps. Every finding is one line that says
//! what to do; nothing is changed and nothing is kept.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use codestream_protocol::host::{Scope, is_loopback, scope};
use tokio::net::TcpListener;

use crate::config::{Config, Database, Limits, Settings};
use crate::listen;
use crate::providers::Registry;
use crate::store;

/// Everything that is found, worst for the first user first. `config` is the file's path.
pub(super) async fn findings(settings: &Settings, config: Option<&Path>) -> Vec<String> {
    let mut found = addresses(&settings.config, &settings.listen);
    found.extend(allowed_hosts(&settings.config));
    found.extend(apps(&settings.config));
    found.extend(secret_file(config));
    found.extend(database(&settings.config.database).await);
    let listeners = [
        ("--listen", Some(&settings.listen)),
        ("--sandbox-listen", settings.sandbox_listen.as_ref()),
        ("--metrics-listen", settings.metrics_listen.as_ref()),
    ];
    for (name, address) in listeners {
        let Some(address) = address else { continue };
        if let Err(error) = TcpListener::bind(address).await {
            found.push(format!(
                "cannot listen on {address}: {error}; end what listens there, or name another address with {name}"
            ));
        }
    }
    found
}

/// What is no fault but may surprise: for the log, since a check would have to fail or to say it of every good configuration.
/// An app without a signing secret is a whole one, as long as its service is not told to call.
pub(super) fn notes(config: &Config) -> Vec<String> {
    let silent = config.providers.iter().filter(|(name, app)| {
        app.client_id.is_some() && app.signing_secret.is_none() && Registry::signs_calls(name)
    });
    let silent = silent.filter(|_| !config.sandbox && config.sandbox_url.is_none());
    silent
        .map(|(name, _)| {
            format!(
                "provider {name} has no signingSecret: whatever it calls here is refused; set [providers.{name}] \
                 signingSecret or CODESTREAM_PROVIDER_{}_SIGNING_SECRET if it is to call",
                name.to_uppercase()
            )
        })
        .collect()
}

/// The limits in force: what is configured, as far as the descriptors allow it.
pub(super) fn limits(settings: &Settings) -> String {
    listen::raise();
    let limits = &settings.config.limits;
    let share = listen::share(limits, 1 + usize::from(settings.sandbox_listen.is_some()));
    let in_force = Limits {
        connections: share.connections,
        connections_per_address: limits.connections_per_address.min(share.connections),
        ..limits.clone()
    };
    in_force.to_string()
}

/// Whether only this machine reaches what listens there.
fn listens_on_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn addresses(config: &Config, listen: &str) -> Vec<String> {
    let mut found = Vec::new();
    let named = [
        ("publicApiUrl", config.public_url.as_ref()),
        ("authOrigin", config.auth_origin.as_ref()),
    ];
    for (name, url) in named {
        if let Some(url) = url
            && url.scheme() == "http"
            && !is_loopback(url)
        {
            let origin = url.origin().ascii_serialization();
            found.push(format!(
                "{name} is {origin}: tokens would cross the network in the clear, and most services refuse such a \
                 callback; put a proxy with TLS in front and use https"
            ));
        }
    }
    if config.public_url.is_none() && !listens_on_loopback(listen) {
        found.push(format!(
            "publicApiUrl is not set, and the server listens on {listen}: browsers would be sent back to an address of \
             this machine alone; set [apiServer] publicApiUrl or --public-url"
        ));
    }
    found
}

/// What users may name of the own network.
fn allowed_hosts(config: &Config) -> Vec<String> {
    let findings = config.allow_hosts.networks().iter().filter_map(|network| {
        if network.prefix_len() == 0 {
            return Some(format!(
                "allowHosts names {network}: whoever adds a host could have this server call everything in your network; \
                 name the networks of your own hosts alone"
            ));
        }
        let stays_refused = matches!(scope(network.addr()), Scope::Loopback | Scope::Internal);
        stays_refused.then(|| {
            format!(
                "allowHosts names {network}, which stays refused: this machine, its links and a cloud's metadata are no \
                 hosts of a team; take it out"
            )
        })
    });
    findings.collect()
}

fn apps(config: &Config) -> Vec<String> {
    if config.sandbox || config.sandbox_url.is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if config.providers.values().all(|app| app.client_id.is_none()) {
        found.push(
            "no provider has a clientId: nobody could sign in or connect anything; register an app, and put its id into \
             [providers.<name>] clientId"
                .to_owned(),
        );
    }
    for (name, app) in &config.providers {
        if app.client_id.is_some() && app.client_secret.is_none() && Registry::needs_secret(name) {
            found.push(format!(
                "provider {name} has a clientId but no clientSecret: its callbacks could not be exchanged; set \
                 CODESTREAM_PROVIDER_{}_CLIENT_SECRET or [providers.{name}] clientSecret",
                name.to_uppercase()
            ));
        }
        if app.host.is_some() {
            found.push(format!(
                "provider {name} has a host, which is not used: a team adds a self-hosted service in its IDE; take the \
                 line out"
            ));
        }
        if app.client_id.is_none() {
            let offered = if Registry::needs_no_app(name) {
                "it is offered with tokens that people make by hand, and with nothing else"
            } else {
                "it is not offered"
            };
            found.push(format!(
                "provider {name} has no clientId: {offered}; set one, or take its section out"
            ));
        }
    }
    found
}

/// A file that may hold secrets is its owner's and, at most, a group's.
#[cfg(unix)]
pub(super) fn secret_file(config: Option<&Path>) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = config?;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o007 != 0).then(|| {
        let path = path.display();
        format!("everyone on this machine can read {path}, which may hold secrets: chmod o-rwx {path}")
    })
}

#[cfg(not(unix))]
pub(super) fn secret_file(_: Option<&Path>) -> Option<String> {
    None
}

async fn database(database: &Database) -> Option<String> {
    match database {
        Database::SqliteMemory => None,
        Database::SqliteFile(path) => {
            let problem = unwritable(path)?;
            Some(format!(
                "the database {} cannot be written: {problem}; make its directory the server's own, or name another one \
                 with --database",
                path.display()
            ))
        }
        Database::Postgres(url) => {
            let error = store::reach(url).await.err()?;
            Some(format!(
                "the database cannot be reached: {error}; check its host, name, user and password"
            ))
        }
    }
}

fn unwritable(path: &Path) -> Option<std::io::Error> {
    if path.exists() {
        return std::fs::OpenOptions::new().append(true).open(path).err();
    }
    // What is missing of its directory is made at the start.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let directory = absolute.ancestors().skip(1).find(|above| above.exists());
    let probe: PathBuf = directory?.join(".codestream-check");
    match std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)
    {
        Ok(_) => std::fs::remove_file(&probe).err(),
        Err(error) => Some(error),
    }
}
