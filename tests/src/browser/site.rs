//! Which URLs belong together: `SameSite` looks at sites, not at origins.

use url::{Host, Url};

/// Whether two URLs are of one site: the same scheme and the same registrable host. Ports do not count. `127.0.0.1` and
/// `localhost` are two sites.
pub fn same_site(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && registrable(one) == registrable(other)
}

/// The registrable part of a host: the last two labels of a name, the whole of an address. Enough for the names that
/// tests use; a public suffix list is not needed for them.
fn registrable(url: &Url) -> Option<String> {
    Some(match url.host()? {
        Host::Domain(name) => {
            let mut labels: Vec<_> = name.rsplit('.').take(2).collect();
            labels.reverse();
            labels.join(".")
        }
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_scheme_and_registrable_host() {
        for (one, other, same) in [
            ("http://127.0.0.1:1/a", "http://127.0.0.1:2/b", true),
            ("http://127.0.0.1:1", "http://localhost:1", false),
            ("http://127.0.0.1", "http://127.0.0.2", false),
            ("http://a.example.com", "http://b.example.com", true),
            ("http://example.com", "https://example.com", false),
            ("http://example.com", "http://example.org", false),
        ] {
            let (one, other) = (Url::parse(one).expect("a URL"), Url::parse(other).expect("a URL"));
            assert_eq!(same_site(&one, &other), same, "{one} {other}");
        }
    }
}
