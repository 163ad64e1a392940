//! GitHub, as an OAuth App sees it.
//! <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>

mod api;
mod apps;
mod authorize;
mod ledger;
mod reply;
mod scope;
#[cfg(test)]
mod tests;
mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::{any, get, post};
use codestream_protocol::UnixMillis;
use url::Url;

use super::chance::alphanumeric;
use super::desk::{self, Consent, Desk, Imitation};
use super::faults::{Exchange, ServiceFaults, Tokens};
use super::pages::{ScopeRow, found};
use super::people::Person;
use super::registration::AppRegistration;
use super::{Service, Setup};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::random::Random;
use authorize::Request;
use ledger::{Code, Ledger};

/// The imitation. Clones are the same one.
#[derive(Clone)]
pub(crate) struct GitHub(Arc<Inner>);

struct Inner {
    app: AppRegistration,
    /// RFC 9207 §2: the value of `iss`.
    issuer: Url,
    desk: Desk<Request>,
    ledger: Mutex<Ledger>,
    exchange: Exchange,
    faults: Faults,
    clock: Clock,
    random: Random,
}

impl GitHub {
    /// Where nobody has granted anything yet.
    pub(crate) fn new(setup: Setup) -> Self {
        let Setup {
            app,
            base,
            faults,
            clock,
            random,
        } = setup;
        let mut issuer = base;
        issuer.set_path(&format!("{}login/oauth", issuer.path()));
        Self(Arc::new(Inner {
            app,
            issuer,
            desk: Desk::new(clock.clone(), random.clone()),
            ledger: Mutex::default(),
            exchange: Exchange::default(),
            faults,
            clock,
            random,
        }))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Every change is a few insertions and removals, none of which can panic.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> UnixMillis {
        self.0.clock.now()
    }
}

/// The REST API.
fn rest() -> Router<GitHub> {
    Router::new()
        .route("/user", get(api::user))
        .route("/user/emails", get(api::emails))
        .route("/orgs/{organization}", get(api::organization))
        .route(
            "/applications/{client_id}/token",
            post(apps::check).delete(apps::delete_token),
        )
        .route(
            "/applications/{client_id}/grant",
            axum::routing::delete(apps::delete_grant),
        )
        .route("/{*path}", any(api::not_found))
}

impl Service for GitHub {
    fn routes(&self) -> Router {
        Router::new()
            .route("/login/oauth/authorize", get(authorize::authorize))
            .route("/login/oauth/access_token", post(token::access_token))
            .nest("/api", rest())
            // Where GitHub Enterprise Server has the same.
            .nest("/api/v3", rest())
            .merge(desk::routes())
            .with_state(self.clone())
    }
}

impl ServiceFaults for GitHub {
    fn exchange(&self) -> Option<&Exchange> {
        Some(&self.0.exchange)
    }

    fn tokens(&self, fault: Tokens) {
        let mut ledger = self.ledger();
        if let Some(expiring) = fault.expiring {
            ledger.expiring = expiring;
            ledger.life = fault.life_s.map(Duration::from_secs);
        }
        if fault.expire_all {
            ledger.expire_access_tokens();
        }
        if fault.revoke_all {
            ledger.revoke_everything();
        }
    }
}

impl Imitation for GitHub {
    const NAME: &'static str = "github";
    const TITLE: &'static str = "GitHub";
    type Request = Request;

    fn desk(&self) -> &Desk<Request> {
        &self.0.desk
    }

    fn consent(&self, request: &Request) -> Consent {
        let scopes = request.scopes.iter().flatten();
        Consent {
            app: self.0.app.name.to_owned(),
            scopes: scopes
                .map(|name| ScopeRow {
                    name: name.clone(),
                    meaning: scope::meaning(name),
                })
                .collect(),
            term: String::new(),
            back_to: request.redirect_uri.origin().ascii_serialization(),
        }
    }

    fn has_consent(&self, request: &Request, person: &'static Person) -> bool {
        self.ledger()
            .has_granted(person, request.scopes.as_deref().unwrap_or_default())
    }

    fn decide(&self, request: Request, person: &'static Person, approved: bool) -> Response {
        let mut back = request.redirect_uri.clone();
        if !approved {
            authorize::add_error(
                &mut back,
                "access_denied",
                "The user has denied your application access.",
                request.state.as_deref(),
            );
            return found(&back);
        }
        let code = alphanumeric::<20>(&self.0.random);
        let now = self.now();
        self.ledger().grant(
            code.clone(),
            Code {
                person,
                scopes: request.scopes,
                expiring: request.expiring,
                redirect_uri: request.redirect_uri,
                was_asked_for: request.redirect_uri_given,
                challenge: request.challenge,
                expires_at: now + ledger::CODE_LIFE,
            },
            now,
        );
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("iss", self.0.issuer.as_str());
        if let Some(state) = request.state {
            back.query_pairs_mut().append_pair("state", &state);
        }
        found(&back)
    }
}
