//! What people and callbacks can do to a connect.

use std::collections::BTreeSet;

use codestream_protocol::http::Revoked;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use e2e::services::{SignUp, Told};

use super::bench::{Bench, tampered};

pub(super) async fn approve(bench: &mut Bench) {
    let service = bench.service;
    // Before a browser opens, a person can read what will be asked for, and why.
    let listed = bench.ide.summary(service.name).await.scopes;
    assert!(
        !listed.is_empty() && listed.iter().all(|one| !one.reason.is_empty()),
        "{listed:?}"
    );
    let page = bench.connect().await;
    if let Some(asked) = bench.seen().await.asked_for() {
        let listed: BTreeSet<_> = listed.into_iter().map(|one| one.scope).collect();
        assert_eq!(asked, listed, "neither more nor less is asked for than is listed");
    }
    assert!(
        page.status.is_success() && page.title().contains(service.title),
        "{}",
        page.text()
    );
    let summary = bench.ide.summary(service.name).await;
    assert!(summary.connected, "{summary:?}");
    // Where one token is good in several workspaces, each row says which one it is.
    let (who, place) = match summary.accounts[0].who.split_once(" (") {
        Some((who, place)) => (who, Some(place)),
        None => (summary.accounts[0].who.as_str(), None),
    };
    assert_eq!((who, place.is_some()), (service.who, summary.accounts.len() > 1));
    assert_eq!(summary.can_sign_up, service.sign_up != SignUp::Cannot);
    let me = bench.ide.me(service.name).await.expect("a direct call");
    assert!(!me.id.is_empty() && !me.name.is_empty(), "{me:?}");
    assert_eq!(me.login.as_deref(), Some(service.who));
    assert_eq!(bench.seen().await.pkce(), service.answer.pkce());
}

pub(super) async fn deny(bench: &mut Bench) {
    let started = bench.press().await;
    let page = bench.scene.browser.deny(&started.url).await;
    match bench.service.denial {
        Told::Callback => {
            let words = bench
                .fails(&started, &page, ErrorKind::Declined, "PRVD-1006")
                .await;
            assert_eq!(words, "You declined. Nothing was changed.");
        }
        Told::Nobody => bench.still_waits(&started).await,
    }
    assert!(bench.is_connected().await, "nothing was changed");
}

pub(super) async fn wrong_state(bench: &mut Bench) {
    let (started, callback) = bench.up_to_the_callback().await;
    let exchanges = bench.seen().await.exchanges();
    let wrong = tampered(&callback, bench.service.answer);
    let page = bench.scene.browser.open(wrong.as_str()).await;
    assert!(page.text().contains("AUTH-1002"), "{}", page.text());
    assert_eq!(
        bench.seen().await.exchanges(),
        exchanges,
        "checked before anything is exchanged"
    );
    // The attempt is still alive, and the state that the service was given still good.
    let page = bench.scene.browser.open(callback.as_str()).await;
    assert!(page.status.is_success(), "{}", page.text());
    let end = bench.ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::Connected, "{end:?}");
}

pub(super) async fn organisation_wall(bench: &mut Bench) {
    let started = bench.press().await;
    let page = bench.scene.browser.approve_as(&started.url, "otto").await;
    match bench.service.wall {
        Some(Told::Callback) => {
            let words = bench
                .fails(&started, &page, ErrorKind::AdminApproval, "PRVD-1011")
                .await;
            assert!(words.contains("administrator"), "{words}");
        }
        Some(Told::Nobody) => {
            assert!(page.text().contains("administrator"), "{}", page.text());
            bench.still_waits(&started).await;
        }
        None => {
            let end = bench.ide.end_of(started.attempt_id).await;
            assert_eq!(end.outcome, Outcome::Connected, "{end:?}");
            let account = end.account.expect("an account");
            assert!(account.contains("otto"), "{account}");
        }
    }
    // Whoever it was, the ordinary person comes next.
    bench.connect().await;
}

pub(super) async fn disconnect(bench: &mut Bench) {
    let name = bench.name();
    let answer = bench.ide.disconnect(name).await.expect("it is disconnected");
    assert_eq!(answer.revoked, bench.service.revoked);
    assert_eq!(
        answer.manual_url.is_some(),
        answer.revoked != Revoked::Yes,
        "a page, where only the person can end it: {answer:?}"
    );
    assert!(!bench.is_connected().await);
    let refused = bench
        .ide
        .me(name)
        .await
        .expect_err("there is no account any more");
    assert!(
        !refused.message.is_empty() && refused.kind() != ErrorKind::Internal,
        "{refused:?}"
    );
}
