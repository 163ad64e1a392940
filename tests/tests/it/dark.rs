//! Handshakes without a me-channel: it is down, or something between lets no WebSocket through.

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::ConnectionStatus;
use e2e::{Fault, HeadlessIde, Stub};

use crate::scene::Scene;

const CHANNEL: &str = "/socketcluster/";

/// A scene whose channel never opens, and an IDE that is signed in there.
async fn without_channel(fault: Fault) -> (Scene, HeadlessIde) {
    let scene = Scene::behind_proxy(Stub::builder()).await;
    scene.proxy().fault(CHANNEL, fault, usize::MAX);
    let user = scene.control().user().await;
    let ide = scene.ide().session(&user.access_token).start().await;
    ide.logged_in().await;
    scene.proxy().asked(CHANNEL, 1).await;
    (scene, ide)
}

#[tokio::test]
async fn a_connect_ends_as_connected_though_no_channel_ever_opens() {
    for fault in [
        Fault::Refuse,
        Fault::Stall,
        Fault::answer(403, "text/html", "<h1>No WebSockets here</h1>"),
    ] {
        let (mut scene, ide) = without_channel(fault.clone()).await;
        for _ in 0..2 {
            let started = ide.connect("github").await.expect("a link");
            ide.opened().await;
            scene.browser.approve(&started.url).await;
            let end = ide.end_of(started.attempt_id).await;
            assert_eq!(end.outcome, Outcome::Connected, "{fault:?}: {end:?}");
            assert_eq!(end.account.as_deref(), Some("mona"));
            assert_eq!(ide.account("github").await.expect("an account").who, "mona");
        }
        let status = ide.status().await;
        assert_ne!(status.connection, ConnectionStatus::Reconnected);
        assert_eq!(status.attempts.len(), 1);
        ide.finish().await;
    }
}

#[tokio::test]
async fn an_old_connection_is_not_taken_for_a_new_one() {
    let (mut scene, ide) = without_channel(Fault::Refuse).await;
    let first = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&first.url).await;
    assert_eq!(ide.end_of(first.attempt_id).await.outcome, Outcome::Connected);
    let looks = scene.proxy().exchanges_of("/users/me").len();
    let second = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.proxy().answered("/users/me", looks + 1).await;
    assert!(
        ide.status()
            .await
            .attempts
            .iter()
            .all(|one| { one.attempt_id != second.attempt_id || one.end.is_none() })
    );
    ide.cancel(second.attempt_id).await.expect("cancelled");
    assert_eq!(ide.end_of(second.attempt_id).await.outcome, Outcome::Cancelled);
    ide.finish().await;
}

#[tokio::test]
async fn a_sign_in_needs_no_channel() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    scene.proxy().fault(CHANNEL, Fault::Refuse, usize::MAX);
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    ide.finish().await;
}

#[tokio::test]
async fn a_refusal_is_told_once_the_channel_is_back() {
    let (mut scene, ide) = without_channel(Fault::Refuse).await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.browser.deny(&started.url).await;
    scene.proxy().heal();
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Failed, Some(ErrorKind::Declined)),
        "{end:?}"
    );
    ide.finish().await;
}
