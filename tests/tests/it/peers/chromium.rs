//! A real browser, Chromium, goes through every page: a person's clicks, with scripts and without, in light and in dark.
//!
//! Each page that is passed is taken to `target/screenshots/pages`, and axe, reflow and the browser's console have nothing to say
//! about it.

use std::path::Path;
use std::time::Duration;

use codestream_protocol::ServerCode;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::request::Started;
use e2e::methods::Configure;
use e2e::peer::{Peer, available};
use e2e::{HeadlessIde, Stub, StubBuilder};
use serde_json::{Value, json};

use crate::scene::Scene;

const CHROMIUM: &str = "/usr/bin/chromium";

/// A page that the browser shows.
struct Shown {
    url: String,
    title: String,
    text: String,
}

struct Browser {
    peer: Peer,
    scripts: bool,
}

impl Browser {
    /// `None` where Chromium cannot be had.
    async fn new(scripts: bool) -> Option<Self> {
        if !available("Chromium", Path::new(CHROMIUM).exists()) {
            return None;
        }
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let shots = target
            .parent()
            .expect("the target directory")
            .join("screenshots/pages");
        let shots = shots.display().to_string();
        let mode = if scripts { "scripts" } else { "no-script" };
        // A look is three screenshots and two runs of axe.
        let peer = Peer::start("browser.mjs", &[&shots, mode]).await?;
        let peer = peer.patience(Duration::from_mins(1));
        Some(Self { peer, scripts })
    }

    async fn go(&mut self, op: &str, arguments: Value) -> Shown {
        let at = self.peer.ok(op, arguments).await;
        let text = |key: &str| at[key].as_str().expect("text").to_owned();
        Shown {
            url: text("url"),
            title: text("title"),
            text: text("text"),
        }
    }

    async fn open(&mut self, url: &str) -> Shown {
        self.go("open", json!({ "url": url })).await
    }

    async fn press(&mut self, name: &str) -> Shown {
        self.go("press", json!({ "name": name })).await
    }

    async fn read(&mut self, text: &str) -> Shown {
        self.go("read", json!({ "text": text })).await
    }

    /// The page is taken under this name, and is as it should be.
    async fn look(&mut self, name: &str) {
        let name = if self.scripts {
            name.to_owned()
        } else {
            format!("{name}-no-script")
        };
        let wrong = self.peer.ok("look", json!({ "name": name })).await;
        assert_eq!(wrong, json!([]), "{name}: {wrong:#}");
        let trouble = self.peer.ok("trouble", json!({})).await;
        assert_eq!(trouble, json!([]), "{name}: {trouble:#}");
    }

    /// From the link to the consent page.
    async fn up_to_consent(&mut self, link: &str, shots: Option<&str>) -> Shown {
        let page = self.open(link).await;
        assert!(
            page.text.contains("Mona Lisa"),
            "a choice of people: {}",
            page.text
        );
        if let Some(name) = shots {
            self.look(&format!("{name}-1-who")).await;
        }
        let page = self.press("Mona Lisa").await;
        if let Some(name) = shots {
            self.look(&format!("{name}-2-consent")).await;
        }
        page
    }
}

async fn connecting(ide: &HeadlessIde, provider: &str) -> Started {
    let started = ide.connect(provider).await.expect("a link");
    ide.opened().await;
    started
}

async fn ends(ide: &HeadlessIde, started: &Started, outcome: Outcome) {
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, outcome, "{end:?}");
}

/// Connect, the success page, and the way back.
async fn connect_and_take_back(scene: &Scene, browser: &mut Browser) {
    let (ide, user) = scene.signed_in().await;
    let started = connecting(&ide, "github").await;
    browser.up_to_consent(&started.url, Some("connect")).await;
    let done = browser.press("Approve").await;
    assert!(done.title.contains("GitHub is connected"), "{}", done.title);
    for wanted in ["mona", &user.email, "Headless IDE", "test-machine"] {
        assert!(done.text.contains(wanted), "no {wanted} in {}", done.text);
    }
    browser.look("connect-3-done").await;
    ends(&ide, &started, Outcome::Connected).await;
    let undone = browser.press("This was not me").await;
    assert!(undone.title.contains("Undone"), "{}", undone.text);
    browser.look("connect-4-undone").await;
    // Without its cookie it is any other browser.
    let plain = browser.open(&done.url).await;
    assert!(!plain.text.contains("mona"), "{}", plain.text);
    browser.look("connect-5-done-plain").await;
    ide.finish().await;
}

/// A token made by hand took the place of the one that was granted: only its maker can end it, on the service's page.
async fn take_back_by_hand(scene: &Scene, browser: &mut Browser) {
    let (ide, _) = scene.signed_in().await;
    let started = connecting(&ide, "github").await;
    browser.up_to_consent(&started.url, None).await;
    browser.press("Approve").await;
    ends(&ide, &started, Outcome::Connected).await;
    let by_hand = json!({"providerId": "github", "data": {"accessToken": "ghp_byHand"}});
    let by_hand = serde_json::from_value(by_hand).expect("what to configure");
    ide.request::<Configure>(by_hand).await.expect("it is kept");
    let undone = browser.press("This was not me").await;
    assert!(undone.text.contains("End it on its own page"), "{}", undone.text);
    browser.look("connect-6-undone-by-hand").await;
    ide.finish().await;
}

/// Sign up, the success page, and the way back.
async fn sign_up_and_take_back(scene: &Scene, browser: &mut Browser) {
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    browser.up_to_consent(&started.url, Some("sign-up")).await;
    let done = browser.press("Approve").await;
    assert!(done.title.contains("You are signed in"), "{}", done.title);
    browser.look("sign-up-3-done").await;
    ide.logged_in().await;
    ends(&ide, &started, Outcome::SignedIn).await;
    crate::scene::listening(&ide).await;
    let undone = browser.press("This was not me").await;
    assert!(undone.text.contains("signed out"), "{}", undone.text);
    browser.look("sign-up-4-undone").await;
    ide.await_notification::<e2e::methods::LoggedOut>(|_| true).await;
    ide.finish().await;
}

async fn decline(scene: &Scene, browser: &mut Browser) {
    let (ide, _) = scene.signed_in().await;
    let started = connecting(&ide, "github").await;
    browser.up_to_consent(&started.url, None).await;
    let declined = browser.press("Deny").await;
    assert!(
        declined.text.contains("You declined. Nothing was changed."),
        "{}",
        declined.text
    );
    browser.look("deny").await;
    ends(&ide, &started, Outcome::Failed).await;
    ide.finish().await;
}

/// The question whether the IDE shows the same code, answered in both ways, for both kinds.
async fn confirm(browser: &mut Browser) {
    let scene = Scene::of(asking()).await;
    let (ide, _) = scene.signed_in().await;
    for (answer, outcome) in [
        ("No, stop", Outcome::Failed),
        ("Yes, continue", Outcome::Connected),
    ] {
        let started = connecting(&ide, "github").await;
        browser.peer.ok("fresh", json!({})).await;
        browser.up_to_consent(&started.url, None).await;
        let question = browser.press("Approve").await;
        let status = ide.status().await;
        let attempt = status
            .attempts
            .iter()
            .find(|one| one.attempt_id == started.attempt_id);
        let code = attempt
            .and_then(|one| one.match_code.clone())
            .expect("a code to compare");
        assert!(question.text.contains(&code), "no {code} in {}", question.text);
        browser.look("confirm-connect").await;
        browser.press(answer).await;
        if outcome == Outcome::Failed {
            browser.look("confirm-refused").await;
        }
        ends(&ide, &started, outcome).await;
    }
    ide.finish().await;

    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    browser.peer.ok("fresh", json!({})).await;
    browser.up_to_consent(&started.url, None).await;
    browser.press("Approve").await;
    browser.look("confirm-sign-up").await;
    let done = browser.press("Yes, continue").await;
    assert!(done.title.contains("You are signed in"), "{}", done.title);
    ide.logged_in().await;
    ends(&ide, &started, Outcome::SignedIn).await;
    crate::scene::listening(&ide).await;
    ide.finish().await;
}

fn asking() -> StubBuilder {
    Stub::builder().args(["--confirm-sign-in", "always"])
}

async fn every_page(browser: &mut Browser) {
    let scene = Scene::new().await;
    connect_and_take_back(&scene, browser).await;
    browser.peer.ok("fresh", json!({})).await;
    take_back_by_hand(&scene, browser).await;
    browser.peer.ok("fresh", json!({})).await;
    sign_up_and_take_back(&scene, browser).await;
    browser.peer.ok("fresh", json!({})).await;
    decline(&scene, browser).await;
    confirm(browser).await;
}

#[tokio::test]
async fn a_person_clicks_through_every_page() {
    let Some(mut browser) = Browser::new(true).await else {
        return;
    };
    every_page(&mut browser).await;
}

#[tokio::test]
async fn every_page_works_without_scripts() {
    let Some(mut browser) = Browser::new(false).await else {
        return;
    };
    every_page(&mut browser).await;
    // All but the one that says so.
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = connecting(&ide, "trello").await;
    browser.up_to_consent(&started.url, Some("trello")).await;
    let stuck = browser.press("Approve").await;
    assert!(stuck.text.contains("needs JavaScript"), "{}", stuck.text);
    browser.look("fragment").await;
    ide.cancel(started.attempt_id).await.expect("it is cancelled");
    ends(&ide, &started, Outcome::Cancelled).await;
    ide.finish().await;
}

#[tokio::test]
async fn a_token_in_the_fragment_is_handed_over_by_the_page() {
    let Some(mut browser) = Browser::new(true).await else {
        return;
    };
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = connecting(&ide, "trello").await;
    browser.up_to_consent(&started.url, Some("trello")).await;
    browser
        .peer
        .ok("intercept", json!({"method": "POST", "how": "pass"}))
        .await;
    browser.press("Approve").await;
    let done = browser.read("Trello is connected").await;
    browser.look("trello-3-done").await;
    assert!(!done.url.contains("token="), "{}", done.url);
    ends(&ide, &started, Outcome::Connected).await;

    // The page while it works, and when it cannot: it is opened as the third party would open it.
    let callback = scene.stub.url("/no-auth/provider-token/trello?state=x#token=abc");
    for (how, text, name) in [
        ("hold", "Leave this tab open", "fragment-working"),
        ("abort", "is not connected", "fragment-failed"),
    ] {
        // First, or a request that is held until now is answered and takes the page elsewhere.
        browser.open("about:blank").await;
        browser
            .peer
            .ok("intercept", json!({"method": "POST", "how": how}))
            .await;
        browser.open(&callback).await;
        let page = browser.read(text).await;
        assert!(
            !page.url.contains("state=") && !page.url.contains("token="),
            "{}",
            page.url
        );
        if how == "abort" {
            browser.peer.ok("trouble", json!({})).await;
        }
        browser.look(name).await;
    }
    ide.finish().await;
}

#[tokio::test]
async fn every_error_page_is_finished() {
    let Some(mut browser) = Browser::new(true).await else {
        return;
    };
    let stub = Stub::start().await;
    for code in ServerCode::ALL {
        let code = code.as_str();
        let page = browser
            .open(&stub.url(&format!("/web/error?code={code}&provider=github&with=trello")))
            .await;
        assert!(page.text.contains(code), "{}", page.text);
        browser.look(&format!("error-{code}")).await;
    }
    let page = browser.open(&stub.url("/web/error?code=PRVD-1001")).await;
    assert!(!page.text.contains("GitHub"), "{}", page.text);
    browser.look("error-without-service").await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    let Some(mut browser) = Browser::new(true).await else {
        return;
    };
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = connecting(&ide, "github").await;
    browser.open(&started.url).await;
    for (name, title) in [
        ("Mona Lisa", "Authorize"),
        ("Approve", "GitHub is connected"),
        ("This was not me", "Undone"),
    ] {
        let at = browser.peer.ok("tabTo", json!({ "name": name })).await;
        assert!(
            at["title"].as_str().is_some_and(|at| at.contains(title)),
            "{name}: {at}"
        );
        assert_eq!(at["outline"], "solid", "the focus shows: {at}");
    }
    ends(&ide, &started, Outcome::Connected).await;
    ide.finish().await;
}
