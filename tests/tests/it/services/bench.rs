//! One service with a stub of its own, a signed-in IDE, and a browser that nobody has used for each handshake.

use codestream_protocol::lsp::attempt::{AttemptEnd, Outcome};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::Started;
use e2e::services::{Answer, Seen, Service, State, service};
use e2e::{HeadlessIde, Page, TestBrowser};
use serde_json::{Value, json};
use url::Url;

use crate::scene::Scene;

/// Whoever takes the first choice of every page.
pub(super) const ORDINARY: &str = "mona";

pub(super) struct Bench {
    pub(super) service: &'static Service,
    pub(super) ide: HeadlessIde,
    pub(super) scene: Scene,
}

impl Bench {
    pub(super) async fn new(name: &str) -> Self {
        let scene = Scene::new().await;
        let (ide, _) = scene.signed_in().await;
        Self {
            service: service(name),
            ide,
            scene,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.service.name
    }

    /// Presses Connect; a new browser will open the link.
    pub(super) async fn press(&mut self) -> Started {
        self.scene.browser = TestBrowser::new();
        let started = self.ide.connect(self.name()).await.expect("a link");
        assert_eq!(self.ide.opened().await.url, started.url);
        started
    }

    pub(super) async fn connect_as(&mut self, person: &str) -> (Page, AttemptEnd) {
        let started = self.press().await;
        let page = self.scene.browser.approve_as(&started.url, person).await;
        (page, self.ide.end_of(started.attempt_id).await)
    }

    /// Connects the ordinary person, who is connected afterwards.
    pub(super) async fn connect(&mut self) -> Page {
        let (page, end) = self.connect_as(ORDINARY).await;
        assert_eq!(
            (end.outcome, end.account.as_deref()),
            (Outcome::Connected, Some(self.service.who)),
            "{end:?}"
        );
        page
    }

    /// Goes up to the moment when the service sends the browser back, and gives the URL it is sent to.
    pub(super) async fn up_to_the_callback(&mut self) -> (Started, Url) {
        let started = self.press().await;
        let browser = &mut self.scene.browser;
        let consent = browser.consent_page(&started.url, Some(ORDINARY)).await;
        let callback = browser.press_and_stop(&consent, "approve").await;
        (started, callback)
    }

    /// Checks that an attempt has failed, and that the browser's last page tells of it.
    pub(super) async fn fails(&self, started: &Started, page: &Page, kind: ErrorKind, code: &str) -> String {
        let end = self.ide.end_of(started.attempt_id).await;
        assert_eq!(
            (end.outcome, end.kind, end.code.as_deref()),
            (Outcome::Failed, Some(kind), Some(code)),
            "{end:?}"
        );
        assert!(
            page.text().contains(code),
            "no {code} on the page: {}",
            page.text()
        );
        end.message.expect("words for a person")
    }

    /// Checks that nobody has told the attempt anything, and cancels it.
    pub(super) async fn still_waits(&self, started: &Started) {
        let status = self.ide.status().await;
        let attempt = status
            .attempts
            .iter()
            .find(|attempt| attempt.attempt_id == started.attempt_id);
        let attempt = attempt.expect("the attempt is known");
        assert!(attempt.end.is_none(), "it waits: {attempt:?}");
        self.ide
            .cancel(started.attempt_id)
            .await
            .expect("it is cancelled");
        assert_eq!(
            self.ide.end_of(started.attempt_id).await.outcome,
            Outcome::Cancelled
        );
    }

    pub(super) async fn is_connected(&self) -> bool {
        self.ide.summary(self.name()).await.connected
    }

    /// Sets a fault of this service's.
    pub(super) async fn fault(&self, kind: &str, mut fault: Value) {
        fault["provider"] = self.name().into();
        self.scene.control().fault(json!({ kind: fault })).await;
    }

    pub(super) async fn seen(&self) -> Seen {
        Seen::new(self.scene.control().requests(self.name()).await)
    }

    pub(super) async fn finish(self) {
        let seen = self.seen().await;
        assert_eq!(seen.bad_manners(), Vec::<String>::new(), "{}", self.name());
        self.ide.finish().await;
    }
}

/// Where the state of a callback comes back.
fn place(answer: Answer) -> State {
    match answer {
        Answer::Code(code) => code.state,
        // It was put into the return URL.
        Answer::Fragment => State::Query,
    }
}

/// The callback with another signature at its state.
pub(super) fn tampered(callback: &Url, answer: Answer) -> Url {
    match place(answer) {
        State::Query => with(callback, "state", flipped),
        State::Path => {
            let mut url = callback.clone();
            let last = url.path_segments().and_then(Iterator::last).map(flipped);
            url.path_segments_mut()
                .expect("a URL with a path")
                .pop()
                .push(&last.expect("a last segment"));
            url
        }
    }
}

fn flipped(text: &str) -> String {
    let last = if text.ends_with('A') { 'B' } else { 'A' };
    format!("{}{last}", &text[..text.len() - 1])
}

/// The callback with a changed parameter.
pub(super) fn with(url: &Url, name: &str, change: impl Fn(&str) -> String) -> Url {
    let mut changed = url.clone();
    let mut found = false;
    let pairs: Vec<_> = url
        .query_pairs()
        .map(|(key, value)| {
            if key == name {
                found = true;
                (key.into_owned(), change(&value))
            } else {
                (key.into_owned(), value.into_owned())
            }
        })
        .collect();
    assert!(found, "no {name} in {url}");
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed
}

/// A parameter of a callback.
pub(super) fn parameter(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(key, _)| key == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {url}"))
        .1
        .into_owned()
}
