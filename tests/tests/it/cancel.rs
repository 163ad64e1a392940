//! A person who gives up in the IDE.

use codestream_protocol::AttemptId;
use codestream_protocol::lsp::attempt::{Outcome, Step};
use serde_json::json;
use uuid::Uuid;

use crate::scene::Scene;

#[tokio::test]
async fn a_request_cancels_a_connect() {
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    ide.reaches(started.attempt_id, Step::Waiting).await;
    ide.cancel(started.attempt_id).await.expect("it is cancelled");
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Cancelled);
    // Once more is no error worth a message: it has ended as asked, or is not there any more.
    let again = ide.cancel(started.attempt_id).await;
    assert!(again.is_ok(), "{again:?}");
    ide.finish().await;
}

#[tokio::test]
async fn a_request_cancels_a_sign_up_and_its_poll() {
    let scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    ide.cancel(started.attempt_id).await.expect("it is cancelled");
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Cancelled);
    assert!(ide.status().await.session.is_none());
    ide.finish().await;
}

#[tokio::test]
async fn the_progress_bars_cancel_button_cancels() {
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    ide.reaches(started.attempt_id, Step::Waiting).await;
    let (token, begin) = ide.progress().await;
    assert_eq!(begin["cancellable"], true, "{begin}");
    ide.tell("window/workDoneProgress/cancel", &json!({ "token": token }));
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Cancelled);
    ide.finish().await;
}

#[tokio::test]
async fn an_unknown_attempt_cannot_be_cancelled() {
    let scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let refused = ide
        .cancel(AttemptId(Uuid::nil()))
        .await
        .expect_err("there is no such attempt");
    assert!(!refused.message.is_empty());
    ide.finish().await;
}

#[tokio::test]
async fn an_ide_that_goes_away_leaves_no_agent_behind() {
    let scene = Scene::new().await;
    let (mut ide, _) = scene.signed_in().await;
    ide.connect("github").await.expect("a link");
    ide.hang_up();
    assert_eq!(ide.ended().await, Some(1));
}
