//! The cookie that binds a handshake to its browser must be `Lax`: the third party is another site.

use codestream_protocol::lsp::attempt::Outcome;
use e2e::{SameSite, TestBrowser};

use crate::scene::Scene;

#[tokio::test]
async fn a_strict_cookie_would_not_come_back_from_the_third_party() {
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let mut strict = TestBrowser::forcing(SameSite::Strict);
    let page = strict.approve(&started.url).await;
    assert!(page.text().contains("RAPI-1009"), "{}: {}", page.url, page.text());
    // A browser that shows no cookie ends nothing either.
    ide.cancel(started.attempt_id).await.expect("it still runs");
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Cancelled);
    assert!(!ide.summary("github").await.connected);
    ide.finish().await;
}

#[tokio::test]
async fn the_cookie_is_lax_for_its_host_alone_and_hidden_from_scripts() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.browser.consent_page(&started.url, None).await;
    let jar = scene.browser.jar();
    let value = jar
        .get("127.0.0.1", "cs-browser")
        .expect("the cookie on plain http")
        .to_owned();
    // 128 random bits are at least 22 characters of base64.
    assert!(value.len() >= 22, "{} characters", value.len());
    assert!(!jar.is_readable_by_script("127.0.0.1", "cs-browser"));
    assert!(
        jar.get("localhost", "cs-browser").is_none(),
        "the third party never sees it"
    );
    ide.cancel(started.attempt_id).await.expect("it is cancelled");
    ide.end_of(started.attempt_id).await;
    ide.finish().await;
}
