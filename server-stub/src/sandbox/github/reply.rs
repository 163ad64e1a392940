//! Answers of the token endpoint, in the format that `Accept` asks for.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// Formats of the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `application/x-www-form-urlencoded`: without a wish.
    Form,
    Json,
    Xml,
}

impl Format {
    /// What `Accept` asks for.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let wants = |kind: &str| {
            accept
                .split(',')
                .any(|range| range.split(';').next().is_some_and(|range| range.trim() == kind))
        };
        if wants("application/json") {
            Self::Json
        } else if wants("application/xml") {
            Self::Xml
        } else {
            Self::Form
        }
    }

    /// The answer; its status is 200 also when it is an error.
    pub(super) fn write(self, fields: &[(&str, Value)]) -> Response {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (kind, body) = match self {
            Self::Json => {
                let map: Map<String, Value> = fields
                    .iter()
                    .map(|(key, value)| ((*key).to_owned(), value.clone()))
                    .collect();
                ("application/json; charset=utf-8", Value::Object(map).to_string())
            }
            Self::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(fields.iter().map(|(key, value)| (key, text(value))));
                ("application/x-www-form-urlencoded; charset=utf-8", form.finish())
            }
            Self::Xml => {
                let elements: Vec<String> = fields
                    .iter()
                    .map(|(key, value)| format!("  <{key}>{}</{key}>\n", escape(&text(value))))
                    .collect();
                (
                    "application/xml; charset=utf-8",
                    format!(
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OAuth>\n{}</OAuth>\n",
                        elements.concat()
                    ),
                )
            }
        };
        (
            [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")],
            body,
        )
            .into_response()
    }

    /// A refusal: status 200 all the same.
    pub(super) fn refuse(self, error: &str) -> Response {
        self.write(&[
            ("error", error.into()),
            ("error_description", description(error).into()),
            ("error_uri", error_uri(error).into()),
        ])
    }
}

/// GitHub's words.
fn description(error: &str) -> &'static str {
    match error {
        "incorrect_client_credentials" => "The client_id and/or client_secret passed are incorrect.",
        "redirect_uri_mismatch" => {
            "The redirect_uri MUST match the registered callback URL for this application."
        }
        "bad_verification_code" => "The code passed is incorrect or expired.",
        "unverified_user_email" => "The user must have a verified primary email.",
        "bad_refresh_token" => "The refresh token passed is incorrect or expired.",
        "unsupported_grant_type" => "The grant type must be authorization_code or refresh_token.",
        "invalid_scope" => "A refresh takes no scope.",
        _ => "The request was refused.",
    }
}

/// The page about an error.
pub(super) fn error_uri(error: &str) -> String {
    let page = match error {
        "access_denied" | "redirect_uri_mismatch" | "application_suspended" | "invalid_request" => {
            "troubleshooting-authorization-request-errors"
        }
        _ => "troubleshooting-oauth-app-access-token-request-errors",
    };
    format!(
        "https://docs.github.com/apps/managing-oauth-apps/{page}/#{}",
        error.replace('_', "-")
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
