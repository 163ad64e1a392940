//! The page that reads a token out of the address's fragment. It repeats nothing of the request.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Policy, page};

/// For a service whose answer is in the fragment.
#[derive(Template)]
#[template(path = "fragment.html")]
pub(crate) struct FragmentPage {
    /// E.g. `GitHub`.
    pub(crate) service: &'static str,
}

impl FragmentPage {
    pub(crate) fn render_page(&self) -> Response {
        page(StatusCode::OK, &Policy::Script, self)
    }
}
