//! The imitated third parties and the controls for tests, on a listener of their own: another site than the API.
//!
//! Imitations know nothing of the API: each could be a server of its own. Only the controls see the rest of the server.

mod chance;
mod control;
mod desk;
mod faults;
mod github;
mod moment;
mod pages;
mod people;
mod recorder;
mod redaction;
mod registration;
#[cfg(test)]
mod testing;
mod trello;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use url::Url;

use crate::app::App;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::providers::{Provider, Registry};
use crate::random::Random;
use faults::ServiceFaults;
use github::GitHub;
use recorder::{Recorder, record};
use registration::AppRegistration;
use trello::Trello;

/// Most bytes of a request's body.
const BODY_LIMIT: usize = 1024 * 1024;

/// State of the imitations. Clones are the same sandbox.
#[derive(Clone)]
pub(crate) struct Sandbox(Arc<Inner>);

struct Inner {
    recorder: Recorder,
    github: Option<GitHub>,
    trello: Option<Trello>,
}

impl Sandbox {
    /// A sandbox at the origin `site` in which nothing has happened yet. Each service knows the app that the registry has
    /// there.
    pub(crate) fn new(
        providers: &Registry,
        site: &Url,
        faults: &Faults,
        clock: &Clock,
        random: &Random,
    ) -> Self {
        let app = |name| providers.get(name).ok().map(registration);
        Self(Arc::new(Inner {
            recorder: Recorder::new(clock.clone()),
            github: app("github")
                .map(|app| GitHub::new(app, site, faults.clone(), clock.clone(), random.clone())),
            trello: app("trello").map(|app| Trello::new(app, faults.clone(), clock.clone(), random.clone())),
        }))
    }

    /// What can be made to go wrong at a service.
    fn service(&self, name: &str) -> Option<&dyn ServiceFaults> {
        match name {
            "github" => self.0.github.as_ref().map(|service| service as _),
            "trello" => self.0.trello.as_ref().map(|service| service as _),
            _ => None,
        }
    }

    fn services(&self) -> impl Iterator<Item = &dyn ServiceFaults> {
        Registry::known().filter_map(|name| self.service(name))
    }

    /// The imitations' routes.
    fn imitations(&self) -> Router {
        let imitations = [
            ("github", self.0.github.clone().map(GitHub::routes)),
            ("trello", self.0.trello.clone().map(Trello::routes)),
        ];
        imitations
            .into_iter()
            .filter_map(|(name, routes)| Some((name, routes?)))
            .fold(Router::new(), |router, (name, routes)| {
                let recording = from_fn_with_state((self.0.recorder.clone(), name), record);
                // Around the nesting, so that whole paths are recorded.
                let nested = Router::new().nest(&format!("/sandbox/{name}"), routes);
                router.merge(nested.layer(recording))
            })
    }
}

/// This room's routes, for the sandbox's own listener.
pub(crate) fn routes(app: &Arc<App>, sandbox: &Sandbox) -> Router {
    let style = get(|| async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], pages::STYLE) });
    Router::new()
        .route("/sandbox/style.css", style)
        .merge(sandbox.imitations())
        .merge(control::routes(app.clone(), sandbox.clone()))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

fn registration(provider: &Provider) -> AppRegistration {
    AppRegistration {
        name: "CodeStream",
        client_id: provider.app().client_id.clone(),
        client_secret: provider.app().client_secret.clone(),
        callbacks: vec![provider.redirect_uri().clone()],
    }
}
