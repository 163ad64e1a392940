//! Eight windows of one user at the moment when a token expires, at a service that ends the grant of whoever uses a refresh
//! token twice.

use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::DataType;
use e2e::HeadlessIde;
use e2e::methods::{DataChanged, LoggedOut, Notice};
use e2e::services::Seen;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::scene::Scene;

const STRICT: &str = "gitlab";
const WINDOWS: usize = 8;

async fn windows(scene: &mut Scene) -> Vec<HeadlessIde> {
    let user = scene.control().user().await;
    let opening = (0..WINDOWS).map(|_| scene.window(scene.ide(), &user));
    let all = join_all(opening).await;
    scene.connect(&all[0], STRICT).await;
    for ide in &all {
        shows(ide, |row| row["connected"] == true).await;
    }
    all
}

/// Waits until a window shows the service so.
async fn shows(ide: &HeadlessIde, wanted: impl Fn(&Value) -> bool) {
    ide.await_notification::<DataChanged>(|change| {
        change.kind == DataType::Providers
            && change
                .data
                .as_array()
                .is_some_and(|rows| rows.iter().any(|row| row["name"] == STRICT && wanted(row)))
    })
    .await;
}

async fn seen(scene: &Scene) -> Seen {
    Seen::new(scene.control().requests(STRICT).await)
}

/// Every window calls, and none is refused: what a window holds is the token that is good now.
async fn all_hold_the_new_token(scene: &Scene, all: &[HeadlessIde], refreshes: usize) {
    let refused = seen(scene).await.refused();
    for answer in join_all(all.iter().map(|ide| ide.me(STRICT))).await {
        answer.expect("a direct call");
    }
    let seen = seen(scene).await;
    assert_eq!(
        (seen.refused(), seen.refreshes().len()),
        (refused, refreshes),
        "no call met a 401, and none brought a refresh about"
    );
}

/// No window has signed anybody out, or lost the connection.
async fn nobody_is_signed_out(all: Vec<HeadlessIde>) {
    for ide in all {
        assert!(ide.status().await.session.is_some());
        let summary = ide.summary(STRICT).await;
        assert!(
            summary.connected && summary.accounts[0].error.is_none(),
            "{summary:?}"
        );
        let said = ide.said();
        assert!(
            said.iter().all(|one| one["method"] != LoggedOut::NAME),
            "a window signed out"
        );
        ide.finish().await;
    }
}

#[tokio::test]
async fn eight_windows_that_meet_a_401_at_once_refresh_once() {
    let mut scene = Scene::new().await;
    let all = windows(&mut scene).await;
    scene
        .control()
        .fault(json!({"tokens": {"provider": STRICT, "expireAll": true}}))
        .await;
    for answer in join_all(all.iter().map(|ide| ide.me(STRICT))).await {
        answer.expect("refreshed, and called again");
    }
    assert_eq!(seen(&scene).await.refreshes().len(), 1);
    all_hold_the_new_token(&scene, &all, 1).await;
    nobody_is_signed_out(all).await;
}

#[tokio::test]
async fn eight_windows_that_refresh_ahead_of_the_expiry_refresh_once() {
    let mut scene = Scene::new().await;
    let life =
        |seconds: Option<u64>| json!({"tokens": {"provider": STRICT, "expiring": true, "lifeS": seconds}});
    // The server takes 5 s off: all eight timers run out within the next seconds.
    scene.control().fault(life(Some(8))).await;
    let all = windows(&mut scene).await;
    let first = all[0].account(STRICT).await.expect("an account");
    let first = first.expires_at.expect("an expiry").0;
    // What the refresh gives lasts.
    scene.control().fault(life(None)).await;
    for ide in &all {
        shows(ide, |row| {
            row["accounts"][0]["expiresAt"]
                .as_i64()
                .is_some_and(|at| at > first)
        })
        .await;
    }
    assert_eq!(seen(&scene).await.refreshes().len(), 1);
    all_hold_the_new_token(&scene, &all, 1).await;
    nobody_is_signed_out(all).await;
}

#[tokio::test]
async fn a_network_in_trouble_at_the_refresh_signs_nobody_out() {
    let mut scene = Scene::new().await;
    let all = windows(&mut scene).await;
    scene
        .control()
        .fault(json!({"tokens": {"provider": STRICT, "expireAll": true}}))
        .await;
    let path = format!("/provider-refresh/{STRICT}");
    for trouble in [
        json!({"path": path, "status": 503}),
        json!({"path": path, "loseReplies": true, "status": 502}),
    ] {
        scene.control().fault(json!({ "route": trouble })).await;
        for answer in join_all(all.iter().map(|ide| ide.me(STRICT))).await {
            let refused = answer.expect_err("there is no token to call with");
            assert_ne!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
        }
    }
    assert_eq!(
        seen(&scene).await.refreshes().len(),
        0,
        "nothing came through to the service"
    );
    // Slow is no trouble.
    scene
        .control()
        .fault(json!({"route": {"path": path, "delayMs": 300}}))
        .await;
    for answer in join_all(all.iter().map(|ide| ide.me(STRICT))).await {
        answer.expect("refreshed, and called again");
    }
    assert_eq!(seen(&scene).await.refreshes().len(), 1);
    all_hold_the_new_token(&scene, &all, 1).await;
    nobody_is_signed_out(all).await;
}
