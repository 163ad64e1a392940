//! The imitated third parties and the controls for tests, on a listener of their own: another site than the API.
//!
//! Imitations know nothing of the API: each could be a server of its own. Only the controls see the rest of the server.

mod asana;
mod azuredevops;
mod bitbucket;
mod chance;
mod control;
mod desk;
mod dispatches;
mod faults;
mod github;
mod gitlab;
mod graphql;
mod intercom;
mod jira;
mod linear;
mod microsoft;
mod moment;
mod msteams;
mod newrelic;
mod oauth;
mod pages;
mod people;
mod recorder;
mod redaction;
mod registration;
#[cfg(test)]
mod round_trip;
mod slack;
#[cfg(test)]
mod testing;
mod trello;

use std::collections::BTreeMap;
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
use crate::lifecycle::Lifecycle;
use crate::providers::{Provider, Registry};
use crate::random::Random;
use asana::Asana;
use azuredevops::AzureDevOps;
use bitbucket::Bitbucket;
use faults::ServiceFaults;
use github::GitHub;
use gitlab::GitLab;
use intercom::Intercom;
use jira::Jira;
use linear::Linear;
use msteams::MsTeams;
use newrelic::NewRelic;
use recorder::{Recorder, record};
use registration::AppRegistration;
use slack::Slack;
use trello::Trello;

/// Most bytes of a request's body.
const BODY_LIMIT: usize = 1024 * 1024;

/// State of the imitations. Clones are the same sandbox.
#[derive(Clone)]
pub(crate) struct Sandbox(Arc<Inner>);

struct Inner {
    /// The origin of all of it.
    site: Url,
    recorder: Recorder,
    services: BTreeMap<&'static str, Box<dyn Service>>,
}

/// An imitated service.
trait Service: ServiceFaults {
    /// Its routes, below `/sandbox/<name>`.
    fn routes(&self) -> Router;

    /// Its own controls for tests, below `/sandbox/control/<name>`.
    fn controls(&self, _: Outside) -> Router {
        Router::new()
    }
}

/// What a service is set up with.
struct Setup {
    /// The one app that it knows.
    app: AppRegistration,
    /// Where it is: ends in `/`.
    base: Url,
    faults: Faults,
    clock: Clock,
    random: Random,
}

/// What a service needs to call the app by itself.
#[derive(Clone)]
struct Outside {
    http: reqwest::Client,
    /// The API's origin.
    api: Url,
    clock: Clock,
    lifecycle: Lifecycle,
}

/// Sets a service up.
type New = fn(Setup) -> Box<dyn Service>;

/// Every imitation, by the service's lower-case name.
const ALL: &[(&str, New)] = &[
    ("asana", |setup| Box::new(Asana::new(setup))),
    ("azuredevops", |setup| Box::new(AzureDevOps::new(setup))),
    ("bitbucket", |setup| Box::new(Bitbucket::new(setup))),
    ("github", |setup| Box::new(GitHub::new(setup))),
    ("gitlab", |setup| Box::new(GitLab::new(setup))),
    ("intercom", |setup| Box::new(Intercom::new(setup))),
    ("jira", |setup| Box::new(Jira::new(setup))),
    ("linear", |setup| Box::new(Linear::new(setup))),
    ("msteams", |setup| Box::new(MsTeams::new(setup))),
    ("newrelic", |setup| Box::new(NewRelic::new(setup))),
    ("slack", |setup| Box::new(Slack::new(setup))),
    ("trello", |setup| Box::new(Trello::new(setup))),
];

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
        let services = ALL.iter().filter_map(|(name, new)| {
            let mut base = site.clone();
            base.set_path(&format!("/sandbox/{name}/"));
            let setup = Setup {
                app: registration(providers, providers.get(name).ok()?, &base),
                base,
                faults: faults.clone(),
                clock: clock.clone(),
                random: random.clone(),
            };
            Some((*name, new(setup)))
        });
        Self(Arc::new(Inner {
            site: site.clone(),
            recorder: Recorder::new(clock.clone()),
            services: services.collect(),
        }))
    }

    /// What can be made to go wrong at a service.
    fn service(&self, name: &str) -> Option<&dyn ServiceFaults> {
        self.0.services.get(name).map(|service| &**service as _)
    }

    fn services(&self) -> impl Iterator<Item = &dyn ServiceFaults> {
        self.0.services.values().map(|service| &**service as _)
    }

    /// The controls that one service alone has.
    fn own_controls(&self, app: &App) -> Router {
        let services = self.0.services.iter();
        services.fold(Router::new(), |router, (name, service)| {
            let outside = Outside {
                http: app.http.own(&app.origins.public).clone(),
                api: app.origins.public.clone(),
                clock: app.clock.clone(),
                lifecycle: app.lifecycle.clone(),
            };
            router.nest(&format!("/sandbox/control/{name}"), service.controls(outside))
        })
    }

    /// The imitations' routes.
    fn imitations(&self) -> Router {
        let services = self.0.services.iter();
        services.fold(Router::new(), |router, (name, service)| {
            let recording = from_fn_with_state((self.0.recorder.clone(), *name), record);
            // Around the nesting, so that whole paths are recorded.
            let nested = Router::new().nest(&format!("/sandbox/{name}"), service.routes());
            router.merge(nested.layer(recording))
        })
    }
}

/// This room's routes, for the sandbox's own listener.
pub(crate) fn routes(app: &Arc<App>, sandbox: &Sandbox) -> Router {
    let style = get(|| async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], pages::STYLE) });
    let controls = sandbox
        .own_controls(app)
        .merge(control::routes(app.clone(), sandbox.clone()))
        .layer(from_fn_with_state(sandbox.0.site.clone(), control::guard));
    Router::new()
        .route("/sandbox/style.css", style)
        .merge(crate::faults::around(sandbox.imitations(), app))
        .merge(controls)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// The app of a service, which is also that of the host that a team has at the imitation.
fn registration(providers: &Registry, provider: &Provider, base: &Url) -> AppRegistration {
    let hosted = providers.at_host(provider.name(), base, None, true).ok();
    let hosted = hosted.map(|hosted| hosted.redirect_uri().clone());
    AppRegistration {
        name: "CodeStream",
        client_id: provider.app().client_id.clone(),
        client_secret: provider.app().client_secret.clone(),
        signing_secret: provider.app().signing_secret.clone(),
        callbacks: std::iter::once(provider.redirect_uri().clone())
            .chain(hosted)
            .collect(),
    }
}
