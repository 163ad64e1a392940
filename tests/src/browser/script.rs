//! The one script that the server's pages have: the fragment page reads the token after `#`, posts it to the callback's
//! own path and goes where the answer says. It is done here by hand, after checking that a browser would have let the
//! real one run.

use codestream_protocol::http::{FragmentToken, Redirect, path};
use codestream_protocol::secret::AccessToken;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use url::Url;

use super::jar::Context;
use super::{Hop, Navigation, Page, TestBrowser};
use crate::clock;
use crate::http::Http;

impl TestBrowser {
    /// Runs the page's script, if it is the fragment page.
    pub(super) async fn run_script(&mut self, page: Page) -> Page {
        let is_callback = page.url.path().starts_with(path::PROVIDER_TOKEN) && page.status.is_success();
        let Some(script) = page
            .attributes("script[src]", "src")
            .into_iter()
            .next()
            .filter(|_| is_callback)
        else {
            return page;
        };
        self.check_script(&page, &script).await;
        let token = in_fragment(&page.url, "token").map(AccessToken::new);
        let error = in_fragment(&page.url, "error").unwrap_or_else(|| "no_token".to_owned());
        let body = FragmentToken {
            state: page.parameter("state").unwrap_or_default(),
            error: token.is_none().then_some(error),
            token,
        };
        let mut url = page.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        let at = clock::now();
        // A request of the page to its own origin: same-site, not a navigation.
        let context = Context {
            url: &url,
            method: &Method::POST,
            cross_site: false,
            top_level: false,
        };
        let mut request = self
            .http
            .request(Method::POST, url.as_str())
            .header(ORIGIN, page.url.origin().ascii_serialization())
            .header(CONTENT_TYPE, "application/json")
            .body(serde_json::to_string(&body).expect("a fragment is JSON"));
        if let Some(cookies) = self.jar.header(context, at) {
            request = request.header(COOKIE, cookies);
        }
        let answer = Http::send(request).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            self.jar.set(&url, cookie.to_str().expect("an ASCII cookie"), at);
        }
        self.trail.push(Hop {
            at,
            took: at.elapsed(),
            method: Method::POST,
            url,
            status: answer.status,
        });
        match serde_json::from_str::<Redirect>(&answer.text) {
            Ok(Redirect { redirect }) => {
                let url = page.url.join(&redirect).expect("a place on this origin");
                let initiator = Some(page.url);
                self.navigate(Navigation {
                    method: Method::GET,
                    url,
                    initiator,
                    form: None,
                })
                .await
            }
            Err(_) => Page {
                status: answer.status,
                headers: answer.headers,
                html: answer.text,
                ..page
            },
        }
    }

    /// A browser runs it only if the page's policy allows it and it is there.
    async fn check_script(&self, page: &Page, script: &str) {
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self'"),
            "the policy does not let the script run: {policy}"
        );
        assert!(
            policy.contains("connect-src 'self'"),
            "the policy does not let the script post: {policy}"
        );
        let url = page.url.join(script).expect("a script's URL");
        assert_eq!(url.origin(), page.url.origin(), "the script is of another origin");
        let answer = self.http.get(url.as_str(), None).await;
        assert!(answer.status.is_success(), "{url}: {}", answer.status);
        assert!(
            answer.header("content-type").contains("javascript"),
            "{url}: {}",
            answer.header("content-type")
        );
    }
}

/// A parameter after `#`; an empty one is as good as none.
fn in_fragment(url: &Url, name: &str) -> Option<String> {
    url::form_urlencoded::parse(url.fragment()?.as_bytes())
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}
