//! Azure DevOps behind Entra ID: who somebody is, and the projects of an organisation.
//! <https://learn.microsoft.com/en-us/rest/api/azure/devops/profile/profiles/get>

#[cfg(test)]
mod tests;

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::json;

use super::microsoft::{Entra, Resource};
use super::oauth::{Access, Bearer, Office};

/// The imitation.
pub(super) type AzureDevOps = Office<Entra<DevOps>>;

/// The resource.
pub(super) struct DevOps;

impl Resource for DevOps {
    const NAME: &'static str = "azuredevops";
    const TITLE: &'static str = "Azure DevOps";
    const SCOPES: &'static [(&'static str, &'static str)] = &[
        (
            "499b84ac-1321-427f-aa17-267ca6975798/.default",
            "Whatever the app is registered for at Azure DevOps",
        ),
        (
            "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation",
            "Have full access to Azure DevOps Services REST APIs",
        ),
        (
            "offline_access",
            "Maintain access to data you have given it access to",
        ),
        ("openid", "Sign you in"),
        ("profile", "View your basic profile"),
        ("email", "View your email address"),
    ];

    fn api() -> Router<AzureDevOps> {
        Router::new()
            .route("/_apis/profile/profiles/me", get(profile))
            .route("/{organization}/_apis/projects", get(projects))
            .route("/{organization}/{*path}", any(not_found))
    }
}

async fn profile(State(devops): State<AzureDevOps>, headers: HeaderMap) -> Response {
    serve(&devops, &headers, |access| {
        let person = access.person;
        Json(json!({
            "id": person.uuid(),
            "publicAlias": person.uuid(),
            "displayName": person.name,
            "emailAddress": person.primary_email().map(|email| email.address),
            "coreRevision": 1,
            "revision": 1,
        }))
        .into_response()
    })
}

/// An organisation that keeps third-party apps out refuses every call, though the authorization went well.
async fn projects(
    State(devops): State<AzureDevOps>,
    Path(organization): Path<String>,
    headers: HeaderMap,
) -> Response {
    serve(&devops, &headers, |access| {
        if organization == CLOSED {
            let text = format!(
                "TF400813: The user '{}' is not authorized to access this resource.",
                access.person.uuid()
            );
            return (StatusCode::UNAUTHORIZED, text).into_response();
        }
        let project = json!({"id": access.person.uuid(), "name": "Sandbox", "state": "wellFormed"});
        Json(json!({"count": 1, "value": [project]})).into_response()
    })
}

/// An organisation with third-party access switched off.
const CLOSED: &str = "closed";

async fn not_found(State(devops): State<AzureDevOps>, headers: HeaderMap) -> Response {
    serve(&devops, &headers, |_| {
        (
            StatusCode::NOT_FOUND,
            Json(json!({"message": "The controller for path was not found."})),
        )
            .into_response()
    })
}

/// A token that is not accepted gets the sign-in page, with a status of success.
fn serve(devops: &AzureDevOps, headers: &HeaderMap, answer: impl FnOnce(&Access) -> Response) -> Response {
    match devops.bearer(headers) {
        Bearer::Good(access) => answer(&access),
        Bearer::Expired | Bearer::Unknown => (
            StatusCode::NON_AUTHORITATIVE_INFORMATION,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            "<!DOCTYPE html><html lang=\"en-US\"><head><title>Azure DevOps Services | Sign In</title></head></html>",
        )
            .into_response(),
        Bearer::Missing => StatusCode::UNAUTHORIZED.into_response(),
    }
}
