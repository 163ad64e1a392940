//! New Relic: the identity provider's sign-in, which sends back no state, and `NerdGraph`.
//! <https://docs.newrelic.com/docs/apis/nerdgraph/get-started/introduction-new-relic-nerdgraph/>

mod api;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::chance::alphanumeric;
use super::desk::Choose;
use super::oauth::{
    Expiring, Office, Pkce, Policy, Problem, Redirects, Refreshing, Refusal, Request, Rules, Scopes, Style,
};
use crate::random::Random;

/// The imitation.
pub(super) type NewRelic = Office<Login>;

/// The style of New Relic's login service.
pub(super) struct Login;

impl Style for Login {
    const NAME: &'static str = "newrelic";
    const TITLE: &'static str = "New Relic";
    const CODE: &'static str = "auth_code";
    const RULES: Rules = Rules {
        redirects: Redirects::BelowOrDefault,
        required: &[
            ("response_mode", Some("code")),
            ("return_to", None),
            ("scheme", None),
        ],
        scopes: Scopes::Registered,
        pkce: Pkce::Ignored,
    };
    const POLICY: Policy = Policy {
        code_life: Duration::from_mins(5),
        access_life: Duration::from_hours(1),
        expiring: Expiring::Always,
        refreshing: Refreshing::Rotates {
            grace: Duration::ZERO,
            ends_access: false,
            reuse_ends_grant: false,
        },
    };
    const SCOPES: &'static [(&'static str, &'static str)] = &[];

    fn routes() -> Router<NewRelic> {
        Router::new()
            .route("/login", get(login))
            .route("/api/v1/tokens", post(token::exchange))
            .route("/api/v1/tokens/refresh", post(token::refresh))
            .route("/api/graphql", post(api::graphql).layer(Extension("US")))
            .route("/api/eu/graphql", post(api::graphql).layer(Extension("EU")))
    }

    /// Every refusal is a page of the login service.
    fn refuse(problem: &Problem) -> Refusal {
        let text = match problem {
            Problem::UnknownClient => "The application is not known.",
            Problem::RedirectUri | Problem::Insecure => "The return address is not allowed.",
            _ => "The request is not complete.",
        };
        Refusal::Page {
            status: StatusCode::BAD_REQUEST,
            title: "We can’t sign you in",
            text,
        }
    }

    /// There is a login page and no way back from it but signing in.
    fn denial() -> (&'static str, &'static str) {
        ("", "You were not signed in. You can close this page.")
    }

    fn choose(request: &Request) -> Choose {
        match request.query.get("force_login").map(String::as_str) {
            Some("true") => Choose::Always,
            _ => Choose::Remembered,
        }
    }

    fn code(random: &Random) -> String {
        alphanumeric::<40>(random)
    }

    fn access_token(random: &Random) -> String {
        format!(
            "eyJ0.{}.{}",
            alphanumeric::<64>(random),
            alphanumeric::<43>(random)
        )
    }

    fn refresh_token(random: &Random) -> String {
        alphanumeric::<64>(random)
    }
}

/// The return address has a name of its own, and there is no state.
async fn login(
    State(newrelic): State<NewRelic>,
    headers: HeaderMap,
    Query(mut query): Query<BTreeMap<String, String>>,
) -> Response {
    query.remove("state");
    let back = query.get("return_to").cloned().unwrap_or_default();
    query.insert("redirect_uri".to_owned(), back);
    newrelic.receive(&headers, &query, &Login::RULES, Login::SCOPES)
}
