//! A server that is busy: what it says in `Retry-After` is obeyed, and a person is told.

use std::time::Duration;

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use e2e::{Fault, Stub};

use crate::scene::{Scene, listening};

const ASKED: Duration = Duration::from_secs(3);
/// A loaded machine is late, never early.
const SLACK: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_kept_session_is_checked_again_when_the_server_says_so() {
    let scene = Scene::behind_proxy(Stub::builder()).await;
    let user = scene.control().user().await;
    scene.proxy().fault("/login", Fault::busy(429, ASKED), 1);
    let ide = scene.ide().session(&user.access_token).start().await;
    let refused = ide.connect("github").await.expect_err("not checked yet");
    assert_eq!(refused.kind(), ErrorKind::RateLimited, "{refused:?}");
    ide.logged_in().await;
    listening(&ide).await;
    let first = scene.proxy().asked("/login", 1).await;
    let second = scene.proxy().asked("/login", 2).await;
    let waited = second.at - first.at;
    assert!(waited >= ASKED && waited < ASKED + SLACK, "it waited {waited:?}");
    ide.finish().await;
}

#[tokio::test]
async fn a_press_at_a_busy_server_is_told_and_leaves_no_attempt() {
    for status in [429, 503] {
        let mut scene = Scene::behind_proxy(Stub::builder()).await;
        let (ide, _) = scene.signed_in().await;
        let newcomer = scene.signed_out().await;
        let kind = if status == 429 {
            ErrorKind::RateLimited
        } else {
            ErrorKind::ServerUnreachable
        };
        scene
            .proxy()
            .fault("/provider-auth-code", Fault::busy(status, ASKED), 1);
        let refused = ide.connect("github").await.expect_err("no link");
        assert_eq!(
            (refused.kind(), &refused.data["retryable"]),
            (kind, &true.into()),
            "{refused:?}"
        );
        scene
            .proxy()
            .fault("/no-auth/capabilities", Fault::busy(status, ASKED), 1);
        let refused = newcomer.sign_up("github").await.expect_err("no link");
        assert_eq!(
            (refused.kind(), &refused.data["retryable"]),
            (kind, &true.into()),
            "{refused:?}"
        );
        assert!(ide.status().await.attempts.is_empty());
        assert!(newcomer.status().await.attempts.is_empty());
        let started = newcomer.sign_up("github").await.expect("a link");
        newcomer.opened().await;
        scene.browser.approve(&started.url).await;
        newcomer.logged_in().await;
        assert_eq!(
            newcomer.end_of(started.attempt_id).await.outcome,
            Outcome::SignedIn
        );
        scene.connect(&ide, "trello").await;
        newcomer.finish().await;
        ide.finish().await;
    }
}
