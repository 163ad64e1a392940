//! Microsoft Graph, as far as Teams needs it, behind Entra ID. <https://learn.microsoft.com/en-us/graph/api/user-get>

mod connector;
mod keys;
mod roster;
#[cfg(test)]
mod tests;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::json;

use super::Outside;
use super::microsoft::{Entra, Resource};
use super::oauth::{Access, Bearer, Office};

/// The imitation.
pub(super) type MsTeams = Office<Entra<Graph>>;

/// The resource.
pub(super) struct Graph;

impl Resource for Graph {
    const NAME: &'static str = "msteams";
    const TITLE: &'static str = "Microsoft Teams";
    const SCOPES: &'static [(&'static str, &'static str)] = &[
        ("User.Read", "Sign you in and read your profile"),
        ("Team.ReadBasic.All", "Read the names and descriptions of teams"),
        (
            "Channel.ReadBasic.All",
            "Read the names and descriptions of channels",
        ),
        ("ChannelMessage.Send", "Send channel messages"),
        (
            "offline_access",
            "Maintain access to data you have given it access to",
        ),
        ("openid", "Sign you in"),
        ("profile", "View your basic profile"),
        ("email", "View your email address"),
    ];

    fn beside() -> Router<MsTeams> {
        connector::routes()
    }

    fn controls(teams: &MsTeams, outside: Outside) -> Router {
        connector::controls(teams, outside)
    }

    fn api() -> Router<MsTeams> {
        Router::new()
            .route("/v1.0/me", get(me))
            .route("/v1.0/me/joinedTeams", get(teams))
            .route("/{*path}", any(not_found))
    }
}

async fn me(State(graph): State<MsTeams>, headers: HeaderMap) -> Response {
    serve(&graph, &headers, "User.Read", |access| {
        let person = access.person;
        let address = person.primary_email().map(|email| email.address);
        Json(json!({
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
            "id": person.uuid(),
            "displayName": person.name,
            "mail": address,
            "userPrincipalName": address,
        }))
        .into_response()
    })
}

async fn teams(State(graph): State<MsTeams>, headers: HeaderMap) -> Response {
    serve(&graph, &headers, "Team.ReadBasic.All", |_| {
        Json(json!({"value": [{"id": super::microsoft::TENANT, "displayName": "Sandbox"}]})).into_response()
    })
}

async fn not_found(State(graph): State<MsTeams>, headers: HeaderMap) -> Response {
    serve(&graph, &headers, "User.Read", |_| {
        failure(
            StatusCode::NOT_FOUND,
            "ResourceNotFound",
            "Resource could not be discovered.",
        )
    })
}

fn serve(
    graph: &MsTeams,
    headers: &HeaderMap,
    scope: &str,
    answer: impl FnOnce(&Access) -> Response,
) -> Response {
    let unauthorized = |text| failure(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", text);
    match graph.bearer(headers) {
        Bearer::Good(access) if !access.scopes.iter().any(|granted| granted == scope) => failure(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ),
        Bearer::Good(access) => answer(&access),
        Bearer::Expired => unauthorized("Lifetime validation failed, the token is expired."),
        Bearer::Unknown => unauthorized("IDX14100: JWT is not well formed."),
        Bearer::Missing => unauthorized("Access token is empty."),
    }
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({"error": {"code": code, "message": message}}))).into_response()
}
