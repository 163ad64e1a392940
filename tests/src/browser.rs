//! A browser without a screen: follows redirects by hand, keeps cookies by site, presses buttons, and does what the
//! fragment page's script does. Everything else works without scripts, as the pages promise.

mod jar;
mod page;
mod script;
mod site;

use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE, USER_AGENT};
use reqwest::{Method, StatusCode};
use url::Url;

use self::jar::Context;
pub use self::jar::{Jar, SameSite};
pub use self::page::Page;
pub use self::site::same_site;
use crate::clock;
use crate::http::Http;

/// As browsers have it.
const MOST_REDIRECTS: usize = 20;

/// One request of a browser and its answer.
#[derive(Debug, Clone)]
pub struct Hop {
    /// When it was sent.
    pub at: Instant,
    /// How long the answer took.
    pub took: Duration,
    /// Its method.
    pub method: Method,
    /// Its URL.
    pub url: Url,
    /// The answer's status.
    pub status: StatusCode,
}

/// A browser with a profile of its own.
#[derive(Debug, Default)]
pub struct TestBrowser {
    http: Http,
    jar: Jar,
    trail: Vec<Hop>,
    no_scripts: bool,
}

/// A request that replaces the page.
#[derive(Debug)]
struct Navigation {
    method: Method,
    url: Url,
    /// The page that began it; `None` for the address bar.
    initiator: Option<Url>,
    form: Option<String>,
}

impl TestBrowser {
    /// An empty profile.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps every cookie as if it had been set with this `SameSite`.
    pub fn forcing(same_site: SameSite) -> Self {
        let mut browser = Self::new();
        browser.jar.force(same_site);
        browser
    }

    /// Scripts are switched off.
    pub fn without_scripts() -> Self {
        Self {
            no_scripts: true,
            ..Self::default()
        }
    }

    /// In another network than this machine's.
    pub fn through(http: Http) -> Self {
        Self {
            http,
            ..Self::default()
        }
    }

    /// Its cookies.
    pub fn jar(&mut self) -> &mut Jar {
        &mut self.jar
    }

    /// Every request so far.
    pub fn trail(&self) -> &[Hop] {
        &self.trail
    }

    /// Opens a link from outside: the address bar, or an IDE.
    pub async fn open(&mut self, url: &str) -> Page {
        let url = Url::parse(url).unwrap_or_else(|error| panic!("{url} is not a URL: {error}"));
        self.navigate(Navigation {
            method: Method::GET,
            url,
            initiator: None,
            form: None,
        })
        .await
    }

    /// Sends the request of a third party's redirect, and gives where it leads next; `None` when no answer came.
    ///
    /// # Panics
    /// When the answer is no redirect.
    pub async fn returns(&mut self, url: &Url) -> Option<Url> {
        let elsewhere = Url::parse("https://third-party.example").expect("a URL");
        let navigation = Navigation {
            method: Method::GET,
            url: url.clone(),
            initiator: None,
            form: None,
        };
        let page = self.try_load(&navigation, &[elsewhere]).await.ok()?;
        let target = page.headers.get(LOCATION).and_then(|target| target.to_str().ok());
        let target = target.unwrap_or_else(|| panic!("{} is no redirect: {}", page.status, page.text()));
        Some(url.join(target).expect("a Location"))
    }

    /// Follows a link of a page.
    pub async fn follow(&mut self, from: &Page, url: &str) -> Page {
        let url = from.url.join(url).expect("a link");
        let initiator = Some(from.url.clone());
        self.navigate(Navigation {
            method: Method::GET,
            url,
            initiator,
            form: None,
        })
        .await
    }

    /// Presses the button that a person would call `choice`.
    ///
    /// # Panics
    /// When the page has no such button.
    pub async fn press(&mut self, page: &Page, choice: &str) -> Page {
        self.navigate(submission(page, choice)).await
    }

    /// As [`press`](Self::press), but stops before the first request to another site, and gives its URL.
    ///
    /// # Panics
    /// When no redirect leads to another site.
    pub async fn press_and_stop(&mut self, page: &Page, choice: &str) -> Url {
        let start = submission(page, choice);
        match self
            .follow_redirects(start, |url| !same_site(url, &page.url))
            .await
        {
            Ok(page) => panic!("it stays on the site: {}", page.url),
            Err(url) => url,
        }
    }

    /// Opens a start link, signs in at the third party as its first person, approves, and gives the last page.
    pub async fn approve(&mut self, url: &str) -> Page {
        self.decide(url, None, "approve").await
    }

    /// As [`approve`](Self::approve), as somebody else.
    pub async fn approve_as(&mut self, url: &str, person: &str) -> Page {
        self.decide(url, Some(person), "approve").await
    }

    /// As [`approve`](Self::approve), but declines.
    pub async fn deny(&mut self, url: &str) -> Page {
        self.decide(url, None, "deny").await
    }

    /// Opens a start link and goes up to the third party's consent page.
    pub async fn consent_page(&mut self, url: &str, person: Option<&str>) -> Page {
        let mut page = self.open(url).await;
        let home = Url::parse(url).expect("opened just now");
        // A sign-in page and perhaps a choice of accounts stand before it.
        for _ in 0..3 {
            if same_site(&page.url, &home) || page.has_button("approve") {
                return page;
            }
            let first = page.buttons().into_iter().next();
            let choice = person.map(str::to_owned).or(first);
            let Some(choice) = choice else { return page };
            page = self.press(&page, &choice).await;
        }
        page
    }

    async fn decide(&mut self, url: &str, person: Option<&str>, decision: &str) -> Page {
        let page = self.consent_page(url, person).await;
        if page.has_button(decision) {
            self.press(&page, decision).await
        } else {
            page
        }
    }

    async fn navigate(&mut self, start: Navigation) -> Page {
        let Ok(page) = self.follow_redirects(start, |_| false).await else {
            unreachable!("nothing stops it");
        };
        if self.no_scripts {
            page
        } else {
            Box::pin(self.run_script(page)).await
        }
    }

    /// `Err` is the URL of a redirect that `stop` stopped at.
    async fn follow_redirects(
        &mut self,
        start: Navigation,
        stop: impl Fn(&Url) -> bool,
    ) -> Result<Page, Url> {
        let mut next = start;
        // A chain that touched another site stays cross-site, the stricter of the two readings that browsers have.
        let mut passed: Vec<Url> = next.initiator.iter().cloned().collect();
        for _ in 0..MOST_REDIRECTS {
            let page = self.load(&next, &passed).await;
            let target = page
                .status
                .is_redirection()
                .then(|| page.headers.get(LOCATION))
                .flatten();
            let Some(target) = target else { return Ok(page) };
            let target = target.to_str().expect("an ASCII Location");
            let mut url = next
                .url
                .join(target)
                .unwrap_or_else(|error| panic!("Location {target}: {error}"));
            if url.fragment().is_none() {
                url.set_fragment(next.url.fragment());
            }
            if stop(&url) {
                return Err(url);
            }
            passed.push(next.url.clone());
            let keeps = matches!(page.status.as_u16(), 307 | 308);
            next = Navigation {
                method: if keeps { next.method } else { Method::GET },
                url,
                initiator: next.initiator,
                form: next.form.filter(|_| keeps),
            };
        }
        panic!("more than {MOST_REDIRECTS} redirects: {:?}", self.trail);
    }

    async fn load(&mut self, navigation: &Navigation, passed: &[Url]) -> Page {
        self.try_load(navigation, passed).await.expect("an answer")
    }

    async fn try_load(&mut self, navigation: &Navigation, passed: &[Url]) -> Result<Page, reqwest::Error> {
        let Navigation {
            method,
            url,
            form,
            initiator,
        } = navigation;
        let at = clock::now();
        let cross_site = passed.iter().any(|one| !same_site(one, url));
        let context = Context {
            url,
            method,
            cross_site,
            top_level: true,
        };
        let mut request = self
            .http
            .request(method.clone(), url.as_str())
            .header(ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
            .header(USER_AGENT, "Mozilla/5.0 (headless) TestBrowser/1.0");
        if let Some(cookies) = self.jar.header(context, at) {
            request = request.header(COOKIE, cookies);
        }
        if let Some(form) = form {
            let origin = initiator
                .as_ref()
                .map_or("null".to_owned(), |page| page.origin().ascii_serialization());
            request = request
                .header(ORIGIN, origin)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.clone());
        }
        let answer = Http::try_send(request).await?;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            self.jar.set(url, cookie.to_str().expect("an ASCII cookie"), at);
        }
        let hop = Hop {
            at,
            took: at.elapsed(),
            method: method.clone(),
            url: url.clone(),
            status: answer.status,
        };
        self.trail.push(hop);
        Ok(Page {
            url: url.clone(),
            status: answer.status,
            headers: answer.headers,
            html: answer.text,
        })
    }
}

/// What pressing a button of a page sends.
fn submission(page: &Page, choice: &str) -> Navigation {
    let found = page.forms().into_iter().find_map(|form| {
        let button = form.buttons.iter().find(|button| button.is(choice))?.clone();
        Some((form, button))
    });
    let Some((form, button)) = found else {
        panic!(
            "no button “{choice}” on {} but {:?}:\n{}",
            page.url,
            page.buttons(),
            page.text()
        );
    };
    let mut fields = form.fields;
    fields.extend(button.name.map(|name| (name, button.value)));
    let (mut url, method, body) = if form.post {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&fields)
            .finish();
        (form.action, Method::POST, Some(body))
    } else {
        let mut url = form.action;
        url.query_pairs_mut().clear().extend_pairs(&fields);
        (url, Method::GET, None)
    };
    url.set_fragment(None);
    Navigation {
        method,
        url,
        initiator: Some(page.url.clone()),
        form: body,
    }
}
