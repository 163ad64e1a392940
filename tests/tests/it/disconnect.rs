//! Disconnecting: the account goes, and the third party ends the access.

use codestream_protocol::http::Revoked;
use codestream_protocol::lsp::error::ErrorKind;
use serde_json::Value;

use crate::scene::Scene;

async fn a_disconnect_revokes(provider: &str) {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, provider).await;
    let answer = ide.disconnect(provider).await.expect("it is disconnected");
    assert_eq!((answer.revoked, answer.manual_url), (Revoked::Yes, None));
    assert!(!ide.summary(provider).await.connected);
    let requests = scene.control().requests(provider).await;
    assert!(
        requests.iter().any(|one| one["method"] == "DELETE"),
        "no revocation in {}",
        Value::from(requests)
    );
    let refused = ide.me(provider).await.expect_err("there is no account any more");
    assert!(
        !refused.message.is_empty() && refused.kind() != ErrorKind::Internal,
        "{refused:?}"
    );
    // And it can be connected again.
    scene.connect(&ide, provider).await;
    assert!(ide.me(provider).await.is_ok());
    ide.finish().await;
}

#[tokio::test]
async fn disconnecting_github_revokes_its_token() {
    a_disconnect_revokes("github").await;
}

#[tokio::test]
async fn disconnecting_trello_revokes_its_token() {
    a_disconnect_revokes("trello").await;
}

#[tokio::test]
async fn what_is_not_connected_cannot_be_disconnected() {
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let refused = ide.disconnect("github").await.expect_err("nothing is connected");
    assert!(!refused.message.is_empty(), "{refused:?}");
    ide.finish().await;
}
