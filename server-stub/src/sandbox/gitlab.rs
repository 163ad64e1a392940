//! GitLab: Doorkeeper's authorization server and the two API calls that say who somebody is.
//! <https://docs.gitlab.com/api/oauth2/>

#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use codestream_protocol::UnixMillis;
use serde_json::json;

use super::chance::hexadecimal;
use super::moment::iso_8601;
use super::oauth::{
    Access, Bearer, Expiring, Office, Pkce, Policy, Problem, Redirects, Refreshing, Refusal, Rules, Scopes,
    Style, bearer,
};
use super::people::{PEOPLE, Person};
use crate::random::Random;

/// The imitation.
pub(crate) type GitLab = Office<Doorkeeper>;

/// GitLab's style.
pub(crate) struct Doorkeeper;

impl Style for Doorkeeper {
    const NAME: &'static str = "gitlab";
    const TITLE: &'static str = "GitLab";
    const RULES: Rules = Rules {
        redirects: Redirects::Exact,
        required: &[("response_type", Some("code"))],
        scopes: Scopes::Asked {
            parameter: "scope",
            separators: &[' ', '+'],
        },
        pkce: Pkce::S256AndPlain,
    };
    const POLICY: Policy = Policy {
        code_life: Duration::from_mins(10),
        access_life: Duration::from_hours(2),
        expiring: Expiring::Always,
        refreshing: Refreshing::Rotates {
            grace: Duration::ZERO,
            ends_access: true,
            reuse_ends_grant: true,
        },
    };
    const SCOPES: &'static [(&'static str, &'static str)] = &[
        ("api", "Access the API on your behalf"),
        ("read_api", "Read the API on your behalf"),
        ("read_user", "Read your personal information"),
        ("read_repository", "Read repositories"),
        ("openid", "Authenticate using OpenID Connect"),
        ("profile", "Read your profile with OpenID Connect"),
        ("email", "Read your primary e-mail address with OpenID Connect"),
    ];

    fn routes() -> Router<GitLab> {
        Router::new()
            .route("/oauth/authorize", get(GitLab::authorize))
            .route("/oauth/token", post(token::issue))
            .route("/oauth/revoke", post(token::revoke))
            .route("/oauth/token/info", get(token::info))
            .route("/api/v4/user", get(user))
            .route("/api/v4/{*path}", any(not_found))
    }

    /// An unknown app or callback is told to the person, never to the callback.
    fn refuse(problem: &Problem) -> Refusal {
        let page = |text| Refusal::Page {
            status: StatusCode::UNAUTHORIZED,
            title: "An error has occurred",
            text,
        };
        let back = |error, description: &str| Refusal::Back {
            error,
            description: description.to_owned(),
        };
        match problem {
            Problem::UnknownClient => page(UNKNOWN_CLIENT),
            Problem::RedirectUri => page("The redirect URI included is not valid."),
            Problem::Insecure => page("The redirect URI must be an HTTPS/SSL URI."),
            Problem::Parameter(_) => back(
                "unsupported_response_type",
                "The authorization server does not support this response type.",
            ),
            Problem::Scope(_) => back(
                "invalid_scope",
                "The requested scope is invalid, unknown, or malformed.",
            ),
            Problem::Challenge => back(
                "invalid_code_challenge_method",
                "The code challenge method must be plain or S256.",
            ),
        }
    }

    fn denial() -> (&'static str, &'static str) {
        (
            "access_denied",
            "The resource owner or authorization server denied the request.",
        )
    }

    fn code(random: &Random) -> String {
        hexadecimal::<32>(random)
    }

    fn access_token(random: &Random) -> String {
        hexadecimal::<32>(random)
    }

    fn refresh_token(random: &Random) -> String {
        hexadecimal::<32>(random)
    }
}

/// Doorkeeper's words.
const UNKNOWN_CLIENT: &str = "Client authentication failed due to unknown client, no client authentication included, \
                              or unsupported authentication method.";

async fn user(State(gitlab): State<GitLab>, headers: HeaderMap) -> Response {
    let access = match access(&gitlab, &headers) {
        Ok(access) => access,
        Err(refusal) => return *refusal,
    };
    let reads = ["api", "read_api", "read_user"];
    if !access.scopes.iter().any(|scope| reads.contains(&scope.as_str())) {
        let body = json!({
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": "api read_user",
        });
        return (StatusCode::FORBIDDEN, Json(body)).into_response();
    }
    Json(person(access.person)).into_response()
}

async fn not_found(State(gitlab): State<GitLab>, headers: HeaderMap) -> Response {
    match access(&gitlab, &headers) {
        Ok(_) => (StatusCode::NOT_FOUND, Json(json!({"error": "404 Not Found"}))).into_response(),
        Err(refusal) => *refusal,
    }
}

/// The personal access token that somebody has made.
fn key_of(person: &Person) -> String {
    format!("glpat-{:0<20}", person.slug)
}

/// A personal access token is presented like any other, or in a header of its own.
fn personal(headers: &HeaderMap) -> Option<Access> {
    let own = headers.get("private-token").and_then(|value| value.to_str().ok());
    let token = own.or_else(|| bearer(headers))?;
    let person = PEOPLE.iter().find(|person| key_of(person) == token)?;
    Some(Access::personal(person, &["api"]))
}

fn access(gitlab: &GitLab, headers: &HeaderMap) -> Result<Box<Access>, Box<Response>> {
    let refuse = |body| Box::new((StatusCode::UNAUTHORIZED, Json(body)).into_response());
    if let Some(access) = personal(headers) {
        return Ok(Box::new(access));
    }
    match gitlab.bearer(headers) {
        Bearer::Good(access) => Ok(access),
        Bearer::Expired => Err(refuse(json!({
            "error": "invalid_token",
            "error_description": "Token is expired. You can either do re-authorization or token refresh.",
        }))),
        Bearer::Unknown | Bearer::Missing => Err(refuse(json!({"message": "401 Unauthorized"}))),
    }
}

/// `confirmed_at` is null until the primary address is proven.
fn person(person: &Person) -> serde_json::Value {
    let email = person.primary_email();
    let confirmed = email.is_some_and(|email| email.verified);
    json!({
        "id": person.number,
        "username": person.slug,
        "name": person.name,
        "state": "active",
        "web_url": format!("https://gitlab.com/{}", person.slug),
        "email": email.map(|email| email.address),
        "public_email": person.public_email(),
        "confirmed_at": confirmed.then(|| iso_8601(UnixMillis::from_secs(1_600_000_000))),
    })
}
