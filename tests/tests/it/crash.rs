//! A server that is killed without a word, at every moment of a handshake, and started again on the same database.

use codestream_protocol::lsp::attempt::Outcome;
use e2e::methods::AttemptReopen;
use e2e::{Fault, Kept, Stub, StubBuilder};
use serde_json::json;

use crate::scene::{Scene, listening};

const CHECK_SIGNUP: &str = "/no-auth/check-signup";
const CALLBACK: &str = "/no-auth/provider-token/github";
const CHANNEL: &str = "/socketcluster/";
const TOKEN: &str = "/sandbox/github/login/oauth/access_token";

/// Starts servers that share a database.
struct Machine {
    kept: Kept,
}

impl Machine {
    async fn scene() -> (Self, Scene) {
        let machine = Self { kept: Kept::new() };
        let scene = Scene::behind_proxy(machine.stub()).await;
        (machine, scene)
    }

    fn stub(&self) -> StubBuilder {
        Stub::builder().keeping(&self.kept)
    }

    /// Kills the server and starts the next one.
    async fn crash(&self, scene: &mut Scene) {
        scene.stub.kill().await;
        let proxy = scene.proxy().url();
        scene.stub = self.stub().args(["--public-url", &proxy]).start().await;
        scene.proxy().forward_to(scene.stub.api());
        // The other ends of a killed process's connections end with it.
        scene.proxy().cut();
    }
}

#[tokio::test]
async fn what_was_stored_before_the_kill_is_delivered_after_it() {
    let (machine, mut scene) = Machine::scene().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    scene.proxy().fault(CHANNEL, Fault::Refuse, usize::MAX);
    scene.proxy().cut();
    let page = scene.browser.press(&consent, "approve").await;
    assert!(page.status.is_success(), "{}", page.text());
    machine.crash(&mut scene).await;
    scene.proxy().heal();
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    assert_eq!(ide.account("github").await.expect("an account").who, "mona");
    listening(&ide).await;
    ide.finish().await;
}

#[tokio::test]
async fn the_token_of_the_app_itself_is_there_after_a_kill_that_follows_the_connect_at_once() {
    let (machine, mut scene) = Machine::scene().await;
    let (ide, user) = scene.signed_in().await;
    let started = ide.connect("slack").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    let killed = json!({"publish": {"abortBefore": true}});
    scene.control().fault(killed).await;
    scene.come_back_fatally(&callback).await;
    machine.crash(&mut scene).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    let login = scene.stub.url("/login");
    let login = scene
        .stub
        .http()
        .put(&login, Some(&user.access_token), &json!({}))
        .await
        .json();
    let workspace = &login["teams"][0]["serverProviderToken"]["slack"]["multiple"]["T0ACME000"];
    assert_eq!(workspace["connected"], true, "{}", e2e::redact(&login));
    ide.finish().await;
}

#[tokio::test]
async fn a_grant_that_was_stored_before_the_kill_signs_in_after_it() {
    let (machine, mut scene) = Machine::scene().await;
    let ide = scene.signed_out().await;
    scene.proxy().fault(CHECK_SIGNUP, Fault::Refuse, usize::MAX);
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let page = scene.browser.approve(&started.url).await;
    assert!(page.status.is_success(), "{}", page.text());
    machine.crash(&mut scene).await;
    scene.proxy().heal();
    let login = ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    assert_eq!(login.session.email, "mona@example.com");
    ide.finish().await;
}

#[tokio::test]
async fn an_approval_after_the_kill_connects_and_signs_in() {
    let (machine, mut scene) = Machine::scene().await;
    let (ide, _) = scene.signed_in().await;
    let newcomer = scene.signed_out().await;
    let connect = ide.connect("trello").await.expect("a link");
    ide.opened().await;
    let sign_up = newcomer.sign_up("github").await.expect("a link");
    newcomer.opened().await;
    scene.proxy().asked(CHECK_SIGNUP, 1).await;
    machine.crash(&mut scene).await;
    scene.browser.approve(&connect.url).await;
    assert_eq!(ide.end_of(connect.attempt_id).await.outcome, Outcome::Connected);
    scene.browser.approve(&sign_up.url).await;
    newcomer.logged_in().await;
    assert_eq!(
        newcomer.end_of(sign_up.attempt_id).await.outcome,
        Outcome::SignedIn
    );
    newcomer.finish().await;
    ide.finish().await;
}

#[tokio::test]
async fn a_kill_in_the_middle_of_the_exchange_stores_nothing_and_opening_again_connects_once() {
    let (machine, mut scene) = Machine::scene().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    let slow = json!({"route": {"path": TOKEN, "delayMs": 5000}});
    scene.control().fault(slow).await;
    let Scene { browser, stub, proxy } = &mut scene;
    let (lost, ()) = tokio::join!(browser.returns(&callback), async {
        proxy.as_ref().expect("a proxy").asked(CALLBACK, 1).await;
        stub.kill().await;
    });
    assert_eq!(lost, None);
    machine.crash(&mut scene).await;
    listening(&ide).await;
    assert!(ide.account("github").await.is_none());
    let again = ide
        .request::<AttemptReopen>(codestream_protocol::lsp::request::ReopenParams {
            attempt_id: started.attempt_id,
            open: true,
        })
        .await
        .expect("a new link for the same attempt");
    assert_eq!(ide.opened().await.url, again.url);
    scene.browser.approve(&again.url).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    assert_eq!(ide.status().await.attempts.len(), 1);
    ide.finish().await;
}
