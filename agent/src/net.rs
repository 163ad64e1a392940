//! The agent's only way out: two HTTP clients with the same proxy, trust and time limits.
//!
//! [`Network`] is made from the options and the environment and is the only builder of `reqwest` clients. [`proxy`] decides
//! which proxy a URL goes through, [`trust`] what certificate is believed, [`error`] what a failure means. Nothing here
//! knows the API or a third party. Clients are made at their first use, so that making a [`Network`] costs nothing.

mod error;
mod issuer;
mod proxy;
mod trust;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use codestream_protocol::lsp::init::ProxyOptions;
use codestream_protocol::lsp::request::Way;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use url::Url;

use crate::environment::Environment;

pub use error::NetworkError;
pub(crate) use proxy::ProxyRules;
pub use proxy::{ProxyAddress, ProxySource, Route};

/// How the agent introduces itself.
pub(crate) const USER_AGENT: &str = concat!("codestream-agent/", env!("CARGO_PKG_VERSION"));

/// Time for name resolution, TCP, proxy and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);

/// What the IDE or the command line says about the network.
#[derive(Debug, Clone, Default)]
pub struct NetworkOptions {
    /// A proxy that goes before the environment's.
    pub proxy: Option<ProxyOptions>,
    /// A PEM file with further certificate authorities.
    pub extra_certs: Option<PathBuf>,
    /// Accept any certificate.
    pub disable_strict_ssl: bool,
}

/// The way out. Cloning is cheap and shares the clients.
#[derive(Clone)]
pub struct Network {
    inner: Arc<Inner>,
}

struct Inner {
    rules: Arc<ProxyRules>,
    extra_certs: Option<PathBuf>,
    strict: bool,
    trust: String,
    /// `None` until they are needed, and again when their connections are not to be trusted any more.
    clients: Mutex<Option<Result<Clients, NetworkError>>>,
}

#[derive(Clone)]
struct Clients {
    http: Client,
    upgrade: Client,
}

impl Network {
    /// Takes the options; opens no file and no connection.
    ///
    /// # Errors
    /// [`NetworkError::Setting`] when a proxy's URL is not one.
    pub fn new(options: &NetworkOptions, environment: &Environment) -> Result<Self, NetworkError> {
        let store = match environment.trust_store() {
            None => "the operating system's trust store".to_owned(),
            Some((name, path)) => format!("{path}, named by {name}"),
        };
        let trust = match &options.extra_certs {
            None => store,
            Some(path) => format!("{store} and {}", path.display()),
        };
        let strict_proxy = options.proxy.as_ref().is_none_or(|proxy| proxy.strict_ssl);
        Ok(Self {
            inner: Arc::new(Inner {
                rules: Arc::new(ProxyRules::new(options.proxy.as_ref(), environment)?),
                extra_certs: options.extra_certs.clone(),
                strict: strict_proxy && !options.disable_strict_ssl,
                trust,
                clients: Mutex::new(None),
            }),
        })
    }

    /// Which way `url` goes, and why.
    pub fn route(&self, url: &Url) -> Route {
        self.inner.rules.route(url)
    }

    /// Whether certificates are checked.
    pub fn is_strict(&self) -> bool {
        self.inner.strict
    }

    /// Where the certificate authorities come from, for a person.
    pub fn trust(&self) -> &str {
        &self.inner.trust
    }

    /// The way to `url` as support wants to know it; holds no secret.
    pub(crate) fn way(&self, url: &Url) -> Way {
        Way {
            proxy: self.route(url).to_string(),
            trust: self.inner.trust.clone(),
            strict: self.inner.strict,
        }
    }

    /// Begins a request. Redirects are not followed.
    ///
    /// # Errors
    /// [`NetworkError::ProxyNeedsTls`] when a proxy would read a plain request, [`NetworkError::Setting`] when the options
    /// cannot be used.
    pub(crate) fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, NetworkError> {
        self.guard(&url)?;
        Ok(self.clients()?.http.request(method, url))
    }

    /// Begins a request that asks to leave HTTP for another protocol: HTTP/1.1 only, since the upgrade of RFC 9110 §7.8
    /// does not exist in HTTP/2.
    ///
    /// # Errors
    /// As [`Self::request`].
    pub(crate) fn upgrade(&self, url: Url) -> Result<RequestBuilder, NetworkError> {
        self.guard(&url)?;
        Ok(self.clients()?.upgrade.get(url))
    }

    /// Sends, and says what a failure means.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, NetworkError> {
        let (client, request) = request.build_split();
        let request = request.map_err(|error| NetworkError::of(&error))?;
        let route = self.route(request.url());
        let response = client.execute(request).await.map_err(|error| {
            let error = NetworkError::of(&error);
            match &route {
                Route::Via { proxy, .. } => error.through(proxy),
                _ => error,
            }
        })?;
        // RFC 9110 §15.5.8: only a proxy answers 407.
        if response.status() == reqwest::StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(NetworkError::ProxyAuth);
        }
        Ok(response)
    }

    /// Uses no connection again that stands now: after a sleep the other ends are gone, whether this one knows or not.
    pub(crate) fn forget_connections(&self) {
        *self.inner.clients.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn guard(&self, url: &Url) -> Result<(), NetworkError> {
        match self.route(url) {
            Route::Via { proxy, .. } if url.scheme() == "http" => {
                Err(NetworkError::ProxyNeedsTls { proxy: proxy.host })
            }
            _ => Ok(()),
        }
    }

    fn clients(&self) -> Result<Clients, NetworkError> {
        // One assignment cannot leave it half-changed.
        let mut clients = self.inner.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get_or_insert_with(|| Clients::new(&self.inner)).clone()
    }
}

impl Clients {
    fn new(inner: &Inner) -> Result<Self, NetworkError> {
        let tls = trust::client_config(inner.extra_certs.as_deref(), inner.strict)?;
        let make = |alpn: &[&str], http1_only: bool| {
            let mut tls = tls.clone();
            tls.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
            let rules = Arc::clone(&inner.rules);
            #[expect(clippy::disallowed_methods, reason = "the one builder")]
            let mut builder = Client::builder()
                .tls_backend_preconfigured(tls)
                .proxy(reqwest::Proxy::custom(move |url| rules.proxy_url(url)))
                .redirect(Policy::none())
                .referer(false)
                .user_agent(USER_AGENT)
                .connect_timeout(CONNECT_TIMEOUT);
            if http1_only {
                builder = builder.http1_only();
            }
            builder.build().map_err(|error| NetworkError::of(&error))
        };
        Ok(Self {
            http: make(&["h2", "http/1.1"], false)?,
            upgrade: make(&["http/1.1"], true)?,
        })
    }
}

#[cfg(test)]
mod tests;
