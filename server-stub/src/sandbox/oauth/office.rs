//! The imitation itself: the desk, the ledger and the rules of one service, wired together.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use codestream_protocol::UnixMillis;
use url::Url;

use super::ledger::{Access, Fresh, Issued, Ledger, Policy, RedirectUri, Refused};
use super::parameters;
use super::rules::{Problem, Refusal, Rejected, Request, Rules};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::random::Random;
use crate::sandbox::desk::{self, Choose, Consent, Desk, Imitation, arrive};
use crate::sandbox::faults::{Exchange, ServiceFaults, Tokens};
use crate::sandbox::pages::{ScopeRow, found, refusal};
use crate::sandbox::people::Person;
use crate::sandbox::registration::AppRegistration;
use crate::sandbox::{Outside, Service, Setup};

/// How one service does what RFC 6749 leaves open.
pub(crate) trait Style: Send + Sync + Sized + 'static {
    /// Lower-case; its routes are below `/sandbox/<NAME>/`.
    const NAME: &'static str;
    /// For people.
    const TITLE: &'static str;
    /// What the authorization endpoint checks.
    const RULES: Rules;
    /// How long codes and tokens are good.
    const POLICY: Policy;
    /// Every scope that there is, with what the consent page says of it.
    const SCOPES: &'static [(&'static str, &'static str)];

    /// Its own routes: the authorization endpoint is [`Office::authorize`].
    fn routes() -> Router<Office<Self>>;

    /// Its own controls for tests, below `/sandbox/control/<NAME>`.
    fn controls(_: &Office<Self>, _: Outside) -> Router {
        Router::new()
    }

    /// How it refuses an authorization request.
    fn refuse(problem: &Problem) -> Refusal;

    /// The parameter that brings the code back.
    const CODE: &'static str = "code";

    /// What it says when the person declines: code and description (RFC 6749 §4.1.2.1). No code: it says so on its own page.
    fn denial() -> (&'static str, &'static str) {
        ("access_denied", "")
    }

    /// What it says when the person approves but their organisation does not let the app in.
    fn wall(_: &Person) -> Option<(&'static str, &'static str)> {
        None
    }

    /// Whom a request is for.
    fn choose(_: &Request) -> Choose {
        Choose::Remembered
    }

    /// What its codes look like.
    fn code(random: &Random) -> String;

    /// What its access tokens look like.
    fn access_token(random: &Random) -> String;

    /// What its refresh tokens look like.
    fn refresh_token(random: &Random) -> String;

    /// What it sends back beside code and state.
    fn beside(_: &Office<Self>, _: &Request) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// The imitation. Clones are the same one.
pub(crate) struct Office<S>(Arc<Inner<S>>);

impl<S> Clone for Office<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Inner<S> {
    app: AppRegistration,
    base: Url,
    desk: Desk<Request>,
    ledger: Mutex<Ledger>,
    exchange: Exchange,
    faults: Faults,
    clock: Clock,
    random: Random,
    own: Mutex<Extensions>,
    style: PhantomData<S>,
}

/// Whether a request carries a good token.
pub(crate) enum Bearer {
    Good(Box<Access>),
    Expired,
    Unknown,
    Missing,
}

impl<S: Style> Office<S> {
    /// Where nobody has granted anything yet.
    pub(crate) fn new(setup: Setup) -> Self {
        let Setup {
            app,
            base,
            faults,
            clock,
            random,
        } = setup;
        Self(Arc::new(Inner {
            app,
            base,
            desk: Desk::new(clock.clone(), random.clone()),
            ledger: Mutex::default(),
            exchange: Exchange::default(),
            faults,
            clock,
            random,
            own: Mutex::default(),
            style: PhantomData,
        }))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Every change is a few insertions and removals, none of which can panic.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The app that is registered here.
    pub(crate) fn app(&self) -> &AppRegistration {
        &self.0.app
    }

    /// Where the service is: ends in `/`.
    pub(crate) fn base(&self) -> &Url {
        &self.0.base
    }

    /// The time.
    pub(crate) fn now(&self) -> UnixMillis {
        self.0.clock.now()
    }

    /// Chance.
    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }

    /// What the service keeps beside grants; empty at first.
    pub(crate) fn own<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        // One insertion: a panic leaves nothing half-changed.
        let mut own = self.0.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.get_or_insert_with(Arc::<T>::default).clone()
    }

    /// What the next exchange is to fail with, if it is.
    pub(crate) fn fault(&self) -> Option<crate::sandbox::faults::ExchangeFault> {
        self.0.exchange.take()
    }

    /// The authorization endpoint.
    #[expect(clippy::unused_async, reason = "a handler is async")]
    pub(crate) async fn authorize(
        State(office): State<Self>,
        headers: HeaderMap,
        Query(query): Query<BTreeMap<String, String>>,
    ) -> Response {
        office.receive(&headers, &query, &S::RULES, S::SCOPES)
    }

    /// An authorization request, by the rules of one of the service's endpoints.
    pub(crate) fn receive(
        &self,
        headers: &HeaderMap,
        query: &BTreeMap<String, String>,
        rules: &Rules,
        known: &[(&str, &str)],
    ) -> Response {
        let https = self.0.faults.require_https();
        let Rejected { problem, request } = match rules.check(&self.0.app, known, query, https) {
            Ok(request) => {
                let choose = S::choose(&request);
                return arrive(self, headers, request, choose);
            }
            Err(rejected) => *rejected,
        };
        match (S::refuse(&problem), request) {
            (Refusal::Page { status, title, text }, _) => refusal(status, S::TITLE, title, text),
            (Refusal::Text { status, text }, _) => (status, text).into_response(),
            (Refusal::Back { error, description }, Some(request)) => found(&Self::back(
                &request,
                &[("error", error), ("error_description", &description)],
            )),
            // Nobody is told who could not be trusted with the answer.
            (Refusal::Back { .. }, None) => refusal(
                StatusCode::BAD_REQUEST,
                S::TITLE,
                "This request cannot be answered",
                "The app or its callback is not known here.",
            ),
        }
    }

    /// Where a request goes back to, with its state.
    fn back(request: &Request, pairs: &[(&str, &str)]) -> Url {
        let mut to = request.redirect_uri.clone();
        {
            let mut query = to.query_pairs_mut();
            for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
                query.append_pair(name, value);
            }
            if let Some(state) = &request.state {
                query.append_pair("state", state);
            }
        }
        to
    }

    fn fresh(&self) -> Fresh {
        Fresh {
            access: S::access_token(&self.0.random),
            refresh: S::refresh_token(&self.0.random),
        }
    }

    /// RFC 6749 §4.1.3.
    pub(crate) fn exchange(
        &self,
        code: &str,
        redirect_uri: RedirectUri<'_>,
        verifier: Option<&str>,
    ) -> Result<Issued, Refused> {
        let (fresh, now) = (self.fresh(), self.now());
        self.ledger()
            .exchange(&S::POLICY, code, redirect_uri, verifier, fresh, now)
    }

    /// RFC 6749 §6.
    pub(crate) fn refresh(&self, token: &str) -> Result<Issued, Refused> {
        let (fresh, now) = (self.fresh(), self.now());
        self.ledger().refresh(&S::POLICY, token, fresh, now)
    }

    /// Another token of the same grant, e.g. the app's own.
    pub(crate) fn beside(&self, issued: &Issued, token: &str) {
        self.ledger().beside(issued, token);
    }

    /// Ends the grant that a token came of; `false`: there is none.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        self.ledger().revoke(token)
    }

    /// Ends everything that a person has granted.
    pub(crate) fn uninstall(&self, person: &Person) {
        self.ledger().forget(person);
    }

    /// Who a token belongs to.
    pub(crate) fn access(&self, token: &str) -> Bearer {
        match self.ledger().access(token) {
            None => Bearer::Unknown,
            Some(access) if access.expires_at.is_some_and(|end| self.now() >= end) => Bearer::Expired,
            Some(access) => Bearer::Good(Box::new(access.clone())),
        }
    }

    /// Who a request's bearer token belongs to.
    pub(crate) fn bearer(&self, headers: &HeaderMap) -> Bearer {
        parameters::bearer(headers).map_or(Bearer::Missing, |token| self.access(token))
    }
}

impl<S: Style> ServiceFaults for Office<S> {
    fn exchange(&self) -> Option<&Exchange> {
        Some(&self.0.exchange)
    }

    fn tokens(&self, fault: Tokens) {
        let mut ledger = self.ledger();
        if let Some(expiring) = fault.expiring {
            ledger.expires = expiring;
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

impl<S: Style> Service for Office<S> {
    fn routes(&self) -> Router {
        S::routes().merge(desk::routes()).with_state(self.clone())
    }

    fn controls(&self, outside: Outside) -> Router {
        S::controls(self, outside)
    }
}

impl<S: Style> Imitation for Office<S> {
    const NAME: &'static str = S::NAME;
    const TITLE: &'static str = S::TITLE;
    type Request = Request;

    fn desk(&self) -> &Desk<Request> {
        &self.0.desk
    }

    fn consent(&self, request: &Request) -> Consent {
        let meaning = |name: &str| {
            let known = S::SCOPES.iter().find(|(scope, _)| *scope == name);
            known.map_or("", |(_, meaning)| *meaning)
        };
        Consent {
            app: self.0.app.name.to_owned(),
            scopes: request
                .scopes
                .iter()
                .map(|name| ScopeRow {
                    name: name.clone(),
                    meaning: meaning(name),
                })
                .collect(),
            term: String::new(),
            back_to: request.redirect_uri.origin().ascii_serialization(),
        }
    }

    fn has_consent(&self, request: &Request, person: &'static Person) -> bool {
        self.ledger().has_granted(person, &request.scopes)
    }

    fn decide(&self, request: Request, person: &'static Person, approved: bool) -> Response {
        let refused = if approved {
            S::wall(person)
        } else {
            Some(S::denial())
        };
        if let Some(("", text)) = refused {
            return refusal(StatusCode::OK, S::TITLE, "Not allowed", text);
        }
        if let Some((error, description)) = refused {
            return found(&Self::back(
                &request,
                &[("error", error), ("error_description", description)],
            ));
        }
        let code = S::code(&self.0.random);
        let beside = S::beside(self, &request);
        let mut pairs = vec![(S::CODE, code.as_str())];
        pairs.extend(beside.iter().map(|(name, value)| (*name, value.as_str())));
        let to = Self::back(&request, &pairs);
        let expires_at = self.now() + S::POLICY.code_life;
        self.ledger().grant(code, request, person, expires_at);
        found(&to)
    }
}
