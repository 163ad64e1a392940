//! Which `apiBase` a token may be sent to, and which paths stay below it: pure rules.

use codestream_protocol::host::{self, Scope, is_loopback, scope_of};
use codestream_protocol::http::{ProviderInfo, ProviderRow};
use url::Url;

use crate::api::ServerUrl;
use crate::thirdparty::{Service, text};

/// A base that was found trustworthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiBase(Url);

/// Why a base or a path was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// Not an absolute `http(s)` URL that ends in `/`.
    #[error("The server names no usable address for this service.")]
    NotABase,
    /// An address that neither the agent nor the user knows.
    #[error(
        "The server names an address for this service that is neither the service's own nor one that you added, so nothing was sent to it."
    )]
    Untrusted,
    /// A scheme or an authority in a path.
    #[error("`path` must be relative to the service's API: without a scheme and without a host.")]
    Absolute,
    /// A path that climbs out of the base.
    #[error("`path` leaves the service's API.")]
    Outside,
    /// White space, control characters or backslashes, which URL parsers drop or turn into something else.
    #[error("`path` has a character that a URL cannot have. Escape it.")]
    Character,
}

impl ApiBase {
    /// The base that the server's row names. One outside the built-in table is used only for a host that the user `added`, or
    /// when the server itself is on this machine.
    ///
    /// # Errors
    /// [`BaseError::NotABase`], [`BaseError::Untrusted`].
    pub(crate) fn of_row(
        service: &Service,
        api_base: &str,
        added: bool,
        server: &ServerUrl,
    ) -> Result<Self, BaseError> {
        let url = Url::parse(api_base).map_err(|_| BaseError::NotABase)?;
        let usable = matches!(url.scheme(), "http" | "https")
            && url.path().ends_with('/')
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !usable {
            return Err(BaseError::NotABase);
        }
        match scope_of(&url) {
            Some(Scope::Internal) => return Err(BaseError::Untrusted),
            Some(Scope::Loopback) if !server.is_loopback() => return Err(BaseError::Untrusted),
            _ => {}
        }
        if service.api_bases.contains(&url.as_str()) || is_own(service, &url) || added || server.is_loopback()
        {
            // A token goes in the clear to this machine only.
            if url.scheme() == "http" && !is_loopback(&url) {
                return Err(BaseError::Untrusted);
            }
            return Ok(Self(url));
        }
        Err(BaseError::Untrusted)
    }

    /// The base of an account: its own where it has one (`apiBase` in its data, e.g. of a region or a site), else the row's.
    ///
    /// # Errors
    /// [`BaseError::NotABase`], [`BaseError::Untrusted`].
    pub fn of_account(
        service: &Service,
        row: &ProviderRow,
        account: &ProviderInfo,
        server: &ServerUrl,
    ) -> Result<Self, BaseError> {
        let own = text(&account.data, "apiBase");
        let api_base = own.as_deref().unwrap_or(&row.api_base);
        // The team's own hosts are those that the user added.
        Self::of_row(service, api_base, row.is_enterprise && own.is_none(), server)
    }

    /// Where people are asked for: at `people` when this is the service's usual base, else here.
    pub(super) fn of_people(&self, service: &Service, people: Option<&'static str>) -> Self {
        let is_usual = service.api_bases.first() == Some(&self.0.as_str());
        match people.filter(|_| is_usual).map(Url::parse) {
            Some(Ok(people)) => Self(people),
            _ => self.clone(),
        }
    }

    /// The base itself.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// `path` below the base. One leading slash is the base, not the host.
    ///
    /// # Errors
    /// [`BaseError::Absolute`], [`BaseError::Outside`], [`BaseError::Character`].
    pub fn join(&self, path: &str) -> Result<Url, BaseError> {
        if path
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || c == '\\' || c == '#')
        {
            return Err(BaseError::Character);
        }
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.starts_with('/') || has_scheme(path) {
            return Err(BaseError::Absolute);
        }
        let (plain, _) = path.split_once('?').unwrap_or((path, ""));
        if climbs(plain) {
            return Err(BaseError::Outside);
        }
        let url = self.0.join(path).map_err(|_| BaseError::Character)?;
        if self.covers(&url) {
            Ok(url)
        } else {
            Err(BaseError::Outside)
        }
    }

    /// Whether `url` is below the base.
    pub fn covers(&self, url: &Url) -> bool {
        url.origin() == self.0.origin()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path().starts_with(self.0.path())
            && !climbs(&url.path()[self.0.path().len()..])
    }
}

/// The base that a person means by the address of a site, or of one of its pages: an account's own host has its API at its
/// root. What is no address is left as it is, to be refused by name.
pub(crate) fn pasted(service: &Service, address: &str) -> String {
    let Ok(mut url) = host::address(address) else {
        return address.trim().to_owned();
    };
    let mut root = url.clone();
    root.set_path("/");
    if is_own(service, &root) {
        return root.into();
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url.into()
}

/// Whether a base is an account's own at the service: the root of a host below one of its domains, over TLS.
fn is_own(service: &Service, url: &Url) -> bool {
    let Some(host) = url.domain() else {
        return false;
    };
    let below = |domain: &&str| {
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    };
    url.scheme() == "https"
        && url.port().is_none()
        && url.path() == "/"
        && service.own_domains.iter().any(below)
}

/// RFC 3986 §3.1.
fn has_scheme(path: &str) -> bool {
    let Some((scheme, _)) = path.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Whether a path goes above its beginning, however often its dots and slashes are escaped: a server may unescape once more
/// than we do.
fn climbs(path: &str) -> bool {
    let mut text = path.as_bytes().to_vec();
    loop {
        let mut depth = 0_i64;
        for segment in text.split(|byte| matches!(byte, b'/' | b'\\')) {
            match segment {
                b"" | b"." => {}
                b".." => depth -= 1,
                _ => depth += 1,
            }
            if depth < 0 {
                return true;
            }
        }
        let unescaped = unescape(&text);
        if unescaped == text {
            return false;
        }
        text = unescaped;
    }
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let escaped = (text[at] == b'%')
            .then(|| Some((digit(text.get(at + 1))?, digit(text.get(at + 2))?)))
            .flatten()
            .and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        if let Some(byte) = escaped {
            out.push(byte);
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::service;

    fn github() -> &'static Service {
        service("github").expect("github")
    }

    #[test]
    fn any_page_of_a_site_names_its_base() {
        let jira = service("jira").expect("jira");
        for (typed, base) in [
            ("https://acme.atlassian.net/", "https://acme.atlassian.net/"),
            (" acme.atlassian.net ", "https://acme.atlassian.net/"),
            (
                "https://acme.atlassian.net/browse/ABC-1?filter=2#c",
                "https://acme.atlassian.net/",
            ),
            (
                "http://localhost:8080/jira/site/acme",
                "http://localhost:8080/jira/site/acme/",
            ),
            ("https://evil.example/x", "https://evil.example/x/"),
            ("ACME.atlassian.net.:443", "https://acme.atlassian.net/"),
        ] {
            assert_eq!(pasted(jira, typed), base, "{typed}");
        }
    }

    #[test]
    fn an_accounts_own_base_is_below_one_of_the_services_domains() {
        let service = Service {
            own_domains: &["atlassian.net"],
            ..*github()
        };
        let far = server("https://codestream.test");
        for (api_base, good) in [
            ("https://acme.atlassian.net/", true),
            ("https://a.b.atlassian.net/", true),
            ("https://atlassian.net/", false),
            ("https://evil-atlassian.net/", false),
            ("https://acme.atlassian.net.evil.test/", false),
            ("https://acme.atlassian.net/x/", false),
            ("https://acme.atlassian.net:8443/", false),
            ("http://acme.atlassian.net/", false),
        ] {
            let found = ApiBase::of_row(&service, api_base, false, &far);
            assert_eq!(found.is_ok(), good, "{api_base}");
        }
    }

    fn server(text: &str) -> ServerUrl {
        text.parse().expect("an origin")
    }

    fn base(text: &str) -> ApiBase {
        ApiBase(Url::parse(text).expect("a URL"))
    }

    #[test]
    fn a_token_goes_to_a_known_an_added_or_a_local_base_only() {
        let far = server("https://codestream.test");
        let near = server("http://127.0.0.1:12079");
        let sandbox = "http://localhost:12080/sandbox/github/api/";
        for (api_base, added, server, expected) in [
            ("https://api.github.com/", false, &far, Ok(())),
            ("https://api.github.com/", false, &near, Ok(())),
            (sandbox, false, &near, Ok(())),
            (sandbox, false, &far, Err(BaseError::Untrusted)),
            ("https://evil.test/", false, &far, Err(BaseError::Untrusted)),
            (
                "https://api.github.com/v3/",
                false,
                &far,
                Err(BaseError::Untrusted),
            ),
            ("https://github.corp.test/api/v3/", true, &far, Ok(())),
            (
                "http://github.corp.test/api/v3/",
                true,
                &far,
                Err(BaseError::Untrusted),
            ),
            (
                "https://github.corp.test/api/v3",
                true,
                &far,
                Err(BaseError::NotABase),
            ),
            (
                "https://me:pw@api.github.com/",
                false,
                &far,
                Err(BaseError::NotABase),
            ),
            (
                "https://api.github.com/?x=/",
                false,
                &far,
                Err(BaseError::NotABase),
            ),
            ("https://10.0.0.1/api/v4/", true, &far, Ok(())),
            (
                "https://169.254.169.254/api/v4/",
                true,
                &near,
                Err(BaseError::Untrusted),
            ),
            ("https://localhost./", true, &far, Err(BaseError::Untrusted)),
            ("http://127.0.0.1:9200/", true, &far, Err(BaseError::Untrusted)),
            ("file:///etc/", true, &near, Err(BaseError::NotABase)),
            ("", false, &near, Err(BaseError::NotABase)),
        ] {
            let found = ApiBase::of_row(github(), api_base, added, server).map(|_| ());
            assert_eq!(found, expected, "{api_base} {server}");
        }
    }

    #[test]
    fn a_path_stays_below_its_base() {
        let base = base("https://h.test/api/v3/");
        for (path, expected) in [
            ("user", "https://h.test/api/v3/user"),
            ("/user", "https://h.test/api/v3/user"),
            ("", "https://h.test/api/v3/"),
            ("a/../b", "https://h.test/api/v3/b"),
            ("a/./b?x=1&y=..", "https://h.test/api/v3/a/b?x=1&y=.."),
            (
                "repos/o/r/contents/a%2Fb",
                "https://h.test/api/v3/repos/o/r/contents/a%2Fb",
            ),
            (
                "repos/o/r/compare/x...y:z",
                "https://h.test/api/v3/repos/o/r/compare/x...y:z",
            ),
            ("?q=https://x", "https://h.test/api/v3/?q=https://x"),
        ] {
            assert_eq!(base.join(path).expect(path).as_str(), expected, "{path}");
        }
        for (path, expected) in [
            ("https://evil.test/", BaseError::Absolute),
            ("https:user", BaseError::Absolute),
            ("javascript:x", BaseError::Absolute),
            ("//evil.test/x", BaseError::Absolute),
            ("///evil.test/x", BaseError::Absolute),
            ("\\\\evil.test", BaseError::Character),
            ("a\\..\\..\\b", BaseError::Character),
            (" /x", BaseError::Character),
            ("\t//evil.test", BaseError::Character),
            ("a#b", BaseError::Character),
            ("..", BaseError::Outside),
            ("../v4/user", BaseError::Outside),
            ("a/../../x", BaseError::Outside),
            ("a/../../v3/x", BaseError::Outside),
            ("%2e%2e/x", BaseError::Outside),
            (".%2E/x", BaseError::Outside),
            ("..%2fx", BaseError::Outside),
            ("..%5cx", BaseError::Outside),
            ("%252e%252e%252fx", BaseError::Outside),
            ("a/%2e%2e/%2e%2e/x", BaseError::Outside),
        ] {
            assert_eq!(base.join(path), Err(expected), "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_joined_is_covered(path in "[ -~]{0,40}") {
            let base = base("https://h.test/api/");
            if let Ok(url) = base.join(&path) {
                proptest::prop_assert!(base.covers(&url), "{url}");
                proptest::prop_assert_eq!(url.host_str(), Some("h.test"));
            }
        }
    }
}
