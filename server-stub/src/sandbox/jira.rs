//! Atlassian's OAuth 2.0 (3LO) and the parts of the Jira Cloud API that say who somebody is and where.
//! <https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/>

#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::json;

use super::chance::alphanumeric;
use super::desk::Choose;
use super::oauth::{
    Access, Bearer, Expiring, Office, Pkce, Policy, Problem, Redirects, Refreshing, Refusal, Request, Rules,
    Scopes, Style, basic,
};
use super::people::{PEOPLE, Person};
use crate::random::Random;

/// The imitation.
pub(super) type Jira = Office<Atlassian>;

/// Atlassian's style.
pub(super) struct Atlassian;

/// Two sites, both chosen by everybody: id, name.
const SITES: [(&str, &str); 2] = [
    ("1324a887-45db-1bf4-1e99-ef0ff456d421", "acme"),
    ("5511a887-45db-1bf4-1e99-ef0ff456d9ab", "umbrella"),
];

impl Style for Atlassian {
    const NAME: &'static str = "jira";
    const TITLE: &'static str = "Atlassian";
    const RULES: Rules = Rules {
        redirects: Redirects::Exact,
        required: &[
            ("audience", Some("api.atlassian.com")),
            ("response_type", Some("code")),
            ("prompt", Some("consent")),
            ("state", None),
        ],
        scopes: Scopes::Asked {
            parameter: "scope",
            separators: &[' '],
        },
        pkce: Pkce::Ignored,
    };
    const POLICY: Policy = Policy {
        code_life: Duration::from_mins(10),
        access_life: Duration::from_hours(1),
        expiring: Expiring::Always,
        refreshing: Refreshing::Rotates {
            grace: Duration::from_mins(10),
            ends_access: false,
            reuse_ends_grant: true,
        },
    };
    const SCOPES: &'static [(&'static str, &'static str)] = &[
        ("read:jira-work", "View Jira issue data"),
        ("write:jira-work", "Create and manage issues"),
        ("read:jira-user", "View user profiles"),
        ("manage:jira-project", "Manage project settings"),
        ("read:me", "View your profile details"),
        ("offline_access", "Access this data when you are not there"),
    ];

    fn routes() -> Router<Jira> {
        Router::new()
            .route("/authorize", get(Jira::authorize))
            .route("/oauth/token", post(token::issue))
            .route("/api/me", get(me))
            .route("/api/oauth/token/accessible-resources", get(sites))
            .route("/api/ex/jira/{cloud}/rest/api/{version}/myself", get(myself))
            .route("/api/{*path}", any(not_found))
            .route("/site/{site}/rest/api/{version}/myself", get(myself_at_site))
    }

    fn refuse(problem: &Problem) -> Refusal {
        let page = |text| Refusal::Page {
            status: StatusCode::BAD_REQUEST,
            title: "Something went wrong",
            text,
        };
        let back = |error, description: &str| Refusal::Back {
            error,
            description: description.to_owned(),
        };
        match problem {
            Problem::UnknownClient => page("We couldn't identify the app requesting access to your account."),
            Problem::RedirectUri => page("redirect_uri is not registered for client"),
            Problem::Insecure => page("The callback URL must use https."),
            Problem::Parameter(name) => {
                back("invalid_request", &format!("{name} is missing or not supported"))
            }
            Problem::Scope(_) => back("invalid_scope", "The requested scope is not one of the app's."),
            Problem::Challenge => back("invalid_request", "code_challenge is not well formed"),
        }
    }

    fn denial() -> (&'static str, &'static str) {
        ("access_denied", "User did not authorize the request")
    }

    /// `prompt=consent` is obligatory.
    fn choose(_: &Request) -> Choose {
        Choose::Always
    }

    fn code(random: &Random) -> String {
        format!("eyJhbGciOiJIUzI1NiJ9.{}", alphanumeric::<64>(random))
    }

    fn access_token(random: &Random) -> String {
        format!("eyJraWQiOiJhdXRoIn0.{}", alphanumeric::<96>(random))
    }

    fn refresh_token(random: &Random) -> String {
        format!("eyJraWQiOiJyZWZyZXNoIn0.{}", alphanumeric::<96>(random))
    }
}

async fn me(State(jira): State<Jira>, headers: HeaderMap) -> Response {
    serve(&jira, &headers, Some("read:me"), |access| {
        let person = access.person;
        Json(json!({
            "account_type": "atlassian",
            "account_id": person.object_id,
            "account_status": "active",
            "email": person.primary_email().map(|email| email.address),
            "email_verified": person.is_verified(),
            "name": person.name,
            "nickname": person.slug,
            "picture": format!("https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/{}", person.slug),
        }))
        .into_response()
    })
}

async fn sites(State(jira): State<Jira>, headers: HeaderMap) -> Response {
    serve(&jira, &headers, None, |access| {
        let jira_scopes: Vec<_> = access
            .scopes
            .iter()
            .filter(|scope| scope.contains("jira"))
            .collect();
        let sites = SITES.iter().map(|(id, name)| {
            json!({
                "id": id,
                "url": format!("https://{name}.atlassian.net"),
                "name": name,
                "scopes": jira_scopes,
                "avatarUrl": format!("https://site-admin-avatar-cdn.prod.public.atl-paas.net/{name}.png"),
            })
        });
        Json(sites.collect::<Vec<_>>()).into_response()
    })
}

async fn myself(
    State(jira): State<Jira>,
    Path((cloud, _)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    serve(&jira, &headers, Some("read:jira-user"), |access| {
        if !SITES.iter().any(|(id, _)| *id == cloud) {
            return failure(StatusCode::NOT_FOUND, "No message available");
        }
        profile(access.person)
    })
}

fn profile(person: &Person) -> Response {
    Json(json!({
        "accountId": person.object_id,
        "displayName": person.name,
        "emailAddress": person.public_email(),
        "active": true,
    }))
    .into_response()
}

/// The API token that somebody has made.
fn key_of(person: &Person) -> String {
    format!("ATATT3xFfGF0{}", person.slug)
}

/// A site's own address takes the API tokens that people make, with their e-mail addresses.
/// <https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/>
async fn myself_at_site(Path((site, _)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let owner = basic(&headers).and_then(|(email, token)| {
        let is_owner = |person: &&Person| {
            person.primary_email().is_some_and(|own| own.address == email) && key_of(person) == token
        };
        PEOPLE.iter().find(is_owner)
    });
    match owner {
        _ if !SITES.iter().any(|(_, name)| *name == site) => {
            failure(StatusCode::NOT_FOUND, "Site temporarily unavailable")
        }
        Some(person) => profile(person),
        None => (
            StatusCode::UNAUTHORIZED,
            "Client must be authenticated to access this resource.",
        )
            .into_response(),
    }
}

async fn not_found(State(jira): State<Jira>, headers: HeaderMap) -> Response {
    serve(&jira, &headers, None, |_| {
        failure(StatusCode::NOT_FOUND, "Not Found")
    })
}

fn serve(
    jira: &Jira,
    headers: &HeaderMap,
    scope: Option<&str>,
    answer: impl FnOnce(&Access) -> Response,
) -> Response {
    match jira.bearer(headers) {
        Bearer::Good(access)
            if scope.is_some_and(|scope| !access.scopes.iter().any(|granted| granted == scope)) =>
        {
            failure(StatusCode::FORBIDDEN, "Forbidden; scope does not match")
        }
        Bearer::Good(access) => answer(&access),
        Bearer::Expired | Bearer::Unknown | Bearer::Missing => {
            failure(StatusCode::UNAUTHORIZED, "Unauthorized")
        }
    }
}

fn failure(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"code": status.as_u16(), "message": message}))).into_response()
}
