//! Intercom: an authorization without scopes, an exchange without a grant type, tokens without an end, and workspaces that
//! live in regions. <https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth>

mod api;
#[cfg(test)]
mod tests;
mod token;

use std::time::Duration;

use api::Host;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Json};
use serde_json::json;

use super::chance::hexadecimal;
use super::oauth::{
    Expiring, Office, Pkce, Policy, Problem, Redirects, Refreshing, Refusal, Rules, Scopes, Style,
};
use crate::random::Random;

/// The imitation.
pub(crate) type Intercom = Office<Eagle>;

/// Intercom's style, after its token endpoint.
pub(crate) struct Eagle;

impl Style for Eagle {
    const NAME: &'static str = "intercom";
    const TITLE: &'static str = "Intercom";
    const RULES: Rules = Rules {
        redirects: Redirects::ExactOrDefault,
        required: &[],
        scopes: Scopes::Registered,
        pkce: Pkce::Ignored,
    };
    const POLICY: Policy = Policy {
        // Not documented.
        code_life: Duration::from_mins(10),
        // Of no effect: a token never ends.
        access_life: Duration::MAX,
        expiring: Expiring::Never,
        refreshing: Refreshing::Never,
    };
    /// What is ticked in the Developer Hub.
    const SCOPES: &'static [(&'static str, &'static str)] = &[
        ("Read admins", "List and view all admins"),
        ("Read conversations", "List and view all conversations"),
    ];

    fn routes() -> Router<Intercom> {
        let api = |host| {
            Router::new()
                .route("/me", get(api::me))
                .route("/auth/uninstall", post(api::uninstall))
                .route("/{*path}", any(api::not_found))
                .layer(Extension(host))
        };
        Router::new()
            .route("/oauth", get(Intercom::authorize))
            .route("/api/auth/eagle/token", post(token::issue))
            .nest("/api/eu", api(Host::Of("EU")))
            .nest("/api/au", api(Host::Of("AU")))
            .nest("/api", api(Host::Usual))
    }

    /// An unknown app or callback is told to the person.
    fn refuse(problem: &Problem) -> Refusal {
        let page = |text| Refusal::Page {
            status: StatusCode::BAD_REQUEST,
            title: "Something is wrong with this app",
            text,
        };
        match problem {
            Problem::UnknownClient => page("We could not find an app with this client_id."),
            Problem::RedirectUri => page("The redirect_uri is not one of the app's redirect URLs."),
            Problem::Insecure => page("Redirect URLs must use HTTPS."),
            // None of them is looked at.
            Problem::Parameter(_) | Problem::Scope(_) | Problem::Challenge => {
                page("The request is not valid.")
            }
        }
    }

    fn code(random: &Random) -> String {
        hexadecimal::<16>(random)
    }

    fn access_token(random: &Random) -> String {
        format!("dG9rOj{}=", hexadecimal::<24>(random))
    }

    /// None is ever given out.
    fn refresh_token(_: &Random) -> String {
        String::new()
    }
}

/// A refusal as every endpoint writes it.
fn failure(intercom: &Intercom, status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({
        "type": "error.list",
        "request_id": hexadecimal::<10>(intercom.random()),
        "errors": [{"code": code, "message": message}],
    });
    (status, Json(body)).into_response()
}
