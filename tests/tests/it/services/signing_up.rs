//! Signing up with a service, or being told why not.

use codestream_protocol::http::SignupStatus;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::Started;
use e2e::services::{SERVICES, SignUp};
use e2e::{HeadlessIde, TestBrowser};

use super::bench::Bench;

/// In an IDE that nobody is signed in to, up to the link.
async fn pressed(bench: &mut Bench, service: &str) -> (HeadlessIde, Started) {
    bench.scene.browser = TestBrowser::new();
    let ide = bench.scene.signed_out().await;
    let started = ide.sign_up(service).await.expect("a link");
    ide.opened().await;
    (ide, started)
}

pub(super) async fn unproven_address(bench: &mut Bench) {
    if bench.service.sign_up == SignUp::Cannot {
        return no_identity(bench).await;
    }
    let (ide, started) = pressed(bench, bench.name()).await;
    let page = bench.scene.browser.approve_as(&started.url, "newton").await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind, end.code.as_deref()),
        (
            Outcome::Failed,
            Some(ErrorKind::EmailUnverified),
            Some("PRVD-1012")
        ),
        "{end:?}"
    );
    let words = end.message.expect("words for a person");
    assert!(words.contains(bench.service.title), "{words}");
    assert!(page.text().contains("PRVD-1012"), "{}", page.text());
    assert!(ide.status().await.session.is_none());
    ide.finish().await;
}

/// The agent makes no link, and the server follows none that was made by somebody else.
async fn no_identity(bench: &mut Bench) {
    let ide = bench.scene.signed_out().await;
    let refused = ide.sign_up(bench.name()).await.expect_err("there is no link");
    assert_eq!(
        (refused.kind(), refused.data["serverCode"].as_str()),
        (ErrorKind::IdentityUnsupported, Some("PRVD-1004"))
    );
    assert!(refused.message.contains("cannot prove"), "{refused:?}");
    ide.finish().await;

    let able = SERVICES.iter().find(|one| one.sign_up == SignUp::Connects);
    let able = able.expect("a service that can").name;
    let (ide, started) = pressed(bench, able).await;
    let path = |name: &str| format!("/web/provider-auth/{name}?");
    let url = started.url.replace(&path(able), &path(bench.name()));
    let page = bench.scene.browser.open(&url).await.text();
    for words in ["PRVD-1004", "cannot prove", bench.service.title] {
        assert!(page.contains(words), "no {words} in {page}");
    }
    ide.cancel(started.attempt_id).await.expect("it is cancelled");
    ide.end_of(started.attempt_id).await;
    assert!(ide.status().await.session.is_none());
    ide.finish().await;
}

pub(super) async fn new_account(bench: &mut Bench) {
    if bench.service.sign_up == SignUp::Cannot {
        assert!(
            !bench.ide.summary(bench.name()).await.can_sign_up,
            "nor is it offered"
        );
        return;
    }
    let (ide, started) = pressed(bench, bench.name()).await;
    let page = bench.scene.browser.approve_as(&started.url, "ada").await;
    assert!(page.status.is_success(), "{}", page.text());
    let login = ide.logged_in().await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::SignedIn, "{end:?}");
    assert_eq!(
        (login.signup_status, login.session.email.as_str()),
        (SignupStatus::TeamCreated, "ada@example.com")
    );
    let connects = bench.service.sign_up == SignUp::Connects;
    assert_eq!(ide.summary(bench.name()).await.connected, connects);
    if connects {
        let me = ide.me(bench.name()).await.expect("a direct call");
        assert!(me.name.to_lowercase().contains("ada"), "{me:?}");
    }
    ide.finish().await;
}
