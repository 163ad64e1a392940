//! "Open again" and "Copy link": a new link for the same attempt, each time.

use codestream_protocol::AttemptId;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::request::ReopenParams;
use e2e::HeadlessIde;
use e2e::methods::AttemptReopen;

use crate::scene::Scene;

async fn fresh(ide: &HeadlessIde, id: AttemptId, open: bool) -> String {
    let params = ReopenParams { attempt_id: id, open };
    let again = ide.request::<AttemptReopen>(params).await;
    again.expect("a new link").url
}

pub(crate) async fn reopen(ide: &HeadlessIde, id: AttemptId) -> String {
    let again = fresh(ide, id, true).await;
    assert_eq!(ide.opened().await.url, again);
    again
}

#[tokio::test]
async fn a_connect_is_opened_again_with_a_new_link() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.browser.open(&started.url).await;
    let again = reopen(&ide, started.attempt_id).await;
    scene.browser.approve(&again).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[tokio::test]
async fn a_sign_up_is_opened_again_in_another_browser() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.open(&started.url).await;
    let again = reopen(&ide, started.attempt_id).await;
    let mut other = e2e::TestBrowser::new();
    other.approve(&again).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    ide.finish().await;
}

/// CWE-613: whoever finishes the older link would leave a session that nobody holds.
#[tokio::test]
async fn a_sign_ups_older_link_is_dead_opened_before_or_not() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let unopened = reopen(&ide, started.attempt_id).await;
    let last = fresh(&ide, started.attempt_id, false).await;
    let finished = scene.browser.press(&consent, "approve").await;
    for page in [finished, scene.browser.open(&unopened).await] {
        assert!(page.text().contains("replaced by a newer one"), "{}", page.text());
    }
    scene.browser.approve(&last).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    ide.finish().await;
}

#[tokio::test]
async fn a_copied_link_is_a_new_one_and_opens_no_browser() {
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let copied = fresh(&ide, started.attempt_id, false).await;
    assert_ne!(copied, started.url);
    // What is opened next is this one, so the copied one was not.
    assert_ne!(reopen(&ide, started.attempt_id).await, copied);
    ide.cancel(started.attempt_id).await.expect("it is cancelled");
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Cancelled);
    ide.finish().await;
}

#[tokio::test]
async fn an_ended_attempt_is_not_opened_again() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.browser.deny(&started.url).await;
    ide.end_of(started.attempt_id).await;
    let params = ReopenParams {
        attempt_id: started.attempt_id,
        open: true,
    };
    let refused = ide.request::<AttemptReopen>(params).await;
    assert!(refused.is_err(), "{refused:?}");
    ide.finish().await;
}
