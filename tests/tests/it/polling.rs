//! How the agent asks for the outcome of a sign-up.

use std::time::Duration;

use codestream_protocol::http::path::CHECK_SIGNUP;
use codestream_protocol::lsp::attempt::Outcome;
use e2e::{Fault, Stub};

use crate::scene::Scene;

/// What scheduling on a busy machine may add.
const SLACK: Duration = Duration::from_millis(400);

#[tokio::test]
async fn a_long_poll_is_one_request_until_something_happens() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let asked = scene.proxy().asked(CHECK_SIGNUP, 1).await;
    assert_eq!(asked.header("prefer"), Some("wait=25"));
    let consent = scene.browser.consent_page(&started.url, None).await;
    let before = scene.proxy().exchanges_of(CHECK_SIGNUP);
    assert_eq!(before.len(), 1, "it is held: {before:?}");
    scene.browser.press(&consent, "approve").await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    let polls = scene.proxy().exchanges_of(CHECK_SIGNUP);
    assert_eq!(polls.len(), 1, "one request was enough: {polls:?}");
    assert_eq!(polls[0].reply_header("preference-applied"), Some("wait=25"));
    ide.finish().await;
}

#[tokio::test]
async fn without_long_polls_the_intervals_grow_inside_their_bounds() {
    let mut scene = Scene::behind_proxy(Stub::builder().args(["--no-long-poll"])).await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    // 1 s, then 1.5 s, each within a quarter, from answer to question.
    let polls = [1, 2, 3].map(|nth| scene.proxy().answered(CHECK_SIGNUP, nth));
    let mut seen = Vec::new();
    for poll in polls {
        seen.push(poll.await);
    }
    for (pair, expected) in seen.windows(2).zip([1.0, 1.5]) {
        let answered = pair[0].reply.as_ref().expect("answered").at;
        let interval = pair[1].at - answered;
        let bounds =
            Duration::from_secs_f64(expected * 0.75)..Duration::from_secs_f64(expected * 1.25) + SLACK;
        assert!(bounds.contains(&interval), "{interval:?} is not in {bounds:?}");
        assert_eq!(
            (pair[0].status(), pair[0].reply_header("preference-applied")),
            (403, None)
        );
    }
    scene.browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    let polls = scene.proxy().exchanges_of(CHECK_SIGNUP).len();
    assert!((4..=5).contains(&polls), "{polls} requests");
    ide.finish().await;
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let mut scene = Scene::behind_proxy(Stub::builder().args(["--no-long-poll"])).await;
    let ide = scene.signed_out().await;
    let asked = Duration::from_secs(3);
    scene.proxy().fault(CHECK_SIGNUP, Fault::busy(429, asked), 1);
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    let first = scene.proxy().asked(CHECK_SIGNUP, 1).await;
    let second = scene.proxy().asked(CHECK_SIGNUP, 2).await;
    let waited = second.at - first.at;
    assert!(
        waited >= asked && waited < asked + 2 * SLACK,
        "it waited {waited:?}"
    );
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    ide.finish().await;
}

#[tokio::test]
async fn trouble_on_the_way_is_survived() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let ide = scene.signed_out().await;
    scene.proxy().fault(CHECK_SIGNUP, Fault::Refuse, 1);
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    ide.finish().await;
}
