//! Puts the rooms together and runs them until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use url::Url;

use crate::app::{App, Origins};
use crate::clock::Clock;
use crate::config::Config;
use crate::faults::Faults;
use crate::keys::Keys;
use crate::lifecycle::Lifecycle;
use crate::providers::Registry;
use crate::random::Random;
use crate::sandbox::Sandbox;
use crate::store::{Store, StoreError, Wakes};
use crate::{api, broker, channel, faults, outbound, pages, sandbox};

/// How long requests in flight may take once shutdown has begun.
const GRACE: Duration = Duration::from_secs(4);

/// Bound sockets.
#[derive(Debug)]
pub struct Listeners {
    /// For the API, the browser and the me-channel.
    pub api: TcpListener,
    /// For the sandbox, which is another site; needed exactly when [`Config::sandbox`] is set.
    pub sandbox: Option<TcpListener>,
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
        use std::error::Error as _;
        let cause = error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string);
        Self::Database(cause)
    }
}

/// Runs the server on `listeners` until `shutdown` ends, then finishes what is in flight, in at most 5 s.
pub async fn serve(
    listeners: Listeners,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let app = app(&listeners, config).await?;
    let lifecycle = app.lifecycle.clone();
    let api = listen(listeners.api, api_router(&app), &lifecycle);
    let sandbox = async {
        match (listeners.sandbox, &app.sandbox) {
            (Some(listener), Some(sandbox)) => {
                listen(listener, sandbox::routes(&app, sandbox), &lifecycle).await
            }
            _ => Ok(()),
        }
    };
    let serving = async { tokio::try_join!(api, sandbox).map(|_| ()) };
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended.map_err(ServeError::from),
        () = shutdown => {}
    }
    tracing::info!("stopping");
    lifecycle.stop();
    let finish = async {
        let ended = serving.await;
        lifecycle.finished().await;
        ended
    };
    match tokio::time::timeout(GRACE, finish).await {
        Ok(ended) => ended.map_err(ServeError::from),
        Err(_) => {
            tracing::warn!("stopped with requests still in flight");
            Ok(())
        }
    }
}

async fn listen(listener: TcpListener, router: Router, lifecycle: &Lifecycle) -> std::io::Result<()> {
    let lifecycle = lifecycle.clone();
    axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move { lifecycle.stopping().await })
    .await
}

pub(crate) fn api_router(app: &Arc<App>) -> Router {
    let rooms = Router::new()
        .merge(api::routes())
        .merge(broker::routes())
        .merge(pages::routes())
        .merge(channel::routes());
    faults::around(rooms, app).with_state(app.clone())
}

pub(crate) async fn app(listeners: &Listeners, config: Config) -> Result<Arc<App>, ServeError> {
    let clock = Clock::system();
    let random = Random::system();
    let wakes = Wakes::new();
    let keys = Keys::new(&config.signing_keys, &config.encryption_keys, random.clone());
    let store: Arc<dyn Store> =
        crate::store::open(&config.database, &keys.sealer, &clock, &random, &wakes).await?;
    let origins = Origins {
        public: match &config.public_url {
            Some(url) => url.clone(),
            None => origin(&listeners.api.local_addr()?.to_string()),
        },
        auth: config.auth_origin.clone(),
        sandbox: match &listeners.sandbox {
            Some(listener) => Some(origin(&format!("localhost:{}", listener.local_addr()?.port()))),
            None => None,
        },
    };
    let providers = Registry::new(&config, &origins, &random);
    let faults = Faults::default();
    Ok(Arc::new(App {
        sandbox: origins
            .sandbox
            .as_ref()
            .map(|site| Sandbox::new(&providers, site, &faults, &clock, &random)),
        providers,
        http: outbound::client()?,
        faults,
        channel: channel::Hub::default(),
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

fn origin(authority: &str) -> Url {
    Url::parse(&format!("http://{authority}")).expect("a socket's address is an authority")
}
