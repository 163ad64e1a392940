//! Slack: installing an app for a user and a workspace, Sign in with Slack, and the calls that say who somebody is.
//! <https://docs.slack.dev/authentication/installing-with-oauth>

mod api;
mod calls;
mod conversations;
mod responses;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};

use super::Outside;
use super::chance::alphanumeric;
use super::oauth::{
    Expiring, Office, Pkce, Policy, Problem, Redirects, Refreshing, Refusal, Rules, Scopes, Style,
};
use super::pages::refusal;
use super::people::Person;
use crate::random::Random;

/// The imitation.
pub(super) type Slack = Office<Workspaces>;

/// Slack's style.
pub(super) struct Workspaces;

/// What the app itself may be granted.
const APP_SCOPES: &[&str] = &[
    "channels:history",
    "channels:read",
    "chat:write",
    "groups:history",
    "groups:read",
    "mpim:history",
    "mpim:read",
    "users:read",
    "users:read.email",
];

/// Sign in with Slack; cannot be asked for beside others.
const IDENTITY_SCOPES: &[(&str, &str)] = &[
    ("openid", "Confirm your identity"),
    ("email", "View your e-mail address"),
    ("profile", "View your name and picture"),
];

const IDENTITY_RULES: Rules = Rules {
    redirects: Redirects::BelowOrDefault,
    required: &[("response_type", Some("code"))],
    scopes: Scopes::Asked {
        parameter: "scope",
        separators: &[' ', ','],
    },
    pkce: Pkce::Ignored,
};

impl Style for Workspaces {
    const NAME: &'static str = "slack";
    const TITLE: &'static str = "Slack";
    const RULES: Rules = Rules {
        redirects: Redirects::BelowOrDefault,
        required: &[],
        scopes: Scopes::Asked {
            parameter: "user_scope",
            separators: &[' ', ','],
        },
        // Not set for this app.
        pkce: Pkce::Ignored,
    };
    const POLICY: Policy = Policy {
        code_life: Duration::from_mins(10),
        access_life: Duration::from_hours(12),
        expiring: Expiring::BySetting,
        refreshing: Refreshing::Rotates {
            grace: Duration::ZERO,
            ends_access: false,
            reuse_ends_grant: false,
        },
    };
    const SCOPES: &'static [(&'static str, &'static str)] = &[
        ("channels:read", "View basic information about public channels"),
        ("channels:write", "Manage your public channels"),
        ("chat:write", "Send messages on your behalf"),
        (
            "groups:read",
            "View basic information about your private channels",
        ),
        ("groups:write", "Manage your private channels"),
        ("im:read", "View basic information about your direct messages"),
        ("mpim:read", "View basic information about your group messages"),
        ("users:read", "View people in your workspace"),
        (
            "users:read.email",
            "View e-mail addresses of people in your workspace",
        ),
    ];

    fn routes() -> Router<Slack> {
        Router::new()
            .route("/oauth/v2/authorize", get(authorize))
            .route("/openid/connect/authorize", get(identify))
            .route("/api/oauth.v2.access", post(token::access))
            .route("/api/openid.connect.token", post(token::identity))
            .route(
                "/api/openid.connect.userInfo",
                get(api::user_info).post(api::user_info),
            )
            .route("/api/auth.test", get(api::test).post(api::test))
            .route("/api/auth.revoke", get(api::revoke).post(api::revoke))
            .route(
                "/api/conversations.info",
                get(conversations::info).post(conversations::info),
            )
            .route(
                "/api/users.info",
                get(conversations::user_info).post(conversations::user_info),
            )
            .route("/api/{*method}", any(api::unknown_method))
            .merge(responses::routes())
    }

    fn controls(slack: &Slack, outside: Outside) -> Router {
        calls::controls(slack, outside)
    }

    /// Every refusal is a page of Slack's own.
    fn refuse(problem: &Problem) -> Refusal {
        let text = match problem {
            Problem::UnknownClient => "invalid_client_id: There is no app with this client ID.",
            Problem::RedirectUri => "bad_redirect_uri: redirect_uri did not match any configured URIs.",
            Problem::Insecure => "bad_redirect_uri: redirect_uri must use https.",
            Problem::Parameter(_) => "invalid_response_type: The response type must be code.",
            Problem::Scope(_) => {
                "invalid_scope: A requested scope does not exist, or cannot be asked for here."
            }
            Problem::Challenge => "pkce_not_allowed: PKCE is not enabled for this app.",
        };
        Refusal::Page {
            status: StatusCode::BAD_REQUEST,
            title: "Something went wrong when authorizing this app.",
            text,
        }
    }

    /// On a page, too: there is nothing that the app could do.
    fn wall(person: &Person) -> Option<(&'static str, &'static str)> {
        person.walled.then_some((
            "",
            "Your workspace lets only approved apps in. An administrator must approve this one first.",
        ))
    }

    fn code(random: &Random) -> String {
        format!("{}.{}", alphanumeric::<12>(random), alphanumeric::<40>(random))
    }

    fn access_token(random: &Random) -> String {
        format!("xoxp-{}", alphanumeric::<48>(random))
    }

    fn refresh_token(random: &Random) -> String {
        format!("xoxe-1-{}", alphanumeric::<96>(random))
    }
}

async fn authorize(
    State(slack): State<Slack>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let asked = query.get("scope").map(String::as_str).unwrap_or_default();
    let mut names = asked.split([' ', ',']).filter(|name| !name.is_empty());
    if names.any(|name| !APP_SCOPES.contains(&name)) {
        return refused(&Problem::Scope(String::new()));
    }
    slack.receive(&headers, &query, &Workspaces::RULES, Workspaces::SCOPES)
}

async fn identify(
    State(slack): State<Slack>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    slack.receive(&headers, &query, &IDENTITY_RULES, IDENTITY_SCOPES)
}

fn refused(problem: &Problem) -> Response {
    match Workspaces::refuse(problem) {
        Refusal::Page { status, title, text } => refusal(status, Workspaces::TITLE, title, text),
        Refusal::Text { status, text } => (status, text).into_response(),
        Refusal::Back { .. } => refusal(
            StatusCode::BAD_REQUEST,
            Workspaces::TITLE,
            "Something went wrong.",
            "",
        ),
    }
}

/// Id, name and address of the workspace that somebody is in: people are in two.
fn workspace(person: &Person) -> (&'static str, &'static str, &'static str) {
    if person.number.is_multiple_of(2) {
        ("T0UMBRELLA", "umbrella", "https://umbrella.slack.com/")
    } else {
        ("T0ACME000", "acme", "https://acme.slack.com/")
    }
}

fn user_id(person: &Person) -> String {
    format!("U{:010}", person.number)
}
