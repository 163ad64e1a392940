//! Asana: the authorization server, and the two API calls that say who somebody is.
//! <https://developers.asana.com/docs/oauth>

mod api;
#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get, post};

use super::chance::{alphanumeric, hexadecimal};
use super::oauth::{
    Expiring, Office, Pkce, Policy, Problem, Redirects, Refreshing, Refusal, Rules, Scopes, Style,
};
use super::people::Person;
use crate::random::Random;

/// The imitation.
pub(crate) type Asana = Office<Asanas>;

/// Asana's style.
pub(crate) struct Asanas;

impl Style for Asanas {
    const NAME: &'static str = "asana";
    const TITLE: &'static str = "Asana";
    const RULES: Rules = Rules {
        redirects: Redirects::Exact,
        required: &[("response_type", Some("code")), ("state", None)],
        scopes: Scopes::Asked {
            parameter: "scope",
            separators: &[' '],
        },
        pkce: Pkce::S256,
    };
    const POLICY: Policy = Policy {
        // Not documented: minutes.
        code_life: Duration::from_mins(10),
        access_life: Duration::from_hours(1),
        expiring: Expiring::Always,
        refreshing: Refreshing::Kept,
    };
    /// Those that the app is registered with. `default`, everything, is for apps with full permissions.
    const SCOPES: &'static [(&'static str, &'static str)] = &[
        ("openid", "Confirm who you are"),
        ("email", "See your e-mail address"),
        ("profile", "See your name and photo"),
        ("users:read", "See users and the workspaces they are in"),
        ("projects:read", "See projects"),
        ("tasks:read", "See tasks"),
        ("tasks:write", "Create and change tasks"),
    ];

    fn routes() -> Router<Asana> {
        Router::new()
            .route("/-/oauth_authorize", get(Asana::authorize))
            .route("/-/oauth_token", post(token::issue))
            .route("/-/oauth_revoke", post(token::revoke))
            .route("/-/token_info", post(token::info))
            .route("/api/1.0/users/me", get(api::me))
            .route("/api/1.0/openid_connect/userinfo", get(api::userinfo))
            .route("/api/1.0/{*path}", any(api::not_found))
    }

    /// An unknown app or callback is a page of plain text, never a redirect.
    fn refuse(problem: &Problem) -> Refusal {
        let text = |text| Refusal::Text {
            status: StatusCode::BAD_REQUEST,
            text,
        };
        let back = |error, description: String| Refusal::Back { error, description };
        match problem {
            Problem::UnknownClient => {
                text("invalid_request: The `client_id` provided does not match an application.")
            }
            Problem::RedirectUri => text(
                "invalid_request: The `redirect_uri` parameter does not match a valid url for the application.",
            ),
            Problem::Insecure => text("invalid_request: The `redirect_uri` must use https."),
            Problem::Parameter("response_type") => back(
                "unsupported_response_type",
                "The `response_type` is not supported.".to_owned(),
            ),
            Problem::Parameter(name) => {
                back("invalid_request", format!("The `{name}` parameter is required."))
            }
            Problem::Scope(name) => back(
                "forbidden_scopes",
                format!("Your app is not allowed to request user authorization for `{name}` scopes."),
            ),
            Problem::Challenge => back(
                "invalid_request",
                "The `code_challenge` or its method is not valid.".to_owned(),
            ),
        }
    }

    fn code(random: &Random) -> String {
        format!("2/1200000000000001/{}", hexadecimal::<16>(random))
    }

    fn access_token(random: &Random) -> String {
        format!(
            "2/1200000000000001/{}:{}",
            alphanumeric::<8>(random),
            hexadecimal::<16>(random)
        )
    }

    fn refresh_token(random: &Random) -> String {
        format!("1/1200000000000001:{}", hexadecimal::<16>(random))
    }
}

/// A person's immutable id.
fn gid(person: &Person) -> u64 {
    1_200_000_000_000_000 + person.number
}
