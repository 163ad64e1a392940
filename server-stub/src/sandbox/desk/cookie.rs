//! The cookie by which an imitated service knows a browser again.

use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::Response;

/// The browser's name at the service, if it has one.
pub(super) fn browser_of(service: &str, headers: &HeaderMap) -> Option<String> {
    let name = name(service);
    headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && is_ours(value))
        .map(|(_, value)| value.to_owned())
}

/// Names the browser. Sent to this service's pages only, and with a navigation from another site (RFC 6265bis §4.1.2.7).
pub(super) fn give(response: &mut Response, service: &str, browser: &str) {
    let cookie = format!(
        "{}={browser}; Path=/sandbox/{service}/; Max-Age=86400; HttpOnly; SameSite=Lax",
        name(service)
    );
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn name(service: &str) -> String {
    format!("sandbox-{service}")
}

fn is_ours(value: &str) -> bool {
    value.len() == 32 && value.bytes().all(|b| b.is_ascii_alphanumeric())
}
