//! Two windows of one user: whatever happens in one, both know.

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::DataType;
use e2e::HeadlessIde;
use e2e::methods::DataChanged;

use crate::scene::Scene;

/// Waits until a window says that a service is connected, or is not any more.
async fn shows(ide: &HeadlessIde, provider: &str, connected: bool) {
    ide.await_notification::<DataChanged>(|change| {
        change.kind == DataType::Providers
            && change.data.as_array().is_some_and(|rows| {
                rows.iter()
                    .any(|row| row["name"] == provider && row["connected"] == connected)
            })
    })
    .await;
    assert_eq!(ide.summary(provider).await.connected, connected);
}

#[tokio::test]
async fn both_windows_of_a_user_update() {
    let mut scene = Scene::new().await;
    let (one, user) = scene.signed_in().await;
    let other = scene.window(scene.ide(), &user).await;
    for provider in ["github", "trello"] {
        scene.connect(&one, provider).await;
        shows(&one, provider, true).await;
        shows(&other, provider, true).await;
        assert!(
            other.me(provider).await.is_ok(),
            "the other window calls with the same token"
        );
    }
    other.disconnect("github").await.expect("it is disconnected");
    shows(&other, "github", false).await;
    shows(&one, "github", false).await;
    one.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn attempts_of_two_windows_do_not_disturb_each_other() {
    let mut scene = Scene::new().await;
    let (one, user) = scene.signed_in().await;
    let other = scene.window(scene.ide(), &user).await;
    let first = one.connect("github").await.expect("a link");
    one.opened().await;
    let second = other.connect("github").await.expect("a link");
    other.opened().await;
    scene.browser.deny(&second.url).await;
    assert_eq!(other.end_of(second.attempt_id).await.outcome, Outcome::Failed);
    scene.browser.approve(&first.url).await;
    assert_eq!(one.end_of(first.attempt_id).await.outcome, Outcome::Connected);
    shows(&other, "github", true).await;
    one.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn another_user_sees_nothing() {
    let mut scene = Scene::new().await;
    let (one, _) = scene.signed_in().await;
    let (stranger, _) = scene.signed_in().await;
    scene.connect(&one, "github").await;
    assert!(!stranger.summary("github").await.connected);
    one.finish().await;
    stranger.finish().await;
}
