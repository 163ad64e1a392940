//! Sign-in of somebody who is known, and of somebody who is not.

use codestream_protocol::http::SignupStatus;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::LogoutReason;
use e2e::HeadlessIde;
use e2e::methods::{Empty, LoggedOut, Logout};

use crate::scene::Scene;

/// Signs up or in as the first person and gives the user's id.
async fn through_github(scene: &mut Scene, ide: &HeadlessIde, signup: bool) -> (String, SignupStatus) {
    let started = if signup {
        ide.sign_up("github").await
    } else {
        ide.sign_in("github").await
    };
    let started = started.expect("a link");
    assert_eq!(started.url.contains("noSignup=1"), !signup, "{}", started.url);
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    let login = ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    (login.session.user_id.to_string(), login.signup_status)
}

async fn log_out(ide: &HeadlessIde) {
    ide.request::<Logout>(Empty::new())
        .await
        .expect("a logout always succeeds");
    let out = ide.await_notification::<LoggedOut>(|_| true).await;
    assert_eq!(out.reason, LogoutReason::Requested);
}

#[tokio::test]
async fn a_known_identity_is_signed_in_to_its_account() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let (first, status) = through_github(&mut scene, &ide, true).await;
    assert_eq!(status, SignupStatus::TeamCreated);
    for signup in [true, false] {
        log_out(&ide).await;
        assert!(ide.status().await.session.is_none());
        let (again, status) = through_github(&mut scene, &ide, signup).await;
        assert_eq!(
            (again, status),
            (first.clone(), SignupStatus::SignedIn),
            "signup: {signup}"
        );
    }
    ide.finish().await;
}

/// RFC 9700 section 4.7: whoever finishes somebody else's connect link must not become that user.
#[tokio::test]
async fn whoever_finishes_a_connect_link_is_a_stranger_when_they_sign_in() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    log_out(&ide).await;
    let started = ide.sign_in("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Failed, Some(ErrorKind::NotRegistered)),
        "{end:?}"
    );
    assert!(ide.status().await.session.is_none());
    ide.finish().await;
}

#[tokio::test]
async fn an_unknown_identity_is_not_signed_in_without_signing_up() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_in("github").await.expect("a link");
    ide.opened().await;
    let page = scene.browser.approve(&started.url).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Failed, Some(ErrorKind::NotRegistered)),
        "{end:?}"
    );
    assert_eq!(end.code.as_deref(), Some("USRC-1010"));
    assert!(page.text().contains("Sign up first"), "{}", page.text());
    assert!(ide.status().await.session.is_none());
    ide.finish().await;
}

#[tokio::test]
async fn after_a_logout_the_session_token_is_worthless() {
    let scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    log_out(&ide).await;
    let me = scene
        .stub
        .http()
        .get(&scene.stub.url("/users/me"), Some(&user.access_token))
        .await;
    assert_eq!(me.status.as_u16(), 401, "{}", me.text);
    let refused = ide.connect("github").await.expect_err("nobody is signed in");
    assert_eq!(refused.kind(), ErrorKind::NotSignedIn, "{refused:?}");
    ide.finish().await;
}
