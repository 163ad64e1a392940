//! The browser's pages: what they say, what protects them, and the way back.

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use e2e::{Page, Stub, TestBrowser};

use crate::scene::{Scene, listening};

fn guarded(page: &Page) {
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") || policy.contains("default-src 'self'"),
        "{policy}"
    );
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(
        page.header("cache-control").contains("no-store"),
        "{}",
        page.url.path()
    );
    assert_eq!(
        page.header("referrer-policy"),
        "no-referrer",
        "{}",
        page.url.path()
    );
    assert!(
        page.header("content-type").starts_with("text/html"),
        "{}",
        page.header("content-type")
    );
    let inline = page.attributes("script:not([src])", "type");
    assert!(
        inline.is_empty() && !page.html.contains("onclick"),
        "inline script on {}",
        page.url.path()
    );
}

#[tokio::test]
async fn every_page_is_guarded_and_loads_nothing_from_elsewhere() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let success = scene.connect(&ide, "github").await;
    guarded(&success);
    let error = scene
        .browser
        .open(&scene.stub.url("/web/error?code=AUTH-1002&provider=github"))
        .await;
    guarded(&error);
    let fragment = TestBrowser::without_scripts()
        .open(&scene.stub.url("/no-auth/provider-token/trello?state=a"))
        .await;
    guarded(&fragment);
    assert!(
        fragment.text().contains("JavaScript"),
        "without script the page says so: {}",
        fragment.text()
    );
    for page in [&success, &error, &fragment] {
        for asset in page.attributes("link[rel=stylesheet], link[rel=icon]", "href") {
            let url = page.url.join(&asset).expect("a URL");
            assert_eq!(url.origin(), page.url.origin(), "{asset}");
            let answer = scene.stub.http().get(url.as_str(), None).await;
            assert!(answer.status.is_success(), "{asset}: {}", answer.status);
        }
    }
    ide.finish().await;
}

#[tokio::test]
async fn an_error_page_repeats_nothing_of_its_request() {
    let mut scene = Scene::new().await;
    for query in [
        "code=%3Cscript%3Ealert(1)%3C/script%3E&provider=%3Cb%3Ex",
        "code=AUTH-1002&state=marker-of-a-state&provider=marker-of-a-provider",
        "",
    ] {
        let page = scene
            .browser
            .open(&scene.stub.url(&format!("/web/error?{query}")))
            .await;
        assert!(
            page.status.is_success() || page.status.is_client_error(),
            "{}",
            page.status
        );
        for marker in ["alert(1)", "marker-of", "<b>x"] {
            assert!(!page.html.contains(marker), "{marker} in {}", page.html);
        }
    }
}

#[tokio::test]
async fn the_success_page_names_who_where_and_when() {
    let mut scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let page = scene.connect(&ide, "github").await;
    let text = page.text();
    for wanted in [
        "GitHub",
        "mona",
        "Headless IDE",
        "test-machine",
        user.email.as_str(),
        "Started",
    ] {
        assert!(text.contains(wanted), "no {wanted} in {text}");
    }
    assert!(page.has_button("This was not me"), "{:?}", page.buttons());
    // Another browser with the same link learns nothing of it.
    let other = TestBrowser::new().open(page.url.as_str()).await;
    for hidden in ["mona", "test-machine", user.email.as_str()] {
        assert!(!other.text().contains(hidden), "{hidden} in {}", other.text());
    }
    ide.finish().await;
}

#[tokio::test]
async fn this_was_not_me_disconnects_and_revokes() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let page = scene.connect(&ide, "github").await;
    let undone = scene.browser.press(&page, "This was not me").await;
    assert!(undone.title().contains("Undone"), "{}", undone.text());
    guarded(&undone);
    let requests = scene.control().requests("github").await;
    assert!(
        requests.iter().any(|one| one["method"] == "DELETE"),
        "{requests:?}"
    );
    ide.await_notification::<e2e::methods::DataChanged>(|change| {
        change.data.as_array().is_some_and(|rows| {
            rows.iter()
                .any(|row| row["name"] == "github" && row["connected"] == false)
        })
    })
    .await;
    let again = scene.browser.press(&page, "This was not me").await;
    assert_eq!(
        again.text(),
        undone.text(),
        "a second press shows what the first one did"
    );
    ide.finish().await;
}

#[tokio::test]
async fn this_was_not_me_ends_the_session_of_a_sign_up() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let page = scene.browser.approve(&started.url).await;
    let session = ide.logged_in().await.session;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    listening(&ide).await;
    scene.browser.press(&page, "This was not me").await;
    let out = ide.await_notification::<e2e::methods::LoggedOut>(|_| true).await;
    assert_eq!(
        out.reason,
        codestream_protocol::lsp::notification::LogoutReason::SessionEnded
    );
    let me = scene
        .stub
        .http()
        .get(&scene.stub.url("/users/me"), Some(session.token.expose()))
        .await;
    assert_eq!(me.status.as_u16(), 401, "{}", me.text);
    ide.finish().await;
}

#[tokio::test]
async fn a_confirmation_shows_the_code_that_the_ide_shows() {
    let mut scene = Scene::of(Stub::builder().args(["--confirm-sign-in", "always"])).await;
    let (ide, _) = scene.signed_in().await;
    for (decision, outcome) in [("refuse", Outcome::Failed), ("confirm", Outcome::Connected)] {
        let started = ide.connect("github").await.expect("a link");
        ide.opened().await;
        let question = scene.browser.approve(&started.url).await;
        guarded(&question);
        let shown = question.text_of(".code");
        let status = ide.status().await;
        let attempt = status
            .attempts
            .iter()
            .find(|one| one.attempt_id == started.attempt_id);
        assert_eq!(
            attempt.and_then(|one| one.match_code.as_deref()),
            Some(shown.as_str())
        );
        scene.browser.press(&question, decision).await;
        let end = ide.end_of(started.attempt_id).await;
        assert_eq!(end.outcome, outcome, "{decision}: {end:?}");
        assert!(
            outcome == Outcome::Connected || end.kind == Some(ErrorKind::Declined),
            "{end:?}"
        );
    }
    ide.finish().await;
}
