//! Sockets that are cut at every step of a handshake: what was done is done once, what was not is told.

use std::time::Duration;

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use e2e::{Fault, HeadlessIde, Stub};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

use crate::scene::Scene;

const START_CODE: &str = "/provider-auth-code";
const START: &str = "/web/provider-auth/github";
const CALLBACK: &str = "/no-auth/provider-token/github";
const CHECK_SIGNUP: &str = "/no-auth/check-signup";
const TOKEN: &str = "/sandbox/github/login/oauth/access_token";

/// Exactly one attempt is known, and it has this end; the service is connected once.
async fn connected_once(ide: &HeadlessIde) {
    let status = ide.status().await;
    assert_eq!(status.attempts.len(), 1, "{:?}", status.attempts);
    let end = status.attempts[0].end.as_ref().expect("an end");
    assert_eq!(end.outcome, Outcome::Connected, "{end:?}");
    assert_eq!(ide.account("github").await.expect("an account").who, "mona");
    assert!(ide.me("github").await.is_ok());
}

/// How many tokens the imitated GitHub gave out.
async fn exchanges(scene: &Scene) -> usize {
    let requests = scene.control().requests("github").await;
    let exchanged = |one: &&Value| one["path"] == TOKEN && one["status"] == 200;
    requests.iter().filter(exchanged).count()
}

#[tokio::test]
async fn a_start_code_that_is_lost_is_told_and_leaves_no_attempt() {
    for fault in [Fault::Refuse, Fault::LoseReply, Fault::CutReply(40)] {
        let mut scene = Scene::behind_proxy(Stub::builder()).await;
        let (ide, _) = scene.signed_in().await;
        scene.proxy().fault(START_CODE, fault.clone(), 1);
        let refused = ide.connect("github").await.expect_err("no link");
        assert_eq!(
            refused.kind(),
            ErrorKind::ServerUnreachable,
            "{fault:?}: {refused:?}"
        );
        assert_eq!(refused.data["step"], "opening", "{refused:?}");
        assert_eq!(refused.data["retryable"], true, "{refused:?}");
        assert!(ide.status().await.attempts.is_empty(), "{fault:?}");
        scene.connect(&ide, "github").await;
        connected_once(&ide).await;
        ide.finish().await;
    }
}

#[tokio::test]
async fn a_page_that_did_not_load_is_opened_again() {
    for (fault, reached) in [
        (Fault::Refuse, false),
        (Fault::LoseReply, true),
        (Fault::CutReply(40), true),
    ] {
        let mut scene = Scene::behind_proxy(Stub::builder()).await;
        let (ide, _) = scene.signed_in().await;
        let started = ide.connect("github").await.expect("a link");
        ide.opened().await;
        scene.proxy().fault(START, fault, 1);
        let url = Url::parse(&started.url).expect("a link");
        assert_eq!(scene.browser.returns(&url).await, None, "the page does not load");
        if reached {
            // Its cookie was lost with the answer, so that nothing tells this browser from another one.
            let page = scene.browser.open(&started.url).await;
            assert!(page.text().contains("Open again"), "{}", page.text());
            let again = crate::reopen::reopen(&ide, started.attempt_id).await;
            scene.browser.approve(&again).await;
        } else {
            scene.browser.approve(&started.url).await;
        }
        assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
        connected_once(&ide).await;
        assert_eq!(exchanges(&scene).await, 1);
        ide.finish().await;
    }
}

#[tokio::test]
async fn a_callback_whose_answer_is_lost_has_connected_and_says_so_when_it_is_loaded_again() {
    for fault in [Fault::LoseReply, Fault::CutReply(40)] {
        let mut scene = Scene::behind_proxy(Stub::builder()).await;
        let (ide, _) = scene.signed_in().await;
        let started = ide.connect("github").await.expect("a link");
        ide.opened().await;
        let consent = scene.browser.consent_page(&started.url, None).await;
        let callback = scene.browser.press_and_stop(&consent, "approve").await;
        scene.proxy().fault(CALLBACK, fault, 1);
        assert_eq!(scene.browser.returns(&callback).await, None, "the answer is lost");
        assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
        let landing = scene.browser.returns(&callback).await.expect("a page");
        let page = scene.browser.open(landing.as_str()).await;
        assert!(page.status.is_success(), "{}", page.text());
        connected_once(&ide).await;
        assert_eq!(exchanges(&scene).await, 1, "the code was traded once");
        ide.finish().await;
    }
}

#[tokio::test]
async fn a_callback_that_never_arrived_is_loaded_again_and_connects() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    scene.proxy().fault(CALLBACK, Fault::Refuse, 1);
    assert_eq!(scene.browser.returns(&callback).await, None);
    assert!(ide.status().await.attempts[0].end.is_none());
    scene.browser.returns(&callback).await.expect("a page");
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    connected_once(&ide).await;
    ide.finish().await;
}

#[tokio::test]
async fn a_browser_that_goes_away_in_the_middle_of_the_exchange_has_connected() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    let slow = json!({"route": {"path": TOKEN, "delayMs": 3000}});
    scene.control().fault(slow).await;
    let closed = timeout(Duration::from_secs(1), scene.browser.returns(&callback)).await;
    assert!(closed.is_err(), "the window is closed before there is an answer");
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    connected_once(&ide).await;
    ide.finish().await;
}

#[tokio::test]
async fn an_exchange_whose_answer_is_lost_ends_with_that_step_and_the_next_press_connects() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let lost = json!({"route": {"path": TOKEN, "loseReplies": 1}});
    scene.control().fault(lost).await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let page = scene.browser.approve(&started.url).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind, end.code.as_deref()),
        (
            Outcome::Failed,
            Some(ErrorKind::ExchangeRefused),
            Some("PRVD-1007")
        ),
        "{end:?}"
    );
    assert!(
        end.message.expect("a reason").contains("GitHub"),
        "it names the service"
    );
    assert!(page.text().contains("GitHub"), "{}", page.text());
    assert!(ide.account("github").await.is_none(), "nothing is left over");
    scene.connect(&ide, "github").await;
    connected_once(&ide).await;
    ide.finish().await;
}

#[tokio::test]
async fn a_granted_sign_in_whose_answer_is_lost_is_signed_in_once() {
    for fault in [Fault::LoseReply, Fault::CutReply(300)] {
        let mut scene = Scene::behind_proxy(Stub::builder()).await;
        let ide = scene.signed_out().await;
        let started = ide.sign_up("github").await.expect("a link");
        ide.opened().await;
        scene.proxy().asked(CHECK_SIGNUP, 1).await;
        let consent = scene.browser.consent_page(&started.url, None).await;
        // The poll that is being held has no fault yet: it gives the next one way.
        scene.proxy().cut();
        scene.proxy().fault(CHECK_SIGNUP, fault, 1);
        scene.browser.press(&consent, "approve").await;
        let login = ide.logged_in().await;
        assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
        let granted: Vec<_> = scene
            .proxy()
            .exchanges_of(CHECK_SIGNUP)
            .into_iter()
            .filter(|one| one.status() == 200)
            .collect();
        assert_eq!(
            granted.len(),
            2,
            "the lost one and the one that arrived: {granted:?}"
        );
        let session = login.session.token.expose();
        for one in &granted {
            let body = one
                .reply
                .as_ref()
                .map(|reply| String::from_utf8_lossy(&reply.body).into_owned());
            let body = body.expect("a reply");
            assert!(body.contains(session), "one session, not two");
        }
        // Finishing fails on a second didLogin.
        ide.finish().await;
    }
}

#[tokio::test]
async fn a_stub_that_loses_every_reply_for_a_while_signs_in_once() {
    let mut scene = Scene::of(Stub::builder().args(["--no-long-poll"])).await;
    // Each node loses two, and a poll after trouble waits for up to half a minute.
    let ide = scene.ide().patience(Duration::from_mins(1)).start().await;
    let lossy = json!({"route": {"path": CHECK_SIGNUP, "loseReplies": 2}});
    scene.control().fault(lossy).await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    let login = ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    let me = scene
        .stub
        .http()
        .call(
            Method::GET,
            &scene.stub.url("/users/me"),
            Some(login.session.token.expose()),
            &Value::Null,
        )
        .await;
    assert!(me.status.is_success(), "the session stands: {}", me.text);
    ide.finish().await;
}
