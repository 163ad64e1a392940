//! What a failure to reach somebody means: the error sources walked once, by type.

use std::error::Error;
use std::io;

use codestream_protocol::lsp::error::ErrorKind;

use crate::net::proxy::ProxyAddress;
use crate::net::trust::UntrustedIssuer;

/// How the HTTP library ends the text of a tunnel that the proxy refused with 407.
const TUNNEL_AUTH: &str = "proxy authorization required";

/// Nobody answered, and why. The texts are for a person; none holds a URL's path or query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// A setting cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The host has no address.
    #[error("The host {host} was not found. Check the address, and whether you are online.")]
    Dns {
        /// The host.
        host: String,
    },
    /// No connection.
    #[error("Could not connect to {host}: {reason}.")]
    Connect {
        /// The host.
        host: String,
        /// From the operating system or the proxy.
        reason: String,
    },
    /// Too slow.
    #[error("{host} did not answer in time.")]
    Timeout {
        /// The host.
        host: String,
    },
    /// The certificate was issued by somebody who is not trusted here.
    #[error(
        "The certificate of {host} was issued by {issuer}, which is not trusted here. If your company inspects TLS traffic, name its certificate authority in the setting `extraCerts`."
    )]
    TlsUntrusted {
        /// The host.
        host: String,
        /// From the certificate.
        issuer: String,
    },
    /// TLS failed in another way.
    #[error("The secure connection to {host} failed: {reason}.")]
    Tls {
        /// The host.
        host: String,
        /// From the TLS library.
        reason: String,
    },
    /// 407.
    #[error(
        "The proxy wants a user name and a password. Put them into the proxy's URL: http://user:password@host:port."
    )]
    ProxyAuth,
    /// Plain http through an HTTP proxy.
    #[error(
        "The server's address begins with http://, and the proxy {proxy} would read everything sent to it. Use https://, or add the host to NO_PROXY."
    )]
    ProxyNeedsTls {
        /// `host:port`.
        proxy: String,
    },
    /// The connection ended in the middle of an answer.
    #[error("The connection to {host} broke off: {reason}.")]
    Broken {
        /// The host.
        host: String,
        /// From the operating system or the HTTP library.
        reason: String,
    },
}

impl NetworkError {
    /// What the IDE is told.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting(_) => ErrorKind::NotConfigured,
            Self::TlsUntrusted { .. } | Self::Tls { .. } => ErrorKind::TlsUntrusted,
            Self::ProxyAuth => ErrorKind::ProxyAuth,
            Self::ProxyNeedsTls { .. } => ErrorKind::ProxyNeedsTls,
            Self::Dns { .. } | Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. } => {
                ErrorKind::ServerUnreachable
            }
        }
    }

    /// Whether the same request may succeed by itself later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Dns { .. } | Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. }
        )
    }

    /// Says which proxy stood between, where that may be the cause.
    pub(crate) fn through(mut self, proxy: &ProxyAddress) -> Self {
        if let Self::Dns { host } | Self::Connect { host, .. } | Self::Timeout { host } = &mut self {
            *host = format!("{host} through the proxy {}", proxy.host);
        }
        self
    }

    /// Classifies an error of the HTTP client.
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        let host = error
            .url()
            .and_then(|url| url.host_str())
            .unwrap_or("the server")
            .to_owned();
        let sources = sources(error);
        if let Some(tls) = sources
            .iter()
            .find_map(|source| source.downcast_ref::<rustls::Error>())
        {
            return Self::of_tls(host, tls);
        }
        let reason = sources
            .last()
            .map_or_else(|| "no reason given".to_owned(), ToString::to_string);
        if error.is_builder() {
            return Self::Setting(format!("The request could not be made: {reason}."));
        }
        // The tunnel's error type is private to the HTTP library, so this one case is known by its text alone.
        if sources
            .iter()
            .any(|source| source.to_string().ends_with(TUNNEL_AUTH))
        {
            return Self::ProxyAuth;
        }
        if error.is_timeout() {
            return Self::Timeout { host };
        }
        if error.is_dns() {
            return Self::Dns { host };
        }
        if error.is_connect() {
            return Self::Connect { host, reason };
        }
        Self::Broken { host, reason }
    }

    fn of_tls(host: String, error: &rustls::Error) -> Self {
        use rustls::{CertificateError, Error as Tls};
        match error {
            Tls::InvalidCertificate(CertificateError::Other(other)) => {
                match other.0.downcast_ref::<UntrustedIssuer>() {
                    Some(UntrustedIssuer { issuer }) => Self::TlsUntrusted {
                        host,
                        issuer: issuer.clone(),
                    },
                    None => Self::Tls {
                        host,
                        reason: other.to_string(),
                    },
                }
            }
            other => Self::Tls {
                host,
                reason: other.to_string(),
            },
        }
    }
}

/// Every cause, outermost first. An `io::Error` hides the error that it wraps: its own `source` skips one.
fn sources(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut found: Vec<&(dyn Error + 'static)> = Vec::new();
    let mut next = error.source();
    while let Some(source) = next {
        found.push(source);
        let wrapped = source
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static));
        next = wrapped.or_else(|| source.source());
    }
    found
}
