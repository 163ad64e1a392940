//! Success: what was connected, who asked for it, and the way back.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{NOT_TOLD, Policy, page};

/// A service is connected, or a session has begun. Without details for anybody but the browser that did it.
#[derive(Template)]
#[template(path = "done.html")]
pub(crate) struct Done {
    pub(crate) title: String,
    /// What to do next.
    pub(crate) next: String,
    pub(crate) details: Option<Details>,
}

/// What happened, so that a person can tell whether it was meant.
pub(crate) struct Details {
    /// E.g. `GitHub`.
    pub(crate) service: String,
    /// The account at the service.
    pub(crate) account: String,
    /// The CodeStream account.
    pub(crate) user: String,
    pub(crate) ide: String,
    pub(crate) machine: String,
    pub(crate) started: String,
    /// The same for machines.
    pub(crate) started_iso: String,
    /// While it can be undone.
    pub(crate) undo: Option<Undo>,
}

/// The *This was not me* form.
pub(crate) struct Undo {
    pub(crate) action: &'static str,
    pub(crate) id: String,
    /// The time of day when it ends.
    pub(crate) until: String,
}

impl Details {
    /// Where to go back to.
    pub(crate) fn ide_or_yours(&self) -> &str {
        if self.ide == NOT_TOLD {
            "your IDE"
        } else {
            &self.ide
        }
    }
}

impl Done {
    /// What a reload, or another browser, is told.
    pub(crate) fn plain(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            next: "You can close this tab and go back to your IDE.".to_owned(),
            details: None,
        }
    }

    pub(crate) fn render_page(&self) -> Response {
        page(StatusCode::OK, &Policy::Still, self)
    }
}

/// After *This was not me*.
#[derive(Template, Serialize, Deserialize)]
#[template(path = "undone.html")]
pub(crate) struct Undone {
    pub(crate) service: String,
    /// Whether it was to be, or had become, a way to sign in.
    pub(crate) link: bool,
    /// Whether a session was ended too.
    pub(crate) signed_out: bool,
    /// Where to end the access by hand, when the service has not confirmed that it has ended.
    pub(crate) manual_url: Option<String>,
}

impl Undone {
    pub(crate) fn render_page(&self) -> Response {
        page(StatusCode::OK, &Policy::Still, self)
    }
}
