//! Requests that arrive on another host than the public one go there, with their query: only there is the cookie.

use axum::http::{HeaderMap, Uri, header};
use url::{Url, form_urlencoded};

use super::landing::Landing;
use crate::app::{App, Origins};

/// Added to a redirected query: behind a proxy that rewrites `Host` every request looks as if it came on another host, and
/// would be redirected for ever.
const MARK: &str = "relayed";

/// Where a browser on another host of ours goes; `None` when it is on the public one.
pub(crate) fn home(app: &App, headers: &HeaderMap, uri: &Uri) -> Option<Landing> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    elsewhere(&app.origins, host, uri).map(Landing::at)
}

fn elsewhere(origins: &Origins, host: &str, uri: &Uri) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    if on(&origins.public, host) || form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == MARK) {
        return None;
    }
    // The fixed callback host is known by name, so that its redirect is plain: no proxy in front of the public host turns
    // one into the other.
    let known = origins.auth.as_ref().is_some_and(|auth| on(auth, host));
    let query = match (query, known) {
        ("", true) => String::new(),
        (query, true) => format!("?{query}"),
        ("", false) => format!("?{MARK}=1"),
        (query, false) => format!("?{query}&{MARK}=1"),
    };
    let origin = origins.public.origin().ascii_serialization();
    Some(format!("{origin}{}{query}", uri.path()))
}

/// Whether a `Host` header names this origin.
fn on(origin: &Url, host: &str) -> bool {
    Url::parse(&format!("{}://{host}", origin.scheme())).is_ok_and(|url| {
        url.host() == origin.host() && url.port_or_known_default() == origin.port_or_known_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(auth: Option<&str>) -> Origins {
        Origins {
            is_local: false,
            public: "https://api.example.com".parse().expect("a URL"),
            auth: auth.map(|url| url.parse().expect("a URL")),
            sandbox: None,
        }
    }

    fn sent(host: &str, uri: &str) -> Option<String> {
        let uri = uri.parse().expect("a URI");
        elsewhere(&origins(Some("https://auth.example.com")), host, &uri)
    }

    #[test]
    fn a_request_on_the_public_host_stays() {
        for host in ["api.example.com", "API.example.com", "api.example.com:443"] {
            assert_eq!(
                sent(host, "/no-auth/provider-token/github?code=c"),
                None,
                "{host}"
            );
        }
    }

    #[test]
    fn the_callback_hosts_query_is_passed_on_as_it_is() {
        assert_eq!(
            sent(
                "auth.example.com",
                "/no-auth/provider-token/github?code=c&state=a%21b"
            )
            .as_deref(),
            Some("https://api.example.com/no-auth/provider-token/github?code=c&state=a%21b")
        );
    }

    #[test]
    fn a_rewritten_host_is_redirected_once() {
        let first = sent("127.0.0.1:12079", "/web/provider-auth/github?code=c").expect("redirected");
        assert_eq!(
            first,
            "https://api.example.com/web/provider-auth/github?code=c&relayed=1"
        );
        assert_eq!(
            sent("127.0.0.1:12079", "/web/provider-auth/github?code=c&relayed=1"),
            None
        );
    }
}
