//! The page that asks whether the IDE shows the same code (RFC 8628 §5.4).

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Policy, page};

/// Asks for a confirmation before anything is exchanged or stored.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct Question {
    /// What was pressed, e.g. `Connect to GitHub`.
    pub(crate) press: String,
    pub(crate) match_code: String,
    /// E.g. `GitHub`.
    pub(crate) service: String,
    pub(crate) ide: String,
    pub(crate) machine: String,
    pub(crate) started: String,
    /// The same for machines.
    pub(crate) started_iso: String,
    pub(crate) action: &'static str,
    /// Names the answer that waits.
    pub(crate) id: String,
}

impl Question {
    /// `onward`: the origin that a confirmed handshake leads to, when it is not ours.
    pub(crate) fn render_page(&self, onward: Option<String>) -> Response {
        let policy = onward.map_or(Policy::Still, Policy::LeadsTo);
        page(StatusCode::OK, &policy, self)
    }
}
