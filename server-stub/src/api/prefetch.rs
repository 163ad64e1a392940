//! Requests that a browser or a scanner sends without a person: they never reach a route that does something.
//!
//! HEAD is a safe method (RFC 9110 §9.2.1), but these routes act on GET, as OAuth's redirects demand; and a prefetch is a GET
//! that nobody has decided on yet.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Where browsers say that a request is a prefetch: Fetch's own header, and the older ones of Chromium and Firefox.
const PURPOSES: [&str; 3] = ["sec-purpose", "purpose", "x-moz"];

/// Answers HEAD and prefetches in place of the route.
///
/// A browser throws away a prefetch whose answer is not a success, and sends the request anew when the person goes there.
pub(crate) async fn refuse_prefetch(request: Request, next: Next) -> Response {
    let status = if is_prefetch(request.headers()) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if request.method() == Method::HEAD {
        StatusCode::NO_CONTENT
    } else {
        return next.run(request).await;
    };
    (status, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

/// `prefetch`, also as the first of several tokens: `prefetch;prerender`.
fn is_prefetch(headers: &HeaderMap) -> bool {
    let values = PURPOSES.iter().flat_map(|name| headers.get_all(*name));
    let mut tokens = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']));
    tokens.any(|token| {
        let token = token.trim();
        ["prefetch", "prerender", "preview"]
            .iter()
            .any(|known| token.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn every_spelling_of_a_prefetch_is_recognized_and_nothing_else() {
        for (name, value, expected) in [
            ("sec-purpose", "prefetch", true),
            ("sec-purpose", "prefetch;prerender", true),
            ("sec-purpose", "prefetch; anonymous-client-ip", true),
            ("purpose", "prefetch", true),
            ("purpose", "Preview", true),
            ("x-moz", "prefetch", true),
            ("sec-purpose", "navigate", false),
            ("sec-fetch-dest", "prefetch", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            assert_eq!(is_prefetch(&headers), expected, "{name}: {value}");
        }
        assert!(!is_prefetch(&HeaderMap::new()));
    }
}
