//! Attempts that nobody finished in time.

use std::time::Duration;

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use e2e::clock;

use crate::scene::{AT_ONCE, Scene};

/// Longer than an attempt lasts.
const TOO_LONG: Duration = Duration::from_mins(6);

#[tokio::test]
async fn an_expired_connect_ends_and_its_late_approval_changes_nothing() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    scene.control().advance(TOO_LONG).await;
    let advanced = clock::now();
    let end = ide.end_of(started.attempt_id).await;
    assert!(
        advanced.elapsed() < AT_ONCE,
        "the IDE knows after {:?}",
        advanced.elapsed()
    );
    assert_eq!(
        (end.outcome, end.code.as_deref()),
        (Outcome::Expired, Some("AUTH-1005")),
        "{end:?}"
    );
    assert!(end.message.is_some_and(|words| !words.is_empty()));

    let page = scene.browser.press(&consent, "approve").await;
    assert!(page.text().contains("AUTH-1005"), "{}: {}", page.url, page.text());
    assert!(!ide.summary("github").await.connected);
    ide.finish().await;
}

#[tokio::test]
async fn an_expired_sign_up_ends_its_poll() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    scene.control().advance(TOO_LONG).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Expired, Some(ErrorKind::Expired)),
        "{end:?}"
    );
    let page = scene.browser.press(&consent, "approve").await;
    assert!(page.text().contains("AUTH-1005"), "{}: {}", page.url, page.text());
    assert!(ide.status().await.session.is_none());
    ide.finish().await;
}

#[tokio::test]
async fn a_link_that_was_not_opened_for_two_minutes_is_dead_and_open_again_makes_a_new_one() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.control().advance(Duration::from_secs(125)).await;
    let page = scene.browser.open(&started.url).await;
    assert!(page.text().contains("AUTH-1005"), "{}: {}", page.url, page.text());
    assert!(
        page.text().contains("Open again"),
        "it says what to do: {}",
        page.text()
    );
    let again = ide
        .request::<e2e::methods::AttemptReopen>(codestream_protocol::lsp::request::ReopenParams {
            attempt_id: started.attempt_id,
            open: true,
        })
        .await
        .expect("a new link");
    assert_ne!(again.url, started.url);
    ide.opened().await;
    scene.browser.approve(&again.url).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[tokio::test]
async fn a_state_that_expired_at_the_third_party_is_refused_with_auth_1005() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("trello").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    scene.control().advance(TOO_LONG).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Expired);
    let page = scene.browser.press(&consent, "approve").await;
    assert!(page.text().contains("AUTH-1005"), "{}: {}", page.url, page.text());
    ide.finish().await;
}
