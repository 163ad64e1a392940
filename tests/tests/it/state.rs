//! Callbacks that are not what they should be: each is refused in words, and nothing is stored.

use codestream_protocol::http::path;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::request::Started;
use e2e::{HeadlessIde, Page, TestBrowser};
use url::Url;

use crate::scene::Scene;

/// A connect up to the moment when the third party sends the browser back, and the URL it sends it to.
async fn up_to_the_callback(scene: &mut Scene) -> (HeadlessIde, Started, Url) {
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    // Followed by hand, the redirect of the decision is still unused.
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    assert!(callback.path().starts_with(path::PROVIDER_TOKEN), "{callback}");
    (ide, started, callback)
}

fn with(url: &Url, name: &str, change: impl Fn(&str) -> String) -> String {
    let mut changed = url.clone();
    let pairs: Vec<_> = url
        .query_pairs()
        .map(|(key, value)| {
            let value = if key == name {
                change(&value)
            } else {
                value.into_owned()
            };
            (key.into_owned(), value)
        })
        .collect();
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed.into()
}

fn refused(page: &Page, code: &str) {
    assert!(page.text().contains(code), "{}: {}", page.url.path(), page.text());
    assert!(
        page.parameter("state").is_none(),
        "the error page repeats the state"
    );
}

#[tokio::test]
async fn a_state_works_once() {
    let mut scene = Scene::new().await;
    let (ide, started, callback) = up_to_the_callback(&mut scene).await;
    let page = scene.browser.open(callback.as_str()).await;
    assert!(page.status.is_success(), "{}", page.text());
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    let exchanges = scene.control().requests("github").await.len();
    let again = scene.browser.open(callback.as_str()).await;
    assert_eq!(again.text(), page.text(), "its browser sees the same page again");
    assert_eq!(
        scene.control().requests("github").await.len(),
        exchanges,
        "nothing is exchanged twice"
    );
    ide.finish().await;
}

#[tokio::test]
async fn a_tampered_state_is_refused_and_ends_nothing() {
    let mut scene = Scene::new().await;
    let (ide, started, callback) = up_to_the_callback(&mut scene).await;
    let flip = |text: &str| {
        let last = if text.ends_with('A') { 'B' } else { 'A' };
        format!("{}{last}", &text[..text.len() - 1])
    };
    for (what, change) in [
        ("another signature", flip as fn(&str) -> String),
        ("another environment", |state| {
            state.replacen("local!", "prod!", 1)
        }),
        ("no state at all", |_| "nonsense".to_owned()),
        ("an empty one", |_| String::new()),
        ("a huge one", |state| state.repeat(50)),
    ] {
        let page = scene.browser.open(&with(&callback, "state", change)).await;
        assert!(
            page.text().contains("AUTH-1002") || page.status.is_client_error(),
            "{what}: {}",
            page.text()
        );
    }
    // The attempt is still alive, and the untampered state still good.
    let page = scene.browser.open(callback.as_str()).await;
    assert!(page.status.is_success(), "{}", page.text());
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[tokio::test]
async fn a_state_in_another_browser_is_refused_with_rapi_1009_and_ends_nothing() {
    let mut scene = Scene::new().await;
    let (ide, started, callback) = up_to_the_callback(&mut scene).await;
    let page = TestBrowser::new().open(callback.as_str()).await;
    refused(&page, "RAPI-1009");
    assert!(!ide.summary("github").await.connected);
    scene.browser.open(callback.as_str()).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::Connected, "{end:?}");
    ide.finish().await;
}

#[tokio::test]
async fn repeated_and_differently_cased_parameters_are_a_bad_request() {
    let mut scene = Scene::new().await;
    let (ide, started, callback) = up_to_the_callback(&mut scene).await;
    for added in ["&state=x", "&code=x", "&State=x", "&CODE=x"] {
        let page = scene.browser.open(&format!("{callback}{added}")).await;
        assert_eq!(page.status.as_u16(), 400, "{added}: {}", page.text());
    }
    ide.cancel(started.attempt_id).await.expect("it is cancelled");
    ide.end_of(started.attempt_id).await;
    ide.finish().await;
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused() {
    let mut scene = Scene::new().await;
    let (ide, started, callback) = up_to_the_callback(&mut scene).await;
    assert!(
        callback.query_pairs().any(|(key, _)| key == "iss"),
        "the sandbox sends iss: {callback}"
    );
    let page = scene
        .browser
        .open(&with(&callback, "iss", |_| "https://evil.example".to_owned()))
        .await;
    assert!(page.text().contains("Code "), "an error page: {}", page.text());
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::Failed, "{end:?}");
    assert!(!ide.summary("github").await.connected);
    ide.finish().await;
}

#[tokio::test]
async fn a_start_link_that_was_tampered_with_is_refused() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let page = scene.browser.open(&format!("{}x", started.url)).await;
    refused(&page, "AUTH-1002");
    let other = started.url.replace("/github?", "/trello?");
    let page = scene.browser.open(&other).await;
    assert!(!page.text().is_empty());
    ide.cancel(started.attempt_id).await.expect("it is cancelled");
    ide.end_of(started.attempt_id).await;
    ide.finish().await;
}

#[tokio::test]
async fn a_fragment_token_needs_state_cookie_and_origin() {
    use reqwest::Method;
    use serde_json::json;
    let scene = Scene::new().await;
    let http = scene.stub.http();
    let url = scene.stub.url("/no-auth/provider-token/trello");
    let token = "a".repeat(64);
    for (what, origin, body) in [
        (
            "no cookie",
            Some(scene.stub.api().to_owned()),
            json!({"state": "local!a.b.c", "token": token}),
        ),
        (
            "another origin",
            Some("http://evil.example".to_owned()),
            json!({"state": "local!a.b.c", "token": token}),
        ),
        ("no origin", None, json!({"state": "local!a.b.c", "token": token})),
        (
            "no state",
            Some(scene.stub.api().to_owned()),
            json!({"token": token}),
        ),
        ("not an object", Some(scene.stub.api().to_owned()), json!([1])),
        (
            "too large",
            Some(scene.stub.api().to_owned()),
            json!({"state": "x".repeat(5000), "token": token}),
        ),
    ] {
        let mut request = http.request(Method::POST, &url).json(&body);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        let answer = e2e::Http::send(request).await;
        let redirect = answer.text.contains("redirect");
        assert!(
            answer.status.is_client_error() || (redirect && answer.text.contains("error")),
            "{what}: {answer:?}"
        );
    }
}
