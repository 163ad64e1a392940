//! Pressing the same button twice.

use codestream_protocol::lsp::attempt::Outcome;

use crate::scene::Scene;

#[tokio::test]
async fn a_second_connect_supersedes_the_first() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let first = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let second = ide.connect("github*com").await.expect("a link");
    ide.opened().await;
    assert_ne!((first.attempt_id, &first.url), (second.attempt_id, &second.url));
    assert_eq!(ide.end_of(first.attempt_id).await.outcome, Outcome::Superseded);
    scene.browser.approve(&second.url).await;
    assert_eq!(ide.end_of(second.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[tokio::test]
async fn a_second_sign_up_supersedes_the_first() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let first = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let second = ide.sign_in("github").await.expect("a link");
    ide.opened().await;
    assert_eq!(ide.end_of(first.attempt_id).await.outcome, Outcome::Superseded);
    scene.browser.deny(&second.url).await;
    assert_eq!(ide.end_of(second.attempt_id).await.outcome, Outcome::Failed);
    ide.finish().await;
}
