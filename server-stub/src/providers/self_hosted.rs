//! The address of a service that a team hosts itself.

use codestream_protocol::id::ProviderId;
use url::{Host, Url};

/// Reads `https://host[:port][/context path]`, with or without the scheme, into a base that ends in `/`; `None`: it cannot be
/// one. What is on this machine is only for a server at `public` that is so itself, and then also without TLS: nobody may
/// have a server call its own neighbours.
pub(crate) fn address(text: &str, public: &Url) -> Option<Url> {
    let text = text.trim();
    let mut url = if text.contains("://") {
        Url::parse(text).ok()?
    } else {
        let secure = Url::parse(&format!("https://{text}")).ok()?;
        if is_loopback(&secure) {
            Url::parse(&format!("http://{text}")).ok()?
        } else {
            secure
        }
    };
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let reachable = if is_loopback(&url) {
        is_loopback(public) && matches!(url.scheme(), "http" | "https")
    } else {
        url.scheme() == "https"
    };
    if !plain || !reachable {
        return None;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    // Its id is a key of the team object.
    let id = ProviderId::of_host(&host(&url));
    id.as_str().parse::<ProviderId>().is_ok().then_some(url)
}

/// `host[:port][/context path]` of a base.
pub(super) fn host(base: &Url) -> String {
    let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = base.host_str().unwrap_or_default();
    format!("{host}{port}{}", base.path().trim_end_matches('/'))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback()
                || address.is_unspecified()
                || address
                    .to_ipv4_mapped()
                    .is_some_and(|mapped| mapped.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, public: &str) -> Option<String> {
        address(text, &public.parse().expect("a URL")).map(String::from)
    }

    #[test]
    fn an_address_is_read_with_and_without_its_scheme() {
        for (text, expected) in [
            ("git.example.com", "https://git.example.com/"),
            (" https://git.example.com/ ", "https://git.example.com/"),
            ("Example.com:8443/git/lab", "https://example.com:8443/git/lab/"),
            ("https://example.com:443/x/../git", "https://example.com/git/"),
        ] {
            assert_eq!(
                read(text, "https://api.example.com").as_deref(),
                Some(expected),
                "{text}"
            );
        }
        for bad in [
            "",
            "http://git.example.com",
            "ftp://git.example.com",
            "https://me@git.example.com",
            "https://git.example.com/?x",
            "https://git.example.com/#x",
            "https://git.example.com/a%20b",
            "https://[2001:db8::1]/",
            "javascript:x",
        ] {
            assert_eq!(read(bad, "https://api.example.com"), None, "{bad}");
        }
    }

    #[test]
    fn this_machine_is_for_a_server_on_it_alone() {
        for text in [
            "localhost:1/git",
            "http://127.0.0.1:1",
            "https://localhost",
            "http://0.0.0.0:1/",
            "http://x.localhost/",
        ] {
            assert_eq!(read(text, "https://api.example.com"), None, "{text}");
            assert!(read(text, "http://127.0.0.1:12079").is_some(), "{text}");
        }
        assert_eq!(
            read("localhost:1/git", "http://127.0.0.1:2").as_deref(),
            Some("http://localhost:1/git/")
        );
    }

    #[test]
    fn the_host_has_the_port_and_the_context_path() {
        for (base, expected) in [
            ("https://git.example.com/", "git.example.com"),
            ("https://example.com:8443/git/lab/", "example.com:8443/git/lab"),
        ] {
            assert_eq!(host(&base.parse().expect("a URL")), expected);
        }
    }
}
