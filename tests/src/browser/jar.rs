//! Cookies as browsers keep them (RFC 6265bis): by host and path, `Secure`, `HttpOnly`, `SameSite`, prefixes, expiry.

use std::time::{Duration, Instant};

use reqwest::Method;
use url::Url;

/// `SameSite` of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Never with a request that another site began.
    Strict,
    /// With top-level navigations by safe methods too.
    Lax,
    /// Always; needs `Secure`.
    None,
}

#[derive(Debug, Clone)]
struct Cookie {
    name: String,
    value: String,
    host: String,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    expires: Option<Instant>,
}

/// A request as far as cookies are concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) url: &'a Url,
    pub(crate) method: &'a Method,
    /// Another site began it, or it passed through one on the way.
    pub(crate) cross_site: bool,
    /// It replaces the page, as opposed to a script's request.
    pub(crate) top_level: bool,
}

/// A cookie jar.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
    forced: Option<SameSite>,
}

impl Jar {
    /// Every cookie is kept as if it had been set with this `SameSite`.
    pub(crate) fn force(&mut self, same_site: SameSite) {
        self.forced = Some(same_site);
    }

    /// The names of the cookies of a host.
    pub fn names(&self, host: &str) -> Vec<&str> {
        self.cookies
            .iter()
            .filter(|one| one.host == host)
            .map(|one| one.name.as_str())
            .collect()
    }

    /// A cookie's value.
    pub fn get(&self, host: &str, name: &str) -> Option<&str> {
        let found = self
            .cookies
            .iter()
            .find(|one| one.host == host && one.name == name)?;
        Some(&found.value)
    }

    /// Whether a script of the page could read it.
    pub fn is_readable_by_script(&self, host: &str, name: &str) -> bool {
        self.cookies
            .iter()
            .any(|one| one.host == host && one.name == name && !one.http_only)
    }

    /// Forgets everything, as a private window does when it is closed.
    pub fn clear(&mut self) {
        self.cookies.clear();
    }

    /// Keeps a `Set-Cookie` header of an answer from `url`, or refuses it as a browser does.
    pub(crate) fn set(&mut self, url: &Url, header: &str, now: Instant) {
        let Some(mut cookie) = parse(url, header, now) else {
            return;
        };
        if let Some(forced) = self.forced {
            cookie.same_site = forced;
        }
        let same =
            |one: &Cookie| one.name == cookie.name && one.host == cookie.host && one.path == cookie.path;
        self.cookies.retain(|one| !same(one));
        if cookie.expires.is_none_or(|at| at > now) {
            self.cookies.push(cookie);
        }
    }

    /// The `Cookie` header of a request.
    pub(crate) fn header(&self, context: Context<'_>, now: Instant) -> Option<String> {
        let sent: Vec<_> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.goes_with(context, now))
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!sent.is_empty()).then(|| sent.join("; "))
    }
}

impl Cookie {
    fn goes_with(&self, context: Context<'_>, now: Instant) -> bool {
        let same_site = match self.same_site {
            SameSite::None => true,
            SameSite::Strict => !context.cross_site,
            SameSite::Lax => !context.cross_site || (context.top_level && context.method.is_safe()),
        };
        same_site
            && context.url.host_str() == Some(self.host.as_str())
            && path_matches(context.url.path(), &self.path)
            && (!self.secure || context.url.scheme() == "https")
            && self.expires.is_none_or(|at| at > now)
    }
}

/// RFC 6265 §5.1.4.
fn path_matches(request: &str, cookie: &str) -> bool {
    request == cookie
        || (request.starts_with(cookie)
            && (cookie.ends_with('/') || request[cookie.len()..].starts_with('/')))
}

fn parse(url: &Url, header: &str, now: Instant) -> Option<Cookie> {
    let mut parts = header.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        host: url.host_str()?.to_owned(),
        path: url
            .path()
            .rsplit_once('/')
            .map_or("/", |(dir, _)| if dir.is_empty() { "/" } else { dir })
            .to_owned(),
        secure: false,
        http_only: false,
        // What is not said is Lax.
        same_site: SameSite::Lax,
        expires: None,
    };
    let mut domain = None;
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.to_ascii_lowercase().as_str() {
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "domain" => domain = Some(value.trim_start_matches('.').to_owned()),
            "max-age" => {
                let seconds: i64 = value.parse().ok()?;
                cookie.expires = Some(now + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
            }
            "samesite" => {
                cookie.same_site = match value.to_ascii_lowercase().as_str() {
                    "strict" => SameSite::Strict,
                    "none" => SameSite::None,
                    _ => SameSite::Lax,
                }
            }
            _ => {}
        }
    }
    let over_tls = url.scheme() == "https";
    let host_prefix =
        !name.starts_with("__Host-") || (cookie.secure && cookie.path == "/" && domain.is_none());
    let secure_prefix = !name.starts_with("__Secure-") || cookie.secure;
    let allowed = (over_tls || !cookie.secure)
        && (cookie.same_site != SameSite::None || cookie.secure)
        && domain.is_none_or(|domain| domain == cookie.host)
        && host_prefix
        && secure_prefix;
    allowed.then_some(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    /// What a jar with one cookie sends.
    fn sent(
        set: (&str, &str),
        to: &str,
        method: &Method,
        cross_site: bool,
        top_level: bool,
    ) -> Option<String> {
        let (mut jar, now, to) = (Jar::default(), clock::now(), url(to));
        jar.set(&url(set.0), set.1, now);
        jar.header(
            Context {
                url: &to,
                method,
                cross_site,
                top_level,
            },
            now,
        )
    }

    #[test]
    fn same_site_decides_what_another_site_may_send() {
        for (cookie, cross, method, top, goes) in [
            ("a=1; SameSite=Lax", true, Method::GET, true, true),
            ("a=1", true, Method::GET, true, true),
            ("a=1; SameSite=Lax", true, Method::POST, true, false),
            ("a=1; SameSite=Lax", true, Method::GET, false, false),
            ("a=1; SameSite=Strict", true, Method::GET, true, false),
            ("a=1; SameSite=Strict", false, Method::POST, false, true),
        ] {
            let header = sent(("http://h/", cookie), "http://h/", &method, cross, top);
            assert_eq!(
                header.is_some(),
                goes,
                "{cookie} {method} cross-site {cross} top level {top}"
            );
        }
    }

    #[test]
    fn a_cookie_goes_to_its_host_and_path_only() {
        for (set_at, cookie, to, goes) in [
            ("http://h:1/", "a=1; Path=/", "http://h:2/x", true),
            ("http://h/", "a=1; Path=/", "http://other/", false),
            ("http://h/", "a=1; Path=/x", "http://h/x/y", true),
            ("http://h/", "a=1; Path=/x", "http://h/xy", false),
            ("http://h/x/y", "a=1", "http://h/x/z", true),
            ("http://h/x/y", "a=1", "http://h/", false),
        ] {
            let header = sent((set_at, cookie), to, &Method::GET, false, true);
            assert_eq!(header.is_some(), goes, "{cookie} set at {set_at} for {to}");
        }
    }

    #[test]
    fn cookies_that_break_their_own_rules_are_refused() {
        for (set_at, cookie, kept) in [
            ("http://h/", "a=1; Secure", false),
            ("https://h/", "a=1; Secure", true),
            ("https://h/", "a=1; SameSite=None", false),
            ("https://h/", "a=1; SameSite=None; Secure", true),
            ("https://h/", "__Host-a=1; Secure; Path=/", true),
            ("https://h/", "__Host-a=1; Path=/", false),
            ("https://h/", "__Host-a=1; Secure; Path=/x", false),
            ("https://h/", "__Host-a=1; Secure; Path=/; Domain=h", false),
            ("https://h/", "a=1; Domain=other", false),
            ("https://h/", "a=1; Max-Age=0", false),
            ("https://h/", "a=1; Max-Age=900", true),
        ] {
            let header = sent((set_at, cookie), set_at, &Method::GET, false, true);
            assert_eq!(header.is_some(), kept, "{cookie} at {set_at}");
        }
    }
}
