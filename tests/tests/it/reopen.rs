//! "Open again": a new link for the same attempt.

use codestream_protocol::AttemptId;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::request::AttemptParams;
use e2e::HeadlessIde;
use e2e::methods::AttemptReopen;

use crate::scene::Scene;

async fn reopen(ide: &HeadlessIde, id: AttemptId) -> String {
    let again = ide
        .request::<AttemptReopen>(AttemptParams { attempt_id: id })
        .await
        .expect("a new link");
    assert_eq!(ide.opened().await.url, again.url);
    again.url
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

#[tokio::test]
async fn an_ended_attempt_is_not_opened_again() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.browser.deny(&started.url).await;
    ide.end_of(started.attempt_id).await;
    let refused = ide
        .request::<AttemptReopen>(AttemptParams {
            attempt_id: started.attempt_id,
        })
        .await;
    assert!(refused.is_err(), "{refused:?}");
    ide.finish().await;
}
