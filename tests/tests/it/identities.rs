//! Ways to sign in: nothing but a sign-up and a confirmed link makes one (RFC 9700 4.7, CWE-384). Sessions: seen and ended.

use codestream_protocol::lsp::attempt::{Attempt, Outcome, Step};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::LogoutReason;
use codestream_protocol::lsp::request::{AttemptParams, LinkParams, SessionEnd, UnlinkParams};
use e2e::methods::{
    AttemptConfirm, Empty, EndSession, ListSessions, LoggedOut, LoginIdentities, LoginLink, LoginUnlink,
    Logout,
};
use e2e::{HeadlessIde, Stub, TestBrowser};

use crate::scene::{Scene, sign_in};

/// Presses for a further way to sign in and comes back from the browser as this person.
async fn come_back(ide: &HeadlessIde, browser: &mut TestBrowser, provider: &str, person: &str) -> Attempt {
    let link = LinkParams {
        provider: provider.to_owned(),
    };
    let started = ide.request::<LoginLink>(link).await.expect("a link");
    ide.opened().await;
    browser.approve_as(&started.url, person).await;
    ide.reaches(started.attempt_id, Step::Confirming).await
}

fn named(attempt: &Attempt) -> AttemptParams {
    AttemptParams {
        attempt_id: attempt.attempt_id,
    }
}

/// A stranger presses Sign in with this person's account; `None`: nobody is signed in, as it must be.
async fn signs_in(scene: &Scene, provider: &str, person: &str) -> Option<String> {
    let ide = scene.signed_out().await;
    let started = ide.sign_in(provider).await.expect("a link");
    ide.opened().await;
    let mut browser = TestBrowser::new();
    let page = browser.approve_as(&started.url, person).await;
    if page.has_button("Yes, continue") {
        browser.press(&page, "Yes, continue").await;
    }
    let end = ide.end_of(started.attempt_id).await;
    let user = if end.outcome == Outcome::SignedIn {
        Some(ide.logged_in().await.session.user_id.to_string())
    } else {
        assert_eq!(end.kind, Some(ErrorKind::NotRegistered), "{end:?}");
        None
    };
    ide.finish().await;
    user
}

#[tokio::test]
async fn an_attacker_who_finishes_a_connect_link_and_confirms_it_never_signs_in_as_its_owner() {
    let mut scene = Scene::of(Stub::builder().args(["--confirm-sign-in", "always"])).await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let mut attacker = TestBrowser::new();
    let question = attacker.approve_as(&started.url, "ada").await;
    attacker.press(&question, "Yes, continue").await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    assert_eq!(signs_in(&scene, "github", "ada").await, None);
    ide.disconnect("github").await.expect("disconnected");
    assert_eq!(signs_in(&scene, "github", "ada").await, None);
    ide.request::<Logout>(Empty::new()).await.expect("signed out");
    ide.await_notification::<LoggedOut>(|_| true).await;
    assert_eq!(signs_in(&scene, "github", "ada").await, None);
    ide.finish().await;
    scene.browser = attacker;
}

#[tokio::test]
async fn a_link_that_its_ide_confirms_signs_in_and_can_be_removed_again() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    let login = sign_in(&ide, &mut scene.browser, started).await;
    let asked = come_back(&ide, &mut scene.browser, "gitlab", "ada").await;
    assert!(
        asked.account.as_deref().is_some_and(|name| name.contains("ada")),
        "{asked:?}"
    );
    assert_eq!(
        signs_in(&scene, "gitlab", "ada").await,
        None,
        "nothing is linked yet"
    );
    ide.request::<AttemptConfirm>(named(&asked))
        .await
        .expect("linked");
    let end = ide.end_of(asked.attempt_id).await;
    assert_eq!((end.outcome, end.account), (Outcome::Connected, asked.account));
    let user = login.session.user_id.to_string();
    assert_eq!(signs_in(&scene, "gitlab", "ada").await, Some(user));

    let listed = ide
        .request::<LoginIdentities>(Empty::new())
        .await
        .expect("a list");
    let services: Vec<_> = listed
        .identities
        .iter()
        .map(|one| one.provider.as_str())
        .collect();
    assert_eq!(services, ["github", "gitlab"]);
    let [own, linked] = [0, 1].map(|at| UnlinkParams {
        identity_id: listed.identities[at].identity_id,
    });
    ide.request::<LoginUnlink>(linked).await.expect("unlinked");
    assert_eq!(signs_in(&scene, "gitlab", "ada").await, None);
    let last = ide
        .request::<LoginUnlink>(own)
        .await
        .expect_err("it is the last one");
    assert_eq!(last.kind(), ErrorKind::Forbidden, "{last:?}");
    ide.finish().await;
}

#[tokio::test]
async fn a_link_that_is_cancelled_or_that_another_user_confirms_links_nothing() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let other = scene.control().user().await;
    let asked = come_back(&ide, &mut scene.browser, "gitlab", "ada").await;
    // The handshake's id stands in the answer page's address.
    let id = scene.browser.trail().iter().rev().find_map(|hop| {
        let mut pairs = hop.url.query_pairs();
        pairs.find_map(|(name, value)| (name == "id").then(|| value.into_owned()))
    });
    let route = scene.stub.url(&format!("/provider-link/{}", id.expect("an id")));
    let http = scene.stub.http();
    let nothing = serde_json::json!({});
    let refused = http.put(&route, Some(&other.access_token), &nothing).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    assert_eq!(signs_in(&scene, "gitlab", "ada").await, None);
    ide.cancel(asked.attempt_id).await.expect("cancelled");
    assert_eq!(ide.end_of(asked.attempt_id).await.outcome, Outcome::Cancelled);
    assert_eq!(signs_in(&scene, "gitlab", "ada").await, None);
    ide.finish().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_their_ide_hears_of_it() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    sign_in(&ide, &mut scene.browser, started).await;
    let other = scene.signed_out().await;
    let started = other.sign_in("github").await.expect("a link");
    sign_in(&other, &mut scene.browser, started).await;
    let listed = ide.request::<ListSessions>(Empty::new()).await.expect("a list");
    assert_eq!(listed.sessions.len(), 2, "{listed:?}");
    assert_eq!(listed.sessions.iter().filter(|one| one.current).count(), 1);
    for session in &listed.sessions {
        assert_eq!(session.machine.as_deref(), Some("test-machine"), "{session:?}");
    }
    let ended = ide
        .request::<EndSession>(SessionEnd { session_id: None })
        .await
        .expect("all others end");
    assert_eq!(ended.ended, 1);
    let out = other.await_notification::<LoggedOut>(|_| true).await;
    assert_eq!(out.reason, LogoutReason::SessionEnded);
    assert!(ide.status().await.session.is_some());
    other.finish().await;
    ide.finish().await;
}
