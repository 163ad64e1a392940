//! Sign-up: the account that was not there before.

use codestream_protocol::http::SignupStatus;
use codestream_protocol::lsp::attempt::{AttemptKind, Outcome};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::ConnectionStatus;
use e2e::{Fault, Stub, clock};

use crate::scene::{AT_ONCE, Scene, listening};

#[tokio::test]
async fn a_new_person_gets_account_team_and_session() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    for part in [
        "/web/provider-auth/github?",
        "signupToken=",
        "codeChallenge=",
        "expiresIn=300000",
    ] {
        assert!(started.url.contains(part), "no {part} in {}", started.url);
    }
    assert!(!started.url.contains("noSignup"), "{}", started.url);
    ide.opened().await;
    let page = scene.browser.approve(&started.url).await;
    let approved = clock::now();
    let login = ide.logged_in().await;
    assert!(
        approved.elapsed() < AT_ONCE,
        "the IDE knows after {:?}",
        approved.elapsed()
    );
    assert!(page.status.is_success(), "{}", page.text());
    assert_eq!(
        (login.signup_status, login.session.email.as_str()),
        (SignupStatus::TeamCreated, "mona@example.com")
    );
    assert!(login.session.team_id.is_some());
    assert_eq!(login.session.server_url.trim_end_matches('/'), scene.stub.api());
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::SignedIn, "{end:?}");

    listening(&ide).await;
    let status = ide.status().await;
    assert_eq!(status.session.expect("a session").email, "mona@example.com");
    assert_eq!(status.connection, ConnectionStatus::Reconnected);
    assert_eq!(status.attempts[0].kind, AttemptKind::SignIn);
    assert_eq!(
        ide.me("github").await.expect("who it is").login.as_deref(),
        Some("mona")
    );
    let me = scene
        .stub
        .http()
        .get(&scene.stub.url("/users/me"), Some(login.session.token.expose()))
        .await;
    assert_eq!(me.json()["user"]["email"], "mona@example.com");
    ide.finish().await;
}

#[tokio::test]
async fn a_new_account_can_connect_a_second_service_at_once() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    scene.connect(&ide, "trello").await;
    for provider in ["github", "trello"] {
        assert!(ide.summary(provider).await.connected, "{provider}");
    }
    ide.finish().await;
}

#[tokio::test]
async fn a_lost_answer_never_strands_a_sign_up() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let ide = scene.signed_out().await;
    // Before anything is asked: the answer that is lost is the first one, which holds the session.
    scene.proxy().fault("/no-auth/check-signup", Fault::LoseReply, 1);
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    let login = ide.logged_in().await;
    assert_eq!(
        login.signup_status,
        SignupStatus::TeamCreated,
        "a repeated answer is the same answer"
    );
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    let asked = scene.proxy().exchanges_of("/no-auth/check-signup");
    assert!(asked.len() >= 2, "{asked:?}");
    ide.finish().await;
}

#[tokio::test]
async fn an_address_that_is_not_verified_is_refused_in_words() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let page = scene.browser.approve_as(&started.url, "newton").await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Failed, Some(ErrorKind::EmailUnverified)),
        "{end:?}"
    );
    assert!(end.message.expect("words").contains("verif"));
    assert!(page.text().contains("not verified"), "{}", page.text());
    assert!(ide.status().await.session.is_none());

    // Nothing is half-stored: the same person is still unknown.
    let again = ide.sign_in("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve_as(&again.url, "newton").await;
    let end = ide.end_of(again.attempt_id).await;
    assert!(
        matches!(
            end.kind,
            Some(ErrorKind::EmailUnverified | ErrorKind::NotRegistered)
        ),
        "{end:?}"
    );
    ide.finish().await;
}

#[tokio::test]
async fn a_service_that_cannot_prove_an_address_cannot_sign_up() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    assert!(!ide.summary("trello").await.can_sign_up);
    match ide.sign_up("trello").await {
        Err(error) => assert_eq!(error.kind(), ErrorKind::IdentityUnsupported, "{error:?}"),
        Ok(started) => {
            ide.opened().await;
            let page = scene.browser.open(&started.url).await;
            assert!(page.text().contains("cannot prove"), "{}", page.text());
            let end = ide.end_of(started.attempt_id).await;
            assert_eq!(end.kind, Some(ErrorKind::IdentityUnsupported), "{end:?}");
        }
    }
    ide.finish().await;
}
