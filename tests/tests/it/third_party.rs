//! A third party that is down, slow or busy, at each call that is made to it.

use std::time::Duration;

use codestream_protocol::http::Revoked;
use codestream_protocol::lsp::attempt::{AttemptEnd, Outcome};
use codestream_protocol::lsp::error::ErrorKind;
use e2e::{HeadlessIde, clock};
use serde_json::{Value, json};

use crate::scene::Scene;

const AUTHORIZE: &str = "/sandbox/github/login/oauth/authorize";
const TOKEN: &str = "/sandbox/github/login/oauth/access_token";
const USER: &str = "/sandbox/github/api/user";
const EMAILS: &str = "/sandbox/github/api/user/emails";
const APPLICATIONS: &str = "/sandbox/github/api/applications";

/// Longer than the server waits for a third party.
const TOO_SLOW_MS: u64 = 11_000;

fn down(path: &str) -> Value {
    json!({"route": {"path": path, "loseReplies": true}})
}

fn overloaded(path: &str) -> Value {
    json!({"route": {"path": path, "status": 503}})
}

fn busy(path: &str) -> Value {
    json!({"route": {"path": path, "retryAfterS": 60}})
}

fn slow(path: &str) -> Value {
    json!({"route": {"path": path, "delayMs": TOO_SLOW_MS}})
}

async fn well(scene: &Scene) {
    scene.control().fault(json!({"reset": true})).await;
}

/// Presses, approves, and gives the end.
async fn end_of_connect(scene: &mut Scene, ide: &HeadlessIde) -> AttemptEnd {
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    ide.end_of(started.attempt_id).await
}

/// Tells which step failed, and leaves nothing behind.
async fn failed(ide: &HeadlessIde, end: &AttemptEnd, fault: &Value) {
    assert_eq!(
        (end.outcome, end.kind, end.code.as_deref()),
        (
            Outcome::Failed,
            Some(ErrorKind::ExchangeRefused),
            Some("PRVD-1007")
        ),
        "{fault}: {end:?}"
    );
    let message = end.message.as_deref().unwrap_or_default();
    assert!(
        message.contains("GitHub") && message.contains("Try again"),
        "{fault}: {message}"
    );
    assert!(ide.account("github").await.is_none(), "{fault}");
}

#[tokio::test]
async fn at_each_call_of_the_callback_the_attempt_ends_at_once_and_the_next_one_connects() {
    for path in [TOKEN, USER] {
        for fault in [down(path), overloaded(path), busy(path)] {
            let mut scene = Scene::new().await;
            let (ide, _) = scene.signed_in().await;
            scene.control().fault(fault.clone()).await;
            let end = end_of_connect(&mut scene, &ide).await;
            failed(&ide, &end, &fault).await;
            well(&scene).await;
            scene.connect(&ide, "github").await;
            ide.finish().await;
        }
    }
}

#[tokio::test]
async fn one_that_is_too_slow_in_the_exchange_ends_the_attempt() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.control().fault(slow(TOKEN)).await;
    let end = end_of_connect(&mut scene, &ide).await;
    failed(&ide, &end, &slow(TOKEN)).await;
    ide.finish().await;
}

#[tokio::test]
async fn one_that_is_too_slow_to_say_who_it_is_ends_the_attempt_and_its_token_is_taken_back() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.control().fault(slow(USER)).await;
    let end = end_of_connect(&mut scene, &ide).await;
    failed(&ide, &end, &slow(USER)).await;
    well(&scene).await;
    let revoked = |requests: Vec<Value>| {
        requests
            .iter()
            .any(|one| one["method"] == "DELETE" && one["status"] == 204)
    };
    let began = clock::now();
    while !revoked(scene.control().requests("github").await) {
        assert!(began.elapsed() < e2e::PATIENCE, "the token is revoked");
    }
    ide.finish().await;
}

#[tokio::test]
async fn a_sign_in_ends_with_the_step_also_when_the_address_cannot_be_asked_for() {
    for path in [TOKEN, USER, EMAILS] {
        for fault in [down(path), overloaded(path)] {
            let mut scene = Scene::new().await;
            let ide = scene.signed_out().await;
            scene.control().fault(fault.clone()).await;
            let started = ide.sign_up("github").await.expect("a link");
            ide.opened().await;
            scene.browser.approve(&started.url).await;
            let end = ide.end_of(started.attempt_id).await;
            assert_eq!(
                (end.outcome, end.code.as_deref()),
                (Outcome::Failed, Some("PRVD-1007")),
                "{fault}: {end:?}"
            );
            assert!(ide.status().await.session.is_none());
            well(&scene).await;
            let started = ide.sign_up("github").await.expect("a link");
            ide.opened().await;
            scene.browser.approve(&started.url).await;
            ide.logged_in().await;
            assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
            ide.finish().await;
        }
    }
}

#[tokio::test]
async fn an_authorization_page_that_is_down_leaves_the_attempt_waiting_and_opens_again() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.control().fault(overloaded(AUTHORIZE)).await;
    let page = scene.browser.open(&started.url).await;
    assert_eq!(page.status.as_u16(), 503, "{}", page.text());
    assert!(
        ide.status().await.attempts[0].end.is_none(),
        "the person may try again"
    );
    well(&scene).await;
    scene.browser.approve(&started.url).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[cfg(unix)]
#[tokio::test]
async fn one_that_goes_down_after_the_callback_is_connected_all_the_same() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    // The server's question is answered, the agent's own is not.
    ide.freeze(true);
    scene.browser.approve(&started.url).await;
    scene.control().fault(down(USER)).await;
    ide.freeze(false);
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.account.as_deref(), end.kind),
        (
            Outcome::Connected,
            Some("mona"),
            Some(ErrorKind::ServerUnreachable)
        ),
        "{end:?}"
    );
    well(&scene).await;
    assert!(ide.me("github").await.is_ok());
    ide.finish().await;
}

#[tokio::test]
async fn direct_calls_say_what_is_wrong_and_lose_nothing() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    for (fault, kind) in [
        (down(USER), ErrorKind::ServerUnreachable),
        (overloaded(USER), ErrorKind::ServerUnreachable),
        (busy(USER), ErrorKind::RateLimited),
    ] {
        scene.control().fault(fault.clone()).await;
        let refused = ide.me("github").await.expect_err("no answer");
        assert_eq!(refused.kind(), kind, "{fault}: {refused:?}");
        assert!(
            ide.summary("github").await.connected,
            "trouble proves nothing: {fault}"
        );
        well(&scene).await;
    }
    scene.control().fault(busy(USER)).await;
    let answer = ide.get("github", "user").await.expect("a 429 is an answer");
    assert_eq!(
        (
            answer.status,
            answer.headers.get("retry-after").map(String::as_str)
        ),
        (429, Some("60"))
    );
    scene.control().fault(slow(USER)).await;
    let params = json!({"providerId": "github*com", "method": "GET", "path": "user", "timeoutMs": 400});
    let refused = ide
        .call("codestream/provider/request", &params)
        .await
        .expect_err("too slow");
    assert_eq!(refused.kind(), ErrorKind::ServerUnreachable, "{refused:?}");
    assert!(refused.message.contains("in time"), "{refused:?}");
    well(&scene).await;
    assert!(ide.me("github").await.is_ok());
    ide.finish().await;
}

#[tokio::test]
async fn a_disconnect_is_done_here_also_when_it_cannot_be_done_there() {
    for fault in [down(APPLICATIONS), overloaded(APPLICATIONS)] {
        let mut scene = Scene::new().await;
        let (ide, _) = scene.signed_in().await;
        scene.connect(&ide, "github").await;
        scene.control().fault(fault.clone()).await;
        let done = ide.disconnect("github").await.expect("disconnected here");
        assert_eq!(done.revoked, Revoked::Failed, "{fault}");
        assert!(done.manual_url.is_some(), "where the person can do it: {fault}");
        assert!(ide.account("github").await.is_none());
        well(&scene).await;
        scene.connect(&ide, "github").await;
        ide.finish().await;
    }
}

#[tokio::test]
async fn a_refresh_that_the_service_is_too_slow_for_decides_nothing() {
    let mut scene = Scene::new().await;
    let expiring = json!({"tokens": {"provider": "github", "expiring": true}});
    scene.control().fault(expiring).await;
    let ide_patience = Duration::from_secs(30);
    let user = scene.control().user().await;
    let ide = scene.window(scene.ide().patience(ide_patience), &user).await;
    scene.connect(&ide, "github").await;
    let expired = json!({"tokens": {"provider": "github", "expireAll": true}});
    scene.control().fault(expired).await;
    for fault in [overloaded(TOKEN), busy(TOKEN), slow(TOKEN)] {
        scene.control().fault(fault.clone()).await;
        let refused = ide.me("github").await.expect_err("no new token");
        assert_ne!(refused.kind(), ErrorKind::TokenRevoked, "{fault}: {refused:?}");
        assert!(ide.summary("github").await.connected, "{fault}");
    }
    let route = json!({"route": {"path": TOKEN}});
    scene.control().fault(route).await;
    assert!(ide.me("github").await.is_ok(), "the refresh token was kept");
    ide.finish().await;
}

#[tokio::test]
async fn a_renewal_whose_answer_is_lost_asks_to_connect_again_and_only_then() {
    let mut scene = Scene::new().await;
    let expiring = json!({"tokens": {"provider": "github", "expiring": true}});
    scene.control().fault(expiring).await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    let expired = json!({"tokens": {"provider": "github", "expireAll": true}});
    scene.control().fault(expired).await;
    // The service has made a new refresh token, which nobody has.
    let lost = json!({"route": {"path": TOKEN, "loseReplies": 1}});
    scene.control().fault(lost).await;
    let refused = ide.me("github").await.expect_err("no answer");
    assert_ne!(
        refused.kind(),
        ErrorKind::TokenRevoked,
        "nothing is proven: {refused:?}"
    );
    let refused = ide.me("github").await.expect_err("the old one is gone");
    assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    assert!(ide.status().await.session.is_some());
    scene.connect(&ide, "github").await;
    assert!(ide.me("github").await.is_ok());
    ide.finish().await;
}
