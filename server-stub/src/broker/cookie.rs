//! Cookies of the handshake: which browser began it, and sealed notes that this browser keeps for us.
//!
//! `SameSite=Lax`, because the third party's redirect is a top-level navigation from another site; `__Host-` and `Secure`
//! where browsers reach us over https.

use std::time::Duration;

use axum::http::header::{self, HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codestream_protocol::secret::BrowserId;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::keys::Place;

/// Names the browser that began.
const BROWSER: &str = "cs-browser";
const BROWSER_LIFE: Duration = Duration::from_mins(15);
/// 128 random bits in base64url.
const BROWSER_CHARACTERS: usize = 22;

fn full_name(name: &str, https: bool) -> String {
    // RFC 6265bis §4.1.3.2: with this prefix only this very host can have set it.
    let prefix = if https { "__Host-" } else { "" };
    format!("{prefix}{name}")
}

/// Every value that the request has under this name: a site may hold several.
fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value)
}

fn set(name: &str, value: &str, life: Duration, https: bool) -> HeaderValue {
    let secure = if https { "; Secure" } else { "" };
    let cookie = format!(
        "{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        life.as_secs()
    );
    HeaderValue::try_from(cookie).expect("names and values are base64url and hyphens")
}

/// The browser's cookie: the one it has, or a new one, and the header that keeps it for another 15 min.
pub(crate) fn browser(app: &App, headers: &HeaderMap) -> (BrowserId, HeaderValue) {
    let https = app.origins.is_https();
    let name = full_name(BROWSER, https);
    let well_formed = |value: &&str| {
        value.len() == BROWSER_CHARACTERS
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let id = values(headers, &name)
        .find(well_formed)
        .map_or_else(|| app.random.token::<16>(), str::to_owned);
    let header = set(&name, &id, BROWSER_LIFE, https);
    (BrowserId::new(id), header)
}

/// What a state keeps of the browser's cookie.
pub(crate) fn hash(browser: &BrowserId) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(browser.expose().as_bytes()))
}

/// Whether the request comes from the browser with this hash.
pub(crate) fn is_browser(app: &App, headers: &HeaderMap, expected: &str) -> bool {
    let name = full_name(BROWSER, app.origins.is_https());
    values(headers, &name).any(|value| {
        let found = hash(&BrowserId::new(value));
        found.as_bytes().ct_eq(expected.as_bytes()).into()
    })
}

/// A sealed note that a browser keeps about one handshake, for this server alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note {
    /// What it is about; part of the cookie's name.
    pub(crate) name: &'static str,
    /// How long the browser keeps it.
    pub(crate) life: Duration,
}

impl Note {
    fn full_name(self, app: &App, subject: &str) -> String {
        full_name(&format!("{}-{subject}", self.name), app.origins.is_https())
    }

    fn place(self, subject: &str) -> Place<'_> {
        Place {
            table: "cookie",
            column: self.name,
            row: subject,
        }
    }

    /// The header that leaves the note. `subject`: the handshake's name.
    pub(crate) fn leave(self, app: &App, subject: &str, content: &[u8]) -> HeaderValue {
        let sealed = app.keys.sealer.seal(self.place(subject), content);
        let value = URL_SAFE_NO_PAD.encode(sealed);
        set(
            &self.full_name(app, subject),
            &value,
            self.life,
            app.origins.is_https(),
        )
    }

    /// The note's content, if the browser has one about `subject` that is ours.
    pub(crate) fn find(self, app: &App, headers: &HeaderMap, subject: &str) -> Option<Vec<u8>> {
        let name = self.full_name(app, subject);
        values(headers, &name).find_map(|value| {
            let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
            app.keys.sealer.open(self.place(subject), &sealed).ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_as_strict_as_the_site_allows() {
        let plain = set("cs-browser", "x", BROWSER_LIFE, false);
        assert_eq!(plain, "cs-browser=x; Path=/; Max-Age=900; HttpOnly; SameSite=Lax");
        assert_eq!(full_name("cs-browser", true), "__Host-cs-browser");
        let secure = set("__Host-cs-browser", "x", BROWSER_LIFE, true);
        assert!(secure.to_str().expect("text").ends_with("SameSite=Lax; Secure"));
    }

    #[test]
    fn every_cookie_of_a_name_is_found_and_no_other() {
        let mut headers = HeaderMap::new();
        let first = HeaderValue::from_static("a=1; cs-browser=x;cs-browser=y");
        let second = HeaderValue::from_static("xcs-browser=n; cs-browser=z=; junk");
        headers.append(header::COOKIE, first);
        headers.append(header::COOKIE, second);
        assert_eq!(
            values(&headers, "cs-browser").collect::<Vec<_>>(),
            ["x", "y", "z="]
        );
    }
}
