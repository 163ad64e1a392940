//! The Microsoft identity platform, for the services that sign in with it.
//! <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow>

#[cfg(test)]
mod tests;
mod token;

use std::marker::PhantomData;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

use super::Outside;
use super::chance::alphanumeric;
use super::desk::Choose;
use super::oauth::{
    Expiring, Office, Pkce, Policy, Problem, Redirects, Refreshing, Refusal, Request, Rules, Scopes, Style,
};
use super::people::Person;
use crate::random::Random;

/// The tenant of everybody in the sandbox.
pub(super) const TENANT: &str = "00000000-0000-4000-8000-00000000c0de";

/// What a service behind the platform is.
pub(super) trait Resource: Send + Sync + Sized + 'static {
    const NAME: &'static str;
    const TITLE: &'static str;
    /// Its own scopes and those of the platform.
    const SCOPES: &'static [(&'static str, &'static str)];

    /// Its API, below `/api`.
    fn api() -> Router<Office<Entra<Self>>>;

    /// What it has beside the platform and its API.
    fn beside() -> Router<Office<Entra<Self>>> {
        Router::new()
    }

    /// Its own controls for tests.
    fn controls(_: &Office<Entra<Self>>, _: Outside) -> Router {
        Router::new()
    }
}

/// The platform's style, in front of one service.
pub(super) struct Entra<R>(PhantomData<R>);

impl<R: Resource> Style for Entra<R> {
    const NAME: &'static str = R::NAME;
    const TITLE: &'static str = R::TITLE;
    const RULES: Rules = Rules {
        redirects: Redirects::Exact,
        required: &[("response_type", Some("code"))],
        scopes: Scopes::Asked {
            parameter: "scope",
            separators: &[' '],
        },
        pkce: Pkce::S256AndPlain,
    };
    const POLICY: Policy = Policy {
        code_life: Duration::from_mins(10),
        access_life: Duration::from_secs(3599),
        expiring: Expiring::Always,
        // A new one each time, and the old one stays good.
        refreshing: Refreshing::Rotates {
            grace: Duration::MAX,
            ends_access: false,
            reuse_ends_grant: false,
        },
    };
    const SCOPES: &'static [(&'static str, &'static str)] = R::SCOPES;

    fn routes() -> Router<Office<Self>> {
        Router::new()
            .route("/{tenant}/oauth2/v2.0/authorize", get(Office::<Self>::authorize))
            .route("/{tenant}/oauth2/v2.0/token", post(token::issue::<R>))
            .nest("/api", R::api())
            .merge(R::beside())
    }

    fn controls(office: &Office<Self>, outside: Outside) -> Router {
        R::controls(office, outside)
    }

    /// What leaves nowhere to go back to is an ordinary page with a code.
    fn refuse(problem: &Problem) -> Refusal {
        let page = |text| Refusal::Page {
            status: StatusCode::OK,
            title: "Sorry, but we’re having trouble signing you in",
            text,
        };
        match problem {
            Problem::UnknownClient => page("AADSTS700016: Application was not found in the directory."),
            Problem::RedirectUri => page(
                "AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for \
                 the application.",
            ),
            Problem::Insecure => page("AADSTS50011: The redirect URI must use https."),
            Problem::Parameter(name) => Refusal::Back {
                error: "invalid_request",
                description: format!(
                    "AADSTS900144: The request body must contain the following parameter: '{name}'."
                ),
            },
            Problem::Scope(scope) => Refusal::Back {
                error: "invalid_scope",
                description: format!(
                    "AADSTS70011: The provided value for the input parameter 'scope' is not valid: {scope}."
                ),
            },
            Problem::Challenge => Refusal::Back {
                error: "invalid_request",
                description: "AADSTS501491: Invalid size of Code_Challenge parameter.".to_owned(),
            },
        }
    }

    fn denial() -> (&'static str, &'static str) {
        (
            "access_denied",
            "AADSTS65004: User declined to consent to access the app.",
        )
    }

    fn wall(person: &Person) -> Option<(&'static str, &'static str)> {
        person.walled.then_some((
            "access_denied",
            "AADSTS90094: An administrator of the organisation has set a policy that prevents you from granting the app \
             the permissions that it is requesting.",
        ))
    }

    fn choose(request: &Request) -> Choose {
        match request.query.get("prompt").map(String::as_str) {
            Some("select_account" | "consent" | "login") => Choose::Always,
            _ => Choose::Remembered,
        }
    }

    fn code(random: &Random) -> String {
        format!("1.{}", alphanumeric::<64>(random))
    }

    fn access_token(random: &Random) -> String {
        format!(
            "eyJ0.{}.{}",
            alphanumeric::<64>(random),
            alphanumeric::<43>(random)
        )
    }

    fn refresh_token(random: &Random) -> String {
        format!("1.{}", alphanumeric::<96>(random))
    }

    fn beside(office: &Office<Self>, _: &Request) -> Vec<(&'static str, String)> {
        vec![("session_state", office.random().uuid().to_string())]
    }
}
