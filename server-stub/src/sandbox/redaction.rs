//! Takes the secrets out of what was received.

use axum::http::{HeaderMap, HeaderName, header};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use crate::keys::fingerprint;

const REDACTED: &str = "[redacted]";

/// Parameters whose values are never shown.
const SECRETS: &[&str] = &[
    "access_token",
    "auth_code",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "oauth_token",
    "password",
    "refresh_token",
    "state",
    "ticket",
    "token",
];

/// The secret of which a test must see whether it is the same as before: some services rotate it, and some keep it.
const TOLD_APART: &str = "refresh_token";

/// Headers that are shown.
const HEADERS: &[HeaderName] = &[
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::USER_AGENT,
];

/// A path; a segment as long as a token is taken for one.
pub(super) fn path(path: &str) -> String {
    let segment = |segment| match str::len(segment) {
        0..30 => segment,
        _ => REDACTED,
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// A query or form as an object; of repeated keys an array.
pub(super) fn form(encoded: &[u8]) -> Value {
    let mut map = Map::new();
    for (key, value) in form_urlencoded::parse(encoded) {
        let shown = Value::from(parameter(&key, &value));
        match map.get_mut(key.as_ref()) {
            None => {
                map.insert(key.into_owned(), shown);
            }
            Some(Value::Array(values)) => values.push(shown),
            Some(one) => *one = Value::Array(vec![one.take(), shown]),
        }
    }
    Value::Object(map)
}

/// JSON, at any depth.
pub(super) fn json(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| {
                let value = match value {
                    Value::String(text) if key == TOLD_APART => told_apart(&text).into(),
                    _ if SECRETS.contains(&key.as_str()) => REDACTED.into(),
                    value => json(value),
                };
                (key, value)
            })
            .collect(),
        Value::Array(values) => values.into_iter().map(json).collect(),
        other => other,
    }
}

/// The headers that a service looks at; of `Authorization` only the scheme.
pub(super) fn headers(headers: &HeaderMap) -> Value {
    let shown = HEADERS.iter().filter_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
        let value = if *name == header::AUTHORIZATION {
            let scheme = value.split(' ').next().unwrap_or_default();
            format!("{scheme} {REDACTED}")
        } else {
            value.to_owned()
        };
        Some((name.to_string(), Value::from(value)))
    });
    Value::Object(shown.collect())
}

/// Not the token and no way back to it, but the same for the same token.
fn told_apart(token: &str) -> String {
    format!("{REDACTED} {}", &fingerprint(token)[..8])
}

fn parameter(key: &str, value: &str) -> String {
    if key == TOLD_APART {
        return told_apart(value);
    }
    if SECRETS.contains(&key) {
        return REDACTED.to_owned();
    }
    // A return URL may hold secrets of its own.
    match value.parse::<Url>() {
        Ok(mut url) if url.query().is_some() => {
            let pairs: Vec<(String, String)> = url
                .query_pairs()
                .map(|(key, value)| (key.to_string(), parameter(&key, &value)))
                .collect();
            url.query_pairs_mut().clear().extend_pairs(pairs);
            url.to_string()
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        let token = "hunter2".repeat(6);
        let shown = [
            path(&format!("/sandbox/trello/api/1/tokens/{token}")),
            form(format!("code={token}&state={token}&client_secret={token}&x=1").as_bytes()).to_string(),
            form(format!("return_url=http%3A%2F%2Fa%2Fb%3Fstate%3D{token}").as_bytes()).to_string(),
            json(serde_json::json!({"a": [{"access_token": token}], "refresh_token": {"x": token}}))
                .to_string(),
        ];
        for text in shown {
            assert!(!text.contains("hunter2"), "{text}");
        }
        let mut map = HeaderMap::new();
        map.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer hunter2"));
        map.insert(header::COOKIE, HeaderValue::from_static("a=hunter2"));
        assert_eq!(
            headers(&map),
            serde_json::json!({"authorization": "Bearer [redacted]"})
        );
    }

    #[test]
    fn refresh_tokens_are_told_apart() {
        let shown = |token: &str| form(format!("refresh_token={token}").as_bytes())["refresh_token"].clone();
        let (one, other) = (shown("hunter2"), shown("hunter3"));
        assert_eq!(
            one,
            json(serde_json::json!({"refresh_token": "hunter2"}))["refresh_token"]
        );
        assert!(one != other && !one.to_string().contains("hunter2"), "{one}");
    }

    #[test]
    fn what_is_no_secret_stays() {
        assert_eq!(
            form(b"scope=a+b&grant_type=refresh_token&scope=c"),
            serde_json::json!({"scope": ["a b", "c"], "grant_type": "refresh_token"})
        );
        assert_eq!(
            form(b"return_url=http%3A%2F%2Fa%2Fb%3Fstate%3Ds%26x%3D1"),
            serde_json::json!({"return_url": "http://a/b?state=%5Bredacted%5D&x=1"})
        );
        assert_eq!(path("/sandbox/github/api/user"), "/sandbox/github/api/user");
    }
}
