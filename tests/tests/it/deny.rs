//! A person who says no: nothing changes, and the IDE knows at once.

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use e2e::clock;

use crate::scene::{AT_ONCE, Scene};

const WORDS: &str = "You declined. Nothing was changed.";

async fn a_declined_connect(provider: &str) {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect(provider).await.expect("a link");
    ide.opened().await;
    let page = scene.browser.deny(&started.url).await;
    let denied = clock::now();
    let end = ide.end_of(started.attempt_id).await;
    assert!(
        denied.elapsed() < AT_ONCE,
        "the IDE knows after {:?}",
        denied.elapsed()
    );
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Failed, Some(ErrorKind::Declined)),
        "{end:?}"
    );
    assert_eq!(
        (end.code.as_deref(), end.message.as_deref()),
        (Some("PRVD-1006"), Some(WORDS))
    );
    assert!(page.text().contains(WORDS), "{}", page.text());
    assert!(!ide.summary(provider).await.connected);
    // A second press starts afresh.
    scene.connect(&ide, provider).await;
    ide.finish().await;
}

#[tokio::test]
async fn declining_at_github_ends_the_attempt_within_a_second() {
    a_declined_connect("github").await;
}

#[tokio::test]
async fn declining_at_trello_ends_the_attempt_within_a_second() {
    a_declined_connect("trello").await;
}

#[tokio::test]
async fn declining_a_sign_up_ends_the_attempt_within_a_second() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let page = scene.browser.deny(&started.url).await;
    let denied = clock::now();
    let end = ide.end_of(started.attempt_id).await;
    assert!(
        denied.elapsed() < AT_ONCE,
        "the IDE knows after {:?}",
        denied.elapsed()
    );
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Failed, Some(ErrorKind::Declined)),
        "{end:?}"
    );
    assert!(page.text().contains(WORDS), "{}", page.text());
    assert!(ide.status().await.session.is_none());
    ide.finish().await;
}
