//! An agent that starts with a session from the IDE's secret store.

use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::LogoutReason;
use e2e::methods::LoggedOut;
use e2e::{Kept, Stub};

use crate::scene::{Scene, listening};

#[tokio::test]
async fn a_restarted_agent_goes_on_with_its_stored_session() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    let first = ide.logged_in().await.session;
    ide.end_of(started.attempt_id).await;
    ide.finish().await;

    let ide = scene.ide().session(first.token.expose()).start().await;
    let second = ide.logged_in().await.session;
    assert_eq!((second.user_id, second.email), (first.user_id, first.email));
    listening(&ide).await;
    assert_eq!(
        ide.me("github").await.expect("who it is").login.as_deref(),
        Some("mona")
    );
    scene.connect(&ide, "trello").await;
    ide.finish().await;
}

#[tokio::test]
async fn a_stored_session_that_has_ended_is_told_once() {
    let scene = Scene::new().await;
    let ide = scene.ide().session("no-such-session").start().await;
    let out = ide.await_notification::<LoggedOut>(|_| true).await;
    assert_eq!(out.reason, LogoutReason::SessionEnded);
    let refused = ide.connect("github").await.expect_err("nobody is signed in");
    assert_eq!(refused.kind(), ErrorKind::NotSignedIn, "{refused:?}");
    ide.finish().await;
}

#[tokio::test]
async fn sessions_and_accounts_survive_a_restart_of_the_server() {
    let kept = Kept::new();
    let mut scene = Scene::of(Stub::builder().keeping(&kept)).await;
    let (ide, user) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    ide.finish().await;
    drop(scene);
    let scene = Scene::of(Stub::builder().keeping(&kept)).await;
    let ide = scene.window(scene.ide(), &user).await;
    assert_eq!(ide.account("github").await.expect("an account").who, "mona");
    ide.finish().await;
}
