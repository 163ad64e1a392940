//! `Prefer: wait=N` (RFC 7240 §4.3).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use codestream_protocol::http::WAIT_SECONDS;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// How long a request is held; at least one second, at most [`WAIT_SECONDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait(u64);

impl Wait {
    /// What the client prefers, cut to what this server does; `None`: to be answered at once.
    pub(super) fn asked(headers: &HeaderMap) -> Option<Self> {
        // RFC 7240 §2: of several with the same name, the first counts.
        let seconds = headers
            .get_all(PREFER)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .find_map(wait)?;
        (seconds > 0).then(|| Self(seconds.min(WAIT_SECONDS)))
    }

    /// As a length of time.
    pub(super) fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }

    /// Tells the client that it was done (RFC 7240 §3).
    pub(super) fn applied_to(self, mut response: Response) -> Response {
        if let Ok(value) = HeaderValue::from_str(&format!("wait={}", self.0)) {
            response.headers_mut().insert(APPLIED, value);
        }
        response
    }
}

fn wait(preference: &str) -> Option<u64> {
    let preference = preference.split(';').next()?;
    let (name, value) = preference.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("wait") {
        return None;
    }
    value.trim().trim_matches('"').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read_as_the_rfc_writes_them() {
        for (values, seconds) in [
            (&["wait=25"][..], Some(25)),
            (&["respond-async, wait=10"], Some(10)),
            (&["respond-async", "Wait = \"7\"; foo=bar"], Some(7)),
            (&["wait=3, wait=9"], Some(3)),
            (&["wait=100"], Some(25)),
            (&["wait=0"], None),
            (&["wait=-1"], None),
            (&["wait"], None),
            (&["waiting=5"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(PREFER, HeaderValue::from_static(value));
            }
            assert_eq!(Wait::asked(&headers).map(|wait| wait.0), seconds, "{values:?}");
        }
    }
}
