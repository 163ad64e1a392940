//! Puts the rooms together and runs them until told to stop.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use codestream_protocol::host::is_loopback;
use codestream_protocol::http::path;
use tokio::net::TcpListener;
use url::Url;

use crate::app::{App, Origins};
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::faults::Faults;
use crate::keys::Keys;
use crate::lifecycle::Lifecycle;
use crate::listen::{self, Bounds, Gate, Site};
use crate::metrics::Metrics;
use crate::outbound::{Outbound, Reach};
use crate::providers::Registry;
use crate::random::Random;
use crate::sandbox::Sandbox;
use crate::store::{Policy, Store, StoreError, Wakes};
use crate::{actions, api, broker, channel, deadlines, faults, metrics, pages, sandbox};

/// How long a node among several goes on accepting once it drains, so that load balancers and reconnecting clients find
/// out before their next connection is refused.
const NOTICE: Duration = Duration::from_secs(1);
/// How long everything may take once shutdown has begun.
const GRACE: Duration = Duration::from_secs(4);
/// Most bytes of a body that the sandbox keeps: axum's own limit.
const SANDBOX_BODY: usize = 2 * 1024 * 1024;
/// Most connections of whoever reads the metrics.
const SCRAPERS: usize = 16;

/// Bound sockets.
#[derive(Debug)]
pub struct Listeners {
    /// For the API, the browser and the me-channel.
    pub api: TcpListener,
    /// For the sandbox, which is another site; needed exactly when [`Config::sandbox`] is set.
    pub sandbox: Option<TcpListener>,
    /// For Prometheus; apart, so that it is nobody else's to read.
    pub metrics: Option<TcpListener>,
}

/// Why the server could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A listener failed.
    #[error("a listener failed: {0}")]
    Listener(#[from] std::io::Error),
    /// The database could not be opened or brought up to date.
    #[error("the database could not be opened: {0}")]
    Database(String),
    /// The HTTP client for third parties could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Client(#[from] reqwest::Error),
}

impl From<StoreError> for ServeError {
    fn from(error: StoreError) -> Self {
        Self::Database(error.cause())
    }
}

/// A server whose listeners are up and whose database is open.
pub struct Server {
    listeners: Listeners,
    app: Arc<App>,
}

/// Runs the server on `listeners` until `shutdown` ends, then finishes what is in flight, in at most 5 s.
pub async fn serve(
    listeners: Listeners,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    Server::new(listeners, config).await?.run(shutdown).await
}

impl Server {
    /// Opens the database and puts everything together. Connections are accepted from now on, and wait for
    /// [`run`](Self::run).
    pub async fn new(listeners: Listeners, config: Config) -> Result<Self, ServeError> {
        let app = app(&listeners, config).await?;
        Ok(Self { listeners, app })
    }

    /// The API's origin on this machine, such as `http://127.0.0.1:12079`.
    pub fn api_origin(&self) -> std::io::Result<String> {
        local_origin(&self.listeners.api)
    }

    /// The sandbox's origin on this machine, which is another site than the API's; where it is another node's, that one's.
    pub fn sandbox_origin(&self) -> std::io::Result<Option<String>> {
        match (&self.listeners.sandbox, &self.app.origins.sandbox) {
            (Some(listener), _) => sandbox_origin(listener).map(Some),
            (None, Some(site)) => Ok(Some(site.origin().ascii_serialization())),
            (None, None) => Ok(None),
        }
    }

    /// Where metrics are, when they are asked for.
    pub fn metrics_origin(&self) -> std::io::Result<Option<String>> {
        self.listeners.metrics.as_ref().map(local_origin).transpose()
    }

    /// Runs until `shutdown` ends, then finishes what is in flight, in at most 5 s.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let Self { listeners, app } = self;
        let lifecycle = app.lifecycle.clone();
        lifecycle.spawn(deadlines::run(app.clone()));
        lifecycle.spawn(actions::run(app.clone()));
        channel::start(&app);
        let sites = Sites::new(&app, 1 + usize::from(listeners.sandbox.is_some()));
        let api = listen::serve(listeners.api, sites.api(api_router(&app)), lifecycle.stopping());
        let sandbox = async {
            match (listeners.sandbox, &app.sandbox) {
                (Some(listener), Some(sandbox)) => {
                    let site = sites.sandbox(sandbox::routes(&app, sandbox));
                    listen::serve(listener, site, lifecycle.stopping()).await
                }
                _ => Ok(()),
            }
        };
        let metrics = async {
            match listeners.metrics {
                Some(listener) => {
                    let site = sites.metrics(metrics::routes(&app));
                    listen::serve(listener, site, lifecycle.stopping()).await
                }
                None => Ok(()),
            }
        };
        let serving = async { tokio::try_join!(api, sandbox, metrics).map(|_| ()) };
        tokio::pin!(serving);
        tokio::select! {
            ended = &mut serving => return ended.map_err(ServeError::from),
            () = shutdown => {}
        }
        tracing::info!("stopping");
        lifecycle.drain();
        let finish = async {
            if matches!(app.config.database, Database::Postgres(_)) {
                // Err means that the time is over and nothing has failed.
                if let Ok(ended) = tokio::time::timeout(NOTICE, &mut serving).await {
                    return ended;
                }
            }
            lifecycle.stop();
            let ended = serving.await;
            lifecycle.finished().await;
            ended
        };
        if let Ok(ended) = tokio::time::timeout(GRACE, finish).await {
            ended.map_err(ServeError::from)
        } else {
            tracing::warn!("stopped with requests still in flight");
            Ok(())
        }
    }
}

/// What the listeners are given.
pub(crate) struct Sites<'a> {
    app: &'a Arc<App>,
    bounds: Bounds,
}

impl<'a> Sites<'a> {
    /// Of a server with `listeners` beside the one for metrics; they share what descriptors there are.
    pub(crate) fn new(app: &'a Arc<App>, listeners: usize) -> Self {
        let limits = &app.config.limits;
        let share = listen::share(limits, listeners);
        if share.connections < limits.connections {
            tracing::info!(
                connections = share.connections,
                wanted = limits.connections,
                "the limit of open descriptors allows fewer connections than [limits] connections; raise it"
            );
        }
        let bounds = Bounds {
            connections: share.connections,
            connections_per_address: limits.connections_per_address.min(share.connections),
            bytes: limits.body_bytes,
            bytes_per_address: limits.body_bytes_per_address,
            reserve: share.reserve,
        };
        Self { app, bounds }
    }

    /// For the API, whose status is answered whatever else is refused.
    pub(crate) fn api(&self, router: Router) -> Site {
        Site {
            always: Some(path::STATUS),
            ..self.site(router, self.bounds, api::MOST_BYTES)
        }
    }

    fn sandbox(&self, router: Router) -> Site {
        self.site(router, self.bounds, SANDBOX_BODY)
    }

    fn metrics(&self, router: Router) -> Site {
        let bounds = Bounds {
            connections: SCRAPERS,
            connections_per_address: SCRAPERS,
            reserve: 1,
            ..self.bounds
        };
        self.site(router, bounds, 0)
    }

    fn site(&self, router: Router, bounds: Bounds, kept: usize) -> Site {
        let config = &self.app.config;
        let counts = self.app.metrics.listeners.clone();
        let proxies = config.trusted_proxies.clone();
        Site {
            router,
            gate: Gate::new(bounds, proxies.clone(), counts),
            times: config.limits.times,
            always: None,
            kept,
            client: Arc::new(move |parts| api::client_address(parts, &proxies)),
            draining: self.app.lifecycle.drain_token(),
        }
    }
}

pub(crate) fn api_router(app: &Arc<App>) -> Router {
    let rooms = Router::new()
        .merge(api::routes())
        .merge(broker::routes())
        .merge(actions::routes())
        .merge(pages::routes())
        .layer(from_fn_with_state(app.clone(), api::to_the_end))
        .merge(api::waiting_routes())
        .merge(channel::routes());
    api::around(faults::around(rooms, app), app).with_state(app.clone())
}

pub(crate) async fn app(listeners: &Listeners, config: Config) -> Result<Arc<App>, ServeError> {
    let clock = Clock::system();
    let random = Random::system();
    let wakes = Wakes::new();
    let keys = Keys::new(&config.signing_keys, &config.encryption_keys, random.clone());
    let policy = Policy {
        quotas: config.quotas,
        sessions: config.sessions,
    };
    let store: Arc<dyn Store> =
        crate::store::open(&config.database, &keys.sealer, &clock, &random, &wakes, policy).await?;
    let public = match &config.public_url {
        Some(url) => url.clone(),
        None => origin(&local_origin(&listeners.api)?),
    };
    let listens_here = listeners
        .api
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback());
    let origins = Origins {
        is_local: listens_here && is_loopback(&public),
        public,
        auth: config.auth_origin.clone(),
        sandbox: match (&config.sandbox_url, &listeners.sandbox) {
            (Some(url), _) => Some(url.clone()),
            (None, Some(listener)) => Some(origin(&sandbox_origin(listener)?)),
            (None, None) => None,
        },
    };
    let providers = Registry::new(&config, &origins);
    let reach = Reach::new(
        config.allow_hosts.clone(),
        &origins.public,
        origins.sandbox.is_some(),
    );
    let faults = Faults::default();
    Ok(Arc::new(App {
        sandbox: origins
            .sandbox
            .as_ref()
            .filter(|_| listeners.sandbox.is_some())
            .map(|site| Sandbox::new(&providers, site, &faults, &clock, &random)),
        metrics: Metrics::new(),
        providers,
        http: Outbound::new(reach)?,
        faults,
        channel: channel::Channel::default(),
        flights: broker::Flights::default(),
        answers: actions::Answers::default(),
        lifecycle: Lifecycle::default(),
        config,
        origins,
        clock,
        random,
        keys,
        store,
        wakes,
    }))
}

/// Where the listener can be reached from this machine.
fn local_origin(listener: &TcpListener) -> std::io::Result<String> {
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(format!("http://{address}"))
}

/// By name, so that browsers take it for another site than the API's address.
fn sandbox_origin(listener: &TcpListener) -> std::io::Result<String> {
    Ok(format!("http://localhost:{}", listener.local_addr()?.port()))
}

fn origin(text: &str) -> Url {
    Url::parse(text).expect("a socket's address makes a URL")
}
