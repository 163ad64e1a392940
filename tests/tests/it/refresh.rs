//! Tokens that expire: refreshed before they do, once on a 401, and lost only on proof.

use std::time::Duration;

use codestream_protocol::lsp::error::ErrorKind;
use serde_json::{Value, json};

use crate::scene::Scene;

/// A scene in which GitHub's tokens expire.
async fn expiring() -> Scene {
    let scene = Scene::new().await;
    scene
        .control()
        .fault(json!({"tokens": {"provider": "github", "expiring": true}}))
        .await;
    scene
}

/// How often GitHub was asked to refresh.
async fn refreshes(scene: &Scene) -> usize {
    let requests = scene.control().requests("github").await;
    let text = |one: &Value| one.to_string();
    requests
        .iter()
        .filter(|one| text(one).contains("refresh_token") && text(one).contains("grant_type"))
        .count()
}

#[tokio::test]
async fn a_401_is_answered_with_one_refresh_and_the_call_again() {
    let mut scene = expiring().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    assert!(
        ide.account("github")
            .await
            .expect("an account")
            .expires_at
            .is_some()
    );
    assert_eq!(refreshes(&scene).await, 0);
    scene
        .control()
        .fault(json!({"tokens": {"provider": "github", "expireAll": true}}))
        .await;
    let answer = ide.get("github", "user").await.expect("an answer");
    assert_eq!((answer.status, &answer.body["login"]), (200, &json!("mona")));
    assert_eq!(refreshes(&scene).await, 1);
    // A rotated refresh token is kept: it works again.
    scene
        .control()
        .fault(json!({"tokens": {"provider": "github", "expireAll": true}}))
        .await;
    assert!(ide.me("github").await.is_ok());
    assert_eq!(refreshes(&scene).await, 2);
    ide.finish().await;
}

#[tokio::test]
async fn a_token_is_refreshed_before_it_expires() {
    let mut scene = Scene::new().await;
    // The server takes 5 s off, so that a token is never used in its last moments.
    scene
        .control()
        .fault(json!({"tokens": {"provider": "github", "expiring": true, "lifeS": 8}}))
        .await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    let first = ide
        .account("github")
        .await
        .expect("an account")
        .expires_at
        .expect("an expiry");
    ide.await_notification::<e2e::methods::DataChanged>(|change| {
        let rows = change.data.as_array();
        let renewed = |row: &Value| {
            row["accounts"][0]["expiresAt"]
                .as_i64()
                .is_some_and(|at| at > first.0)
        };
        rows.is_some_and(|rows| rows.iter().any(|row| row["name"] == "github" && renewed(row)))
    })
    .await;
    let expired = first + Duration::from_secs(5);
    assert!(e2e::clock::unix() <= expired, "before the service ends it");
    assert!(refreshes(&scene).await >= 1);
    assert!(ide.me("github").await.is_ok());
    ide.finish().await;
}

#[tokio::test]
async fn two_windows_refresh_once() {
    let mut scene = expiring().await;
    let (one, user) = scene.signed_in().await;
    let other = scene.window(scene.ide(), &user).await;
    scene.connect(&one, "github").await;
    other
        .await_notification::<e2e::methods::DataChanged>(|change| {
            change.data.as_array().is_some_and(|rows| {
                rows.iter()
                    .any(|row| row["name"] == "github" && row["connected"] == true)
            })
        })
        .await;
    scene
        .control()
        .fault(json!({"tokens": {"provider": "github", "expireAll": true}}))
        .await;
    let (first, second) = tokio::join!(one.me("github"), other.me("github"));
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert_eq!(refreshes(&scene).await, 1);
    one.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn trouble_at_the_service_never_loses_a_connection() {
    let mut scene = expiring().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    scene
        .control()
        .fault(json!({"tokens": {"provider": "github", "expireAll": true}}))
        .await;
    let broken = json!({"exchange": {"provider": "github", "failNext": 5, "status": 502, "body": "<h1>Bad gateway</h1>"}});
    scene.control().fault(broken).await;
    let refused = ide.me("github").await.expect_err("no token to call with");
    assert_ne!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    assert!(ide.summary("github").await.connected, "trouble proves nothing");
    scene
        .control()
        .fault(json!({"exchange": {"provider": "github", "failNext": 0}}))
        .await;
    assert!(ide.me("github").await.is_ok());
    ide.finish().await;
}

#[tokio::test]
async fn a_grant_that_was_taken_back_asks_for_a_reconnect() {
    let mut scene = expiring().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    scene
        .control()
        .fault(json!({"tokens": {"provider": "github", "revokeAll": true}}))
        .await;
    let refused = ide.me("github").await.expect_err("the token is gone");
    assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    let summary = ide.summary("github").await;
    assert!(
        !summary.connected && summary.accounts[0].error.is_some(),
        "{summary:?}"
    );
    scene.connect(&ide, "github").await;
    let summary = ide.summary("github").await;
    assert!(
        summary.connected && summary.accounts[0].error.is_none(),
        "{summary:?}"
    );
    ide.finish().await;
}

#[tokio::test]
async fn a_token_that_never_expires_is_lost_on_a_401() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "trello").await;
    assert!(
        ide.account("trello")
            .await
            .expect("an account")
            .expires_at
            .is_none()
    );
    scene
        .control()
        .fault(json!({"tokens": {"provider": "trello", "revokeAll": true}}))
        .await;
    let refused = ide.me("trello").await.expect_err("the token is gone");
    assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    ide.finish().await;
}
