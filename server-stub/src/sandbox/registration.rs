//! The OAuth apps that the imitated services know, and what they may be sent back to.

use codestream_protocol::secret::{ClientSecret, SigningSecret};
use subtle::ConstantTimeEq as _;
use url::{Host, Url};

/// An app registered at an imitated service.
#[derive(Debug, Clone)]
pub(crate) struct AppRegistration {
    /// What a consent page calls it.
    pub(crate) name: &'static str,
    /// The client id or API key.
    pub(crate) client_id: String,
    /// Absent where the service has none.
    pub(crate) client_secret: Option<ClientSecret>,
    /// What the service signs its calls to the app with.
    pub(crate) signing_secret: Option<SigningSecret>,
    /// The registered callback URLs; never empty.
    pub(crate) callbacks: Vec<Url>,
}

impl AppRegistration {
    /// Whether these are the app's credentials.
    pub(crate) fn is(&self, client_id: &str, client_secret: &str) -> bool {
        let secret = self.client_secret.as_ref().map_or("", ClientSecret::expose);
        let same_id = self.client_id.as_bytes().ct_eq(client_id.as_bytes());
        let same_secret = secret.as_bytes().ct_eq(client_secret.as_bytes());
        !secret.is_empty() && (same_id & same_secret).into()
    }

    /// The first registered callback.
    pub(crate) fn default_callback(&self) -> &Url {
        &self.callbacks[0]
    }
}

/// Whether `asked` is a registered callback or below it, on its host or a sub-domain: the rule of services that compare
/// by directory. A loopback address may have any port (RFC 8252 §7.3).
pub(crate) fn is_below(registered: &Url, asked: &Url) -> bool {
    asked.scheme() == registered.scheme()
        && asked.username().is_empty()
        && asked.password().is_none()
        && asked.fragment().is_none()
        && is_same_or_sub_domain(registered, asked)
        && (is_loopback(registered) && is_loopback(asked)
            || asked.port_or_known_default() == registered.port_or_known_default())
        && is_sub_directory(registered.path(), asked.path())
}

/// Whether `url` is as good as https: it is, or it is plain http on this machine and nobody asked to be strict.
pub(crate) fn is_secure(url: &Url, require_https: bool) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => !require_https && (is_loopback(url) || url.domain() == Some("localhost")),
        _ => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

fn is_same_or_sub_domain(registered: &Url, asked: &Url) -> bool {
    match (registered.host(), asked.host()) {
        (Some(Host::Domain(registered)), Some(Host::Domain(asked))) => asked
            .strip_suffix(registered)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        (registered, asked) => registered.is_some() && registered == asked,
    }
}

fn is_sub_directory(registered: &str, asked: &str) -> bool {
    let registered = registered.trim_end_matches('/');
    asked
        .strip_prefix(registered)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn callbacks_are_compared_as_the_documentation_shows() {
        let registered = url("http://example.com/path");
        for (asked, good) in [
            ("http://example.com/path", true),
            ("http://example.com/path/subdir/other", true),
            ("http://oauth.example.com/path", true),
            ("http://oauth.example.com/path/subdir/other", true),
            ("http://example.com/bar", false),
            ("http://example.com/", false),
            ("http://example.com:8080/path", false),
            ("http://example.org", false),
            ("http://notexample.com/path", false),
            ("http://example.com/pathology", false),
            ("http://example.com/path/../bar", false),
            ("https://example.com/path", false),
            ("http://user@example.com/path", false),
            ("http://example.com/path#x", false),
        ] {
            assert_eq!(is_below(&registered, &url(asked)), good, "{asked}");
        }
    }

    #[test]
    fn a_loopback_address_may_have_any_port_and_no_other_host() {
        let registered = url("http://127.0.0.1:1/cb");
        assert!(is_below(&registered, &url("http://127.0.0.1:2/cb")));
        assert!(!is_below(&registered, &url("http://127.0.0.2:2/cb")));
        assert!(!is_below(&registered, &url("http://x.127.0.0.1.example:1/cb")));
    }

    #[test]
    fn plain_http_counts_on_this_machine_unless_https_is_required() {
        for (text, lenient, strict) in [
            ("https://example.com/", true, true),
            ("http://127.0.0.1:9/", true, false),
            ("http://localhost:9/", true, false),
            ("http://example.com/", false, false),
            ("ftp://127.0.0.1/", false, false),
        ] {
            assert_eq!(is_secure(&url(text), false), lenient, "{text}");
            assert_eq!(is_secure(&url(text), true), strict, "{text}");
        }
    }

    #[test]
    fn both_credentials_must_fit() {
        let app = AppRegistration {
            name: "CodeStream",
            client_id: "id".into(),
            client_secret: Some(ClientSecret::new("secret")),
            signing_secret: None,
            callbacks: vec![url("http://127.0.0.1/cb")],
        };
        assert!(app.is("id", "secret"));
        for (id, secret) in [("id", ""), ("", "secret"), ("id", "Secret"), ("other", "secret")] {
            assert!(!app.is(id, secret), "{id} {secret}");
        }
        let keyless = AppRegistration {
            client_secret: None,
            ..app
        };
        assert!(!keyless.is("id", ""));
    }
}
