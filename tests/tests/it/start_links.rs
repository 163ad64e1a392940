//! A start link that others have seen: it belongs to the browser that opened it first, whatever others do with it ends
//! nothing, and the IDE hears of it.

use codestream_protocol::http::path;
use codestream_protocol::lsp::attempt::{Attempt, Outcome};
use codestream_protocol::lsp::request::Started;
use e2e::{HeadlessIde, Page, TestBrowser};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::reopen::reopen;
use crate::scene::Scene;

async fn noted(ide: &HeadlessIde, started: &Started) -> Attempt {
    loop {
        let attempt = ide.changed(started.attempt_id).await;
        assert!(attempt.end.is_none(), "it ended: {attempt:?}");
        if attempt.note.is_some() {
            return attempt;
        }
    }
}

fn refused_as_anothers(page: &Page) {
    for words in [
        "This link was already opened in another browser. Press Open again in your IDE for a new link.",
        "somebody else may have seen it",
        "keeps cookies",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
}

/// RFC 9700 §4.7, CWE-384: the link leaks after its owner has opened it.
#[tokio::test]
async fn a_leaked_connect_link_cannot_be_opened_by_a_second_browser() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let mut attacker = TestBrowser::new();
    refused_as_anothers(&attacker.open(&started.url).await);
    let attempt = noted(&ide, &started).await;
    let note = attempt.note.expect("a note");
    assert!(
        note.contains("second browser") && note.contains("Open again"),
        "{note}"
    );
    scene.browser.press(&consent, "approve").await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

/// The link leaks before its owner opens it: the owner is told, and what the attacker goes on with leads nowhere.
#[tokio::test]
async fn a_connect_link_that_an_attacker_opened_first_is_dead_once_it_is_opened_again() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let mut attacker = TestBrowser::new();
    let consent = attacker.consent_page(&started.url, None).await;
    refused_as_anothers(&scene.browser.open(&started.url).await);
    noted(&ide, &started).await;
    let again = reopen(&ide, started.attempt_id).await;
    let stolen = attacker.press(&consent, "approve").await;
    assert!(stolen.text().contains("AUTH-1020"), "{}", stolen.text());
    assert!(!ide.summary("github").await.connected);
    scene.browser.approve(&again).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[tokio::test]
async fn a_sign_in_link_that_an_attacker_opened_first_is_dead_once_it_is_opened_again() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let mut attacker = TestBrowser::new();
    let consent = attacker.consent_page(&started.url, None).await;
    refused_as_anothers(&scene.browser.open(&started.url).await);
    let attempt = noted(&ide, &started).await;
    let again = reopen(&ide, started.attempt_id).await;
    assert_ne!(again, started.url);
    let stolen = attacker.press(&consent, "approve").await;
    assert!(
        stolen.text().contains("replaced by a newer one"),
        "{}",
        stolen.text()
    );
    let reopened = ide.changed(started.attempt_id).await;
    assert_eq!(
        (reopened.note, reopened.url),
        (None, again.clone()),
        "{attempt:?}"
    );
    scene.browser.approve(&again).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    ide.finish().await;
}

/// CWE-352: a scanner that looks at the callback URL, a browser without the cookie.
#[tokio::test]
async fn another_browsers_callback_ends_nothing_whatever_it_brings() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    let state = callback.query_pairs().find(|(key, _)| key == "state");
    let state = state.expect("a state").1.into_owned();
    let mut denied = callback.clone();
    denied
        .query_pairs_mut()
        .clear()
        .append_pair("error", "access_denied")
        .append_pair("state", &state);
    for looked_at in [&callback, &denied] {
        let page = TestBrowser::new().open(looked_at.as_str()).await;
        assert!(page.text().contains("RAPI-1009"), "{}", page.text());
    }
    let page = scene.browser.open(callback.as_str()).await;
    assert!(page.text().contains("GitHub is connected"), "{}", page.text());
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

/// RFC 9110 §9.2.1: HEAD and prefetches neither take the link nor use up the state.
#[tokio::test]
async fn heads_and_prefetches_open_nothing() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    look_ahead(&scene, &started.url).await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback: Url = scene.browser.press_and_stop(&consent, "approve").await;
    assert!(callback.path().starts_with(path::PROVIDER_TOKEN), "{callback}");
    look_ahead(&scene, callback.as_str()).await;
    look_ahead(&scene, &scene.stub.url("/~nrlogin/jti?auth_code=c")).await;
    look_ahead(&scene, &scene.stub.url("/web/provider-confirm?id=x")).await;
    scene.browser.open(callback.as_str()).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

async fn look_ahead(scene: &Scene, url: &str) {
    let head = e2e::Http::send(scene.stub.http().request(Method::HEAD, url)).await;
    assert_eq!(head.status, StatusCode::NO_CONTENT, "{url}");
    for (name, value) in [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Purpose", "prefetch"),
        ("X-Moz", "prefetch"),
    ] {
        let request = scene.stub.http().request(Method::GET, url).header(name, value);
        let answer = e2e::Http::send(request).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{name}: {value}");
        assert!(answer.headers.get("set-cookie").is_none(), "{name}: {value}");
    }
}

/// A double click, Back, a reload: every press leads to what the first one led to.
#[tokio::test]
async fn buttons_pressed_twice_answer_as_the_first_time() {
    let mut scene = Scene::of(e2e::Stub::builder().args(["--confirm-sign-in", "always"])).await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let question = scene.browser.approve(&started.url).await;
    let first = scene.browser.press(&question, "Yes, continue").await;
    assert!(first.text().contains("GitHub is connected"), "{}", first.text());
    for button in ["Yes, continue", "No, stop"] {
        let again = scene.browser.press(&question, button).await;
        assert_eq!(
            (again.url.path(), again.text()),
            (first.url.path(), first.text()),
            "{button}"
        );
    }
    let reloaded = scene.browser.open(question.url.as_str()).await;
    assert_eq!(reloaded.text(), first.text());
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    let undone = scene.browser.press(&first, "This was not me").await;
    assert!(undone.text().contains("Undone"), "{}", undone.text());
    let again = scene.browser.press(&first, "This was not me").await;
    assert_eq!(again.text(), undone.text());
    ide.finish().await;
}
