//! How long what a request says may be (CWE-770): every field of every route, also of one that is written tomorrow.
//!
//! Checked before the route is run, by the place of the field, so that no route can forget it. What has another bound than
//! the others at its place is in [`FIELDS`].

use axum::RequestPartsExt as _;
use axum::extract::{MatchedPath, RawPathParams};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use codestream_protocol::ServerCode;
use codestream_protocol::http::path;
use serde_json::Value;
use url::form_urlencoded;

use super::RouteError;
use crate::pages::ErrorPage;

/// Bytes of path and query: more than the longest authorization response has (RFC 9110 §15.5.15).
const MOST_URI: usize = 16 * 1024;
/// Bytes of all header fields (RFC 6585 §5): a browser that has several handshakes under way sends their cookies.
const MOST_HEADERS: usize = 64 * 1024;

/// Bytes of a part of the path.
const PATH_PART: usize = 300;
/// Bytes of a parameter of a query.
const PARAMETER: usize = 2048;
/// Bytes of a text in a body.
const TEXT: usize = 4096;
/// Bytes of the name of a field.
const NAME: usize = 100;
/// Bytes of a token of a third party, and of what is kept beside one; what is kept in all is a quota.
const TOKEN: usize = 8192;

/// Fields with a bound of their own, wherever they are.
const FIELDS: [(&str, usize); 23] = [
    ("teamId", 64),
    ("expiresIn", 20),
    ("purpose", 20),
    ("noSignup", 8),
    ("signupToken", 80),
    ("codeChallenge", 128),
    ("codeVerifier", 200),
    ("ide", 1000),
    ("machine", 1000),
    ("host", 300),
    ("appClientId", 512),
    ("appClientSecret", 1024),
    ("who", 300),
    ("id", 300),
    ("decision", 20),
    ("iss", 1024),
    ("error", 512),
    ("error_description", 4096),
    ("code", 4096),
    ("state", 4096),
    // A message in a chat.
    ("text", 28 * 1024),
    ("token", TOKEN),
    ("accessToken", TOKEN),
];

/// A field that is too long.
#[derive(Debug, PartialEq, Eq)]
struct TooLong {
    name: String,
    most: usize,
}

impl TooLong {
    fn refusal(&self) -> RouteError {
        // The name may be the client's own.
        let name: String = self.name.chars().take(NAME).collect();
        RouteError::invalid(&name)
            .at(StatusCode::BAD_REQUEST)
            .saying(format!(
                "The parameter {name} is longer than {} bytes.",
                self.most
            ))
    }
}

/// Refuses what is too long, before anything is done with it.
pub(super) async fn check(parts: &mut Parts, body: &[u8]) -> Result<(), Response> {
    let uri = parts.uri.path().len() + parts.uri.query().map_or(0, str::len);
    if uri > MOST_URI {
        return Err(RouteError::of(ServerCode::Validation)
            .at(StatusCode::URI_TOO_LONG)
            .into_response());
    }
    let headers: usize = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers > MOST_HEADERS {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(RouteError::of(ServerCode::Validation).at(status).into_response());
    }
    fields(parts, body).await.map_err(|long| {
        let wants_page = parts
            .headers
            .get(header::ACCEPT)
            .is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"));
        tracing::info!(most = long.most, "a field is too long");
        if wants_page {
            ErrorPage::of(ServerCode::InvalidParameter, None, None).render_page(StatusCode::BAD_REQUEST)
        } else {
            long.refusal().into_response()
        }
    })
}

async fn fields(parts: &mut Parts, body: &[u8]) -> Result<(), TooLong> {
    let route = parts
        .extensions
        .get::<MatchedPath>()
        .map(|route| route.as_str().to_owned());
    if let Ok(named) = parts.extract::<RawPathParams>().await {
        for (name, value) in &named {
            bounded(name, value, PATH_PART)?;
        }
    }
    pairs(parts.uri.query().unwrap_or_default().as_bytes())?;
    if route.is_some_and(|route| route.starts_with(path::PROVIDER_ACTION)) {
        // Signed as a whole, verified before it is read, and bounded as a whole.
        return Ok(());
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(json) => texts("", &json),
        Err(_) => pairs(body),
    }
}

fn pairs(text: &[u8]) -> Result<(), TooLong> {
    form_urlencoded::parse(text).try_for_each(|(name, value)| bounded(&name, &value, PARAMETER))
}

/// Every text in `value`, which is the field `name`.
fn texts(name: &str, value: &Value) -> Result<(), TooLong> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        Value::String(text) => bounded(name, text, TEXT),
        Value::Array(items) => items.iter().try_for_each(|item| texts(name, item)),
        Value::Object(fields) => fields.iter().try_for_each(|(field, value)| {
            named(field)?;
            // What a service needs beside a token is the service's own, and may be another token.
            if name == "data" {
                return inner(field, value);
            }
            texts(field, value)
        }),
    }
}

fn inner(name: &str, value: &Value) -> Result<(), TooLong> {
    match value {
        Value::String(text) if text.len() > TOKEN => Err(TooLong {
            name: format!("data.{name}"),
            most: TOKEN,
        }),
        Value::Array(items) => items.iter().try_for_each(|item| inner(name, item)),
        Value::Object(fields) => fields.iter().try_for_each(|(field, value)| {
            named(field)?;
            inner(name, value)
        }),
        _ => Ok(()),
    }
}

fn named(name: &str) -> Result<(), TooLong> {
    bounded_by(name, name, NAME)
}

fn bounded(name: &str, value: &str, at_place: usize) -> Result<(), TooLong> {
    named(name)?;
    let own = FIELDS.iter().find(|(field, _)| *field == name);
    bounded_by(name, value, own.map_or(at_place, |(_, most)| *most))
}

fn bounded_by(name: &str, value: &str, most: usize) -> Result<(), TooLong> {
    if value.len() > most {
        return Err(TooLong {
            name: name.to_owned(),
            most,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_bounded_wherever_they_are() {
        let long = |length: usize| "x".repeat(length);
        for (body, name) in [
            (json!({ "new": long(TEXT + 1) }), Some("new")),
            (json!({ "new": { "deep": [long(TEXT + 1)] } }), Some("deep")),
            (json!({ "host": long(301) }), Some("host")),
            (json!({ "data": { "key": long(TOKEN + 1) } }), Some("data.key")),
            (
                json!({ "data": { "a": { "b": long(TOKEN + 1) } } }),
                Some("data.a"),
            ),
            (
                json!({ "token": long(TOKEN), "data": { "key": long(TOKEN) } }),
                None,
            ),
            (json!([long(TEXT)]), None),
        ] {
            let found = texts("", &body).err().map(|long| long.name);
            assert_eq!(found.as_deref(), name);
        }
        let named = json!({ long(NAME + 1): 1 });
        assert!(texts("", &named).is_err(), "a name is a text too");
    }

    #[test]
    fn a_long_name_is_not_repeated_whole() {
        let long = TooLong {
            name: "n".repeat(10_000),
            most: NAME,
        };
        assert!(format!("{:?}", long.refusal()).len() < 1000);
    }
}
