//! Linear: pages on one host, token endpoint and GraphQL on another.
//! <https://linear.app/developers/oauth-2-0-authentication>

mod api;
#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

use super::chance::hexadecimal;
use super::desk::Choose;
use super::oauth::{
    Expiring, Office, Pkce, Policy, Problem, Redirects, Refreshing, Refusal, Request, Rules, Scopes, Style,
};
use crate::random::Random;

/// The imitation.
pub(crate) type Linear = Office<Workspaces>;

/// Linear's style: a token is good in one workspace.
pub(crate) struct Workspaces;

impl Style for Workspaces {
    const NAME: &'static str = "linear";
    const TITLE: &'static str = "Linear";
    const RULES: Rules = Rules {
        redirects: Redirects::Exact,
        required: &[("response_type", Some("code"))],
        scopes: Scopes::Asked {
            parameter: "scope",
            separators: &[','],
        },
        pkce: Pkce::S256AndPlain,
    };
    const POLICY: Policy = Policy {
        // Not documented.
        code_life: Duration::from_mins(10),
        access_life: Duration::from_secs(86_399),
        expiring: Expiring::Always,
        // That it rotates is documented; the rest is as RFC 9700 §4.14.2 wants it.
        refreshing: Refreshing::Rotates {
            grace: Duration::ZERO,
            ends_access: false,
            reuse_ends_grant: true,
        },
    };
    const SCOPES: &'static [(&'static str, &'static str)] = &[
        ("read", "Read access to your account"),
        ("write", "Write access to your account"),
        ("issues:create", "Create issues and their attachments"),
        ("comments:create", "Create comments"),
        ("timeSchedule:write", "Create and change time schedules"),
        ("admin", "Full access to admin level endpoints"),
    ];

    fn routes() -> Router<Linear> {
        Router::new()
            .route("/oauth/authorize", get(Linear::authorize))
            .route("/api/oauth/token", post(token::issue))
            .route("/api/oauth/revoke", post(token::revoke))
            .route("/api/graphql", post(api::graphql))
    }

    fn refuse(problem: &Problem) -> Refusal {
        let page = |text| Refusal::Page {
            status: StatusCode::BAD_REQUEST,
            title: "Invalid authorization request",
            text,
        };
        let back = |error, description: String| Refusal::Back { error, description };
        match problem {
            Problem::UnknownClient => page("Application with this client ID was not found."),
            Problem::RedirectUri => page("Invalid redirect_uri parameter for the application."),
            Problem::Insecure => page("The redirect_uri must use https."),
            Problem::Parameter(name) => back("invalid_request", format!("Invalid {name} parameter.")),
            Problem::Scope(name) => back("invalid_scope", format!("Invalid scope: {name}")),
            Problem::Challenge => back("invalid_request", "Invalid code challenge.".to_owned()),
        }
    }

    fn choose(request: &Request) -> Choose {
        match request.query.get("prompt").map(String::as_str) {
            Some("consent") => Choose::Consent,
            _ => Choose::Remembered,
        }
    }

    fn code(random: &Random) -> String {
        hexadecimal::<20>(random)
    }

    fn access_token(random: &Random) -> String {
        format!("lin_oauth_{}", hexadecimal::<32>(random))
    }

    fn refresh_token(random: &Random) -> String {
        format!("lin_refresh_{}", hexadecimal::<32>(random))
    }
}
