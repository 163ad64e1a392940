//! Trello, with the token authorization that gives the token in the fragment.
//! <https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/>

mod api;
mod authorize;
mod ledger;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get};
use codestream_protocol::UnixMillis;
use url::Url;

use super::chance::hexadecimal;
use super::desk::{self, Consent, Desk, Imitation};
use super::faults::{Exchange, ServiceFaults, Tokens};
use super::pages::{NotePage, ScopeRow, found, page};
use super::people::Person;
use super::registration::AppRegistration;
use super::{Service, Setup};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::random::Random;
use authorize::{Request, Return};
use ledger::{Ledger, Token};

/// The imitation. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Trello(Arc<Inner>);

struct Inner {
    app: AppRegistration,
    desk: Desk<Request>,
    ledger: Mutex<Ledger>,
    exchange: Exchange,
    faults: Faults,
    clock: Clock,
    random: Random,
}

impl Trello {
    /// Where nobody has granted anything yet.
    pub(crate) fn new(setup: Setup) -> Self {
        let Setup {
            app,
            faults,
            clock,
            random,
            base: _,
        } = setup;
        Self(Arc::new(Inner {
            app,
            desk: Desk::new(clock.clone(), random.clone()),
            ledger: Mutex::default(),
            exchange: Exchange::default(),
            faults,
            clock,
            random,
        }))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Every change is one insertion or removal.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> UnixMillis {
        self.0.clock.now()
    }
}

impl Service for Trello {
    fn routes(&self) -> Router {
        Router::new()
            .route("/1/authorize", get(authorize::authorize))
            .route("/api/1/members/{id}", get(api::member))
            .route("/api/1/members/{id}/boards", get(api::boards))
            .route("/api/1/token/{token}", get(api::token).delete(api::delete_token))
            .route("/api/1/tokens/{token}", get(api::token).delete(api::delete_token))
            .route("/api/{*path}", any(api::not_found))
            .merge(desk::routes())
            .with_state(self.clone())
    }
}

impl ServiceFaults for Trello {
    /// Nothing is exchanged; the fault is what an approval comes back with.
    fn exchange(&self) -> Option<&Exchange> {
        Some(&self.0.exchange)
    }

    fn tokens(&self, fault: Tokens) {
        if fault.expire_all || fault.revoke_all {
            self.ledger().revoke_everything();
        }
    }
}

impl Imitation for Trello {
    const NAME: &'static str = "trello";
    const TITLE: &'static str = "Trello";
    type Request = Request;

    fn desk(&self) -> &Desk<Request> {
        &self.0.desk
    }

    fn consent(&self, request: &Request) -> Consent {
        Consent {
            app: request.name.clone().unwrap_or_else(|| self.0.app.name.to_owned()),
            scopes: request
                .scopes
                .iter()
                .map(|scope| ScopeRow {
                    name: scope.as_str().to_owned(),
                    meaning: scope.meaning(),
                })
                .collect(),
            term: request.expiration.in_words().to_owned(),
            back_to: match &request.back {
                Return::Fragment(url) => url.origin().ascii_serialization(),
                Return::Page => "a page that shows the token".to_owned(),
            },
        }
    }

    /// Trello asks every time: each approval makes a new token.
    fn has_consent(&self, _: &Request, _: &'static Person) -> bool {
        false
    }

    fn decide(&self, request: Request, person: &'static Person, approved: bool) -> Response {
        let refusal = if approved {
            self.0
                .exchange
                .take()
                .map(|fault| fault.error.unwrap_or_else(|| "invalid".to_owned()))
        } else {
            Some("Token request rejected".to_owned())
        };
        if let Some(error) = refusal {
            return request.back.send(Self::TITLE, None, Some(&error));
        }
        let token = hexadecimal::<32>(&self.0.random);
        let now = self.now();
        let row = Token {
            id: hexadecimal::<12>(&self.0.random),
            person,
            scopes: request.scopes,
            identifier: request.name.unwrap_or_default(),
            created_at: now,
            expires_at: request.expiration.life().map(|life| now + life),
        };
        self.ledger().keep(token.clone(), row);
        request.back.send(Self::TITLE, Some(&token), None)
    }
}

impl Return {
    /// Gives the token, or an empty one with the error.
    fn send(&self, service: &'static str, token: Option<&str>, error: Option<&str>) -> Response {
        match self {
            Self::Fragment(url) => {
                let mut fragment = url::form_urlencoded::Serializer::new(String::new());
                fragment.append_pair("token", token.unwrap_or_default());
                if let Some(error) = error {
                    fragment.append_pair("error", error);
                }
                let mut to: Url = url.clone();
                to.set_fragment(Some(&fragment.finish()));
                found(&to)
            }
            Self::Page => {
                let text = match error {
                    None => "You have granted access. Copy this token into the app.",
                    Some(_) => "You have not granted access.",
                };
                let note = NotePage {
                    service,
                    title: "Trello",
                    text,
                    value: token.unwrap_or_default().to_owned(),
                };
                page(StatusCode::OK, &note)
            }
        }
    }
}
