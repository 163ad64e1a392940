//! Where a browser goes next, and what it takes along.

use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::api::limit;
use crate::pages;
use crate::store::Quota;

/// A [`Landing`] as the store keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    location: String,
    cookies: Vec<String>,
}

/// A redirect, to a path of ours or to a configured origin.
#[derive(Debug)]
pub(crate) struct Landing {
    pub(crate) location: String,
    pub(crate) cookies: Vec<HeaderValue>,
    /// What was sent proves nothing: it counts against the address.
    pub(crate) failed: bool,
    /// What there was too much of.
    pub(crate) quota: Option<Quota>,
}

impl Landing {
    /// To `location`.
    pub(crate) fn at(location: impl Into<String>) -> Self {
        Self {
            location: location.into(),
            cookies: Vec::new(),
            failed: false,
            quota: None,
        }
    }

    /// The same, with a cookie.
    pub(crate) fn with(mut self, cookie: HeaderValue) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// As text, for the store.
    pub(crate) fn to_text(&self) -> String {
        let cookies = self.cookies.iter().filter_map(|cookie| cookie.to_str().ok());
        let kept = Kept {
            location: self.location.clone(),
            cookies: cookies.map(str::to_owned).collect(),
        };
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// From what [`to_text`](Self::to_text) gave.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text).ok()?;
        let cookies: Result<_, _> = kept.cookies.into_iter().map(HeaderValue::try_from).collect();
        Some(Self {
            cookies: cookies.ok()?,
            ..Self::at(kept.location)
        })
    }

    /// To the error page.
    pub(crate) fn refused(refusal: &Refusal, provider: &str) -> Self {
        Self {
            failed: refusal.is_guess(),
            quota: refusal.quota(),
            ..Self::at(pages::error_path(refusal.code(), Some(provider), refusal.with()))
        }
    }

    /// The cookies as headers.
    pub(crate) fn set_cookies(cookies: Vec<HeaderValue>) -> HeaderMap {
        cookies
            .into_iter()
            .map(|cookie| (header::SET_COOKIE, cookie))
            .collect()
    }
}

impl IntoResponse for Landing {
    fn into_response(self) -> Response {
        let Ok(location) = HeaderValue::try_from(self.location) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut headers = Self::set_cookies(self.cookies);
        headers.insert(header::LOCATION, location);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        let mut response = (StatusCode::FOUND, headers).into_response();
        if self.failed {
            response.extensions_mut().insert(limit::Failure);
        }
        if let Some(quota) = self.quota {
            response.extensions_mut().insert(quota);
        }
        response
    }
}
