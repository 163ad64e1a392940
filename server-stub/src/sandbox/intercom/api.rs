//! The REST API, on every region's host.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::{Intercom, failure};
use crate::sandbox::oauth::{Access, Bearer};

/// The host that is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Host {
    /// Knows every workspace.
    Usual,
    /// Knows the workspaces of one region.
    Of(&'static str),
}

/// `email_verified` says whether the address may be relied upon.
pub(super) async fn me(
    State(intercom): State<Intercom>,
    Extension(host): Extension<Host>,
    headers: HeaderMap,
) -> Response {
    serve(&intercom, host, &headers, |access| {
        let person = access.person;
        let region = person.region();
        Json(json!({
            "type": "admin",
            "id": person.number.to_string(),
            "name": person.name,
            "email": person.primary_email().map(|email| email.address),
            "email_verified": person.is_verified(),
            "app": {
                "type": "app",
                "id_code": format!("acme{}", region.to_ascii_lowercase()),
                "name": "Acme",
                "region": region,
                "created_at": 1_600_000_000,
                "identity_verification": false,
                "timezone": "Etc/UTC",
            },
        }))
        .into_response()
    })
}

/// Takes the app out of the workspace: whatever the person has granted ends.
pub(super) async fn uninstall(
    State(intercom): State<Intercom>,
    Extension(host): Extension<Host>,
    headers: HeaderMap,
) -> Response {
    serve(&intercom, host, &headers, |access| {
        intercom.uninstall(access.person);
        Json(json!({})).into_response()
    })
}

pub(super) async fn not_found(
    State(intercom): State<Intercom>,
    Extension(host): Extension<Host>,
    headers: HeaderMap,
) -> Response {
    serve(&intercom, host, &headers, |_| {
        failure(
            &intercom,
            StatusCode::NOT_FOUND,
            "not_found",
            "The requested resource was not found",
        )
    })
}

fn serve(
    intercom: &Intercom,
    host: Host,
    headers: &HeaderMap,
    answer: impl FnOnce(&Access) -> Response,
) -> Response {
    let is_known = |access: &Access| match host {
        Host::Usual => true,
        Host::Of(here) => access.person.region() == here,
    };
    match intercom.bearer(headers) {
        Bearer::Good(access) if is_known(&access) => answer(&access),
        _ => failure(
            intercom,
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Access Token Invalid",
        ),
    }
}
