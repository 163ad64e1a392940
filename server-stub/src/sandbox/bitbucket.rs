//! Bitbucket Cloud: its own authorization server, and the API calls that say who somebody is.
//! <https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/>

mod api;
#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get, post};

use super::chance::alphanumeric;
use super::oauth::{
    Expiring, Office, Pkce, Policy, Problem, Redirects, Refreshing, Refusal, Rules, Scopes, Style,
};
use crate::random::Random;

/// The imitation.
pub(crate) type Bitbucket = Office<Consumers>;

/// Bitbucket's style: apps are consumers.
pub(crate) struct Consumers;

impl Style for Consumers {
    const NAME: &'static str = "bitbucket";
    const TITLE: &'static str = "Bitbucket";
    const RULES: Rules = Rules {
        redirects: Redirects::BelowOrDefault,
        required: &[("response_type", Some("code"))],
        scopes: Scopes::Registered,
        pkce: Pkce::Ignored,
    };
    const POLICY: Policy = Policy {
        // Not documented.
        code_life: Duration::from_mins(10),
        access_life: Duration::from_hours(2),
        expiring: Expiring::Always,
        refreshing: Refreshing::Kept,
    };
    /// The consumer's check boxes.
    const SCOPES: &'static [(&'static str, &'static str)] = &[
        ("account", "Read your account information"),
        ("email", "Read your e-mail addresses"),
        (
            "pullrequest",
            "Read your repositories and their pull requests, and comment on them",
        ),
        ("issue", "Read, create and comment on issues"),
    ];

    fn routes() -> Router<Bitbucket> {
        Router::new()
            .route("/site/oauth2/authorize", get(Bitbucket::authorize))
            .route("/site/oauth2/access_token", post(token::issue))
            .route("/api/2.0/user", get(api::user))
            .route("/api/2.0/user/emails", get(api::emails))
            .route("/api/2.0/{*path}", any(api::not_found))
    }

    fn refuse(problem: &Problem) -> Refusal {
        let page = |text| Refusal::Page {
            status: StatusCode::BAD_REQUEST,
            title: "Invalid request",
            text,
        };
        match problem {
            Problem::UnknownClient => page("Invalid client_id parameter"),
            Problem::RedirectUri => page("redirect_uri host must match configured redirect uri"),
            Problem::Insecure => page("redirect_uri must use https"),
            Problem::Parameter(_) => Refusal::Back {
                error: "unsupported_response_type",
                description: "The response_type is not supported.".to_owned(),
            },
            // Neither is looked at.
            Problem::Scope(_) | Problem::Challenge => Refusal::Back {
                error: "invalid_request",
                description: String::new(),
            },
        }
    }

    fn denial() -> (&'static str, &'static str) {
        ("access_denied", "The resource owner denied the request")
    }

    fn code(random: &Random) -> String {
        alphanumeric::<18>(random)
    }

    fn access_token(random: &Random) -> String {
        format!("{}==", alphanumeric::<84>(random))
    }

    fn refresh_token(random: &Random) -> String {
        alphanumeric::<18>(random)
    }
}
