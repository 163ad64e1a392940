//! The controls are for programs on this machine. A web page that the developer visits must not reach them: not by a name of
//! its own that it points at the loopback address (DNS rebinding, CWE-350), and not by a request across origins (CWE-352).

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use url::{Origin, Url};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets a request through whose `Host` is this machine or the sandbox at `site`, and which no other origin's page made.
pub(in crate::sandbox) async fn guard(State(site): State<Url>, request: Request, next: Next) -> Response {
    match refusal(request.headers(), &site) {
        None => next.run(request).await,
        Some(why) => (StatusCode::FORBIDDEN, Json(json!({ "message": why }))).into_response(),
    }
}

fn refusal(headers: &HeaderMap, site: &Url) -> Option<&'static str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
        _ => None,
    };
    if !host.is_some_and(|host| is_ours(&host, site)) {
        return Some("The controls answer only at localhost, a loopback address, or the sandbox's own host.");
    }
    let own = |origin: &str| Url::parse(origin).is_ok_and(|url| is_same(&url.origin(), &site.origin()));
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    let is_foreign = origins.any(|origin| !origin.to_str().is_ok_and(own))
        || sites.any(|site| site != "same-origin" && site != "none");
    is_foreign.then_some("The controls cannot be used by a web page of another origin.")
}

fn is_same(one: &Origin, other: &Origin) -> bool {
    one.is_tuple() && one == other
}

fn is_ours(host: &Authority, site: &Url) -> bool {
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    let loopback = name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let configured = site
        .host_str()
        .is_some_and(|own| own.eq_ignore_ascii_case(host.host()))
        && host.port_u16().or(site.port_or_known_default()) == site.port_or_known_default();
    loopback || configured
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn refused(headers: &[(HeaderName, &'static str)]) -> bool {
        let site = Url::parse("https://sandbox.example:8443/").expect("a URL");
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .fold(HeaderMap::new(), |mut all, (name, value)| {
                all.append(name, value);
                all
            });
        refusal(&headers, &site).is_some()
    }

    // CWE-350.
    #[test]
    fn only_loopback_and_the_sandboxs_own_host_are_answered() {
        for good in [
            "localhost",
            "LOCALHOST:12080",
            "127.0.0.1:12080",
            "127.1.2.3",
            "[::1]:12080",
            "sandbox.example:8443",
        ] {
            assert!(!refused(&[(header::HOST, good)]), "{good}");
        }
        for bad in [
            "evil.example",
            "evil.example:12080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "192.168.1.2:12080",
            "0.0.0.0:12080",
            "sandbox.example:80",
            "",
        ] {
            assert!(refused(&[(header::HOST, bad)]), "{bad}");
        }
        assert!(refused(&[]), "no host");
        assert!(refused(&[
            (header::HOST, "localhost"),
            (header::HOST, "evil.example")
        ]));
    }

    // CWE-352.
    #[test]
    fn a_page_of_another_origin_presses_nothing() {
        let with = |name: HeaderName, value| refused(&[(header::HOST, "localhost:12080"), (name, value)]);
        assert!(!with(header::ORIGIN, "https://sandbox.example:8443"));
        assert!(!with(SEC_FETCH_SITE, "same-origin"));
        assert!(!with(SEC_FETCH_SITE, "none"));
        for bad in ["https://evil.example", "null", "http://localhost:3000", ""] {
            assert!(with(header::ORIGIN, bad), "{bad}");
        }
        for bad in ["cross-site", "same-site", ""] {
            assert!(with(SEC_FETCH_SITE, bad), "{bad}");
        }
    }
}
