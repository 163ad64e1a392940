//! The browser's side of every imitated service: who is signed in, and the way from an authorization request over the
//! sign-in and consent pages to a decision.
//!
//! A service keeps its own requests, and its own consequences of a decision; it has checked a request before it comes here.

mod cookie;
mod handlers;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::response::Response;
use codestream_protocol::UnixMillis;

use super::chance::alphanumeric;
use super::pages::ScopeRow;
use super::people::Person;
use crate::clock::Clock;
use crate::random::Random;

pub(crate) use handlers::{arrive, routes};

/// How long a page waits for its answer.
const PATIENCE: Duration = Duration::from_hours(1);

/// A service that has a sign-in and a consent page.
pub(crate) trait Imitation: Clone + Send + Sync + 'static {
    /// Lower-case; its routes are below `/sandbox/<NAME>/`.
    const NAME: &'static str;
    /// For people.
    const TITLE: &'static str;
    /// A checked authorization request.
    type Request: Clone + Send + 'static;

    /// Its desk.
    fn desk(&self) -> &Desk<Self::Request>;

    /// What the consent page says.
    fn consent(&self, request: &Self::Request) -> Consent;

    /// Whether `person` has agreed to all of this before, so that a real service asks nothing.
    fn has_consent(&self, request: &Self::Request, person: &'static Person) -> bool;

    /// Carries a decision out and sends the browser on.
    fn decide(&self, request: Self::Request, person: &'static Person, approved: bool) -> Response;
}

/// What a consent page says about a request.
pub(crate) struct Consent {
    /// The app's name.
    pub(crate) app: String,
    /// What is asked for.
    pub(crate) scopes: Vec<ScopeRow>,
    /// How long, in words; may be empty.
    pub(crate) term: String,
    /// Where the browser goes afterwards.
    pub(crate) back_to: String,
}

/// Whom a new request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choose {
    /// Whoever is signed in at the service, if somebody is.
    Remembered,
    /// Whoever is signed in, and they are asked again: `prompt=consent`.
    Consent,
    /// The person chooses, also when somebody is signed in: `prompt=select_account`.
    Always,
}

/// Open pages and signed-in browsers of one service.
pub(crate) struct Desk<R> {
    clock: Clock,
    random: Random,
    state: Mutex<State<R>>,
}

struct State<R> {
    signed_in: HashMap<String, &'static Person>,
    tickets: HashMap<String, Ticket<R>>,
}

/// A request on its way through the pages.
#[derive(Clone)]
struct Ticket<R> {
    request: R,
    browser: String,
    person: Option<&'static Person>,
    expires_at: UnixMillis,
}

impl<R: Clone> Desk<R> {
    /// Nobody is signed in.
    pub(crate) fn new(clock: Clock, random: Random) -> Self {
        let state = State {
            signed_in: HashMap::new(),
            tickets: HashMap::new(),
        };
        Self {
            clock,
            random,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<R>> {
        // Every change is one insertion or removal: a panic leaves nothing half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_browser(&self) -> String {
        alphanumeric::<32>(&self.random)
    }

    fn remembered(&self, browser: &str) -> Option<&'static Person> {
        self.state().signed_in.get(browser).copied()
    }

    fn open(&self, request: R, browser: &str, person: Option<&'static Person>) -> String {
        let (number, now) = (alphanumeric::<24>(&self.random), self.clock.now());
        let mut state = self.state();
        state.tickets.retain(|_, ticket| now < ticket.expires_at);
        let ticket = Ticket {
            request,
            browser: browser.to_owned(),
            person,
            expires_at: now + PATIENCE,
        };
        state.tickets.insert(number.clone(), ticket);
        number
    }

    /// The ticket, if this browser opened it and its time is not over.
    fn look(&self, number: &str, browser: &str) -> Option<Ticket<R>> {
        let now = self.clock.now();
        let fits = |ticket: &&Ticket<R>| ticket.browser == browser && now < ticket.expires_at;
        self.state().tickets.get(number).filter(fits).cloned()
    }

    fn sign_in(&self, number: &str, browser: &str, person: &'static Person) -> bool {
        if self.look(number, browser).is_none() {
            return false;
        }
        let mut state = self.state();
        state.signed_in.insert(browser.to_owned(), person);
        if let Some(ticket) = state.tickets.get_mut(number) {
            ticket.person = Some(person);
        }
        true
    }

    /// The ticket, for one caller alone.
    fn close(&self, number: &str, browser: &str) -> Option<Ticket<R>> {
        self.look(number, browser)?;
        self.state().tickets.remove(number)
    }
}
