//! A laptop's day: it stands still and goes on, changes networks, outlives upgrades of the server; and its IDE dies.

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::ConnectionStatus;
use e2e::methods::ConnectionChanged;
use e2e::{Fault, Kept, Stub};
use serde_json::json;

use crate::scene::{Scene, listening};

const CHANNEL: &str = "/socketcluster/";

async fn away(ide: &e2e::HeadlessIde) {
    ide.await_notification::<ConnectionChanged>(|change| change.status != ConnectionStatus::Reconnected)
        .await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_approved_while_the_machine_stands_still_is_there_when_it_goes_on() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let (ide, _) = scene.signed_in().await;
    let newcomer = scene.signed_out().await;
    let connect = ide.connect("trello").await.expect("a link");
    ide.opened().await;
    let sign_up = newcomer.sign_up("github").await.expect("a link");
    newcomer.opened().await;
    scene.proxy().asked("/no-auth/check-signup", 1).await;
    ide.freeze(true);
    newcomer.freeze(true);
    scene.browser.approve(&connect.url).await;
    scene.browser.approve(&sign_up.url).await;
    // The network does not wait for a machine that sleeps.
    scene.proxy().cut();
    ide.freeze(false);
    newcomer.freeze(false);
    assert_eq!(ide.end_of(connect.attempt_id).await.outcome, Outcome::Connected);
    newcomer.logged_in().await;
    assert_eq!(
        newcomer.end_of(sign_up.attempt_id).await.outcome,
        Outcome::SignedIn
    );
    newcomer.finish().await;
    ide.finish().await;
}

#[tokio::test]
async fn another_network_is_found_without_a_person() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    for _ in 0..3 {
        scene.proxy().break_everything(Fault::Refuse);
        away(&ide).await;
        assert!(ide.status().await.session.is_some(), "trouble signs nobody out");
        scene.proxy().heal();
        listening(&ide).await;
    }
    scene.browser.approve(&started.url).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[tokio::test]
async fn an_upgrade_of_the_server_goes_by_unnoticed() {
    let kept = Kept::new();
    let mut scene = Scene::behind_proxy(Stub::builder().keeping(&kept)).await;
    let (ide, _) = scene.signed_in().await;
    let newcomer = scene.signed_out().await;
    scene.connect(&ide, "github").await;
    let connect = ide.connect("trello").await.expect("a link");
    ide.opened().await;
    let sign_up = newcomer.sign_up("github").await.expect("a link");
    newcomer.opened().await;
    scene.proxy().asked("/no-auth/check-signup", 1).await;

    let proxy = scene.proxy().url();
    let next = Stub::builder()
        .keeping(&kept)
        .args(["--public-url", &proxy])
        .any_exit();
    // A file is one server's, so the old one ends first: what is asked meanwhile finds nobody there.
    let began = e2e::clock::now();
    scene.stub.terminate();
    let code = scene.stub.gone().await;
    assert_eq!(
        code,
        Some(0),
        "after {:?}:\n{}",
        began.elapsed(),
        scene.stub.log()
    );
    scene.stub = next.start().await;
    scene.proxy().forward_to(scene.stub.api());
    scene.proxy().cut();

    scene.browser.approve(&connect.url).await;
    assert_eq!(ide.end_of(connect.attempt_id).await.outcome, Outcome::Connected);
    scene.browser.approve(&sign_up.url).await;
    newcomer.logged_in().await;
    assert_eq!(
        newcomer.end_of(sign_up.attempt_id).await.outcome,
        Outcome::SignedIn
    );
    // The imitated services have moved and have forgotten their tokens; the accounts are as they were.
    for service in ["github", "trello"] {
        assert_eq!(ide.account(service).await.expect("an account").who, "mona");
    }
    newcomer.finish().await;
    ide.finish().await;
}

#[cfg(unix)]
#[tokio::test]
async fn an_agent_ends_with_its_ide_also_when_somebody_else_holds_the_pipe() {
    let scene = Scene::new().await;
    let mut editor = std::process::Command::new("cat")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("a process that stands for the IDE");
    let mut ide = scene.ide().spawn();
    let params = json!({
        "processId": editor.id(), "rootUri": null, "capabilities": {},
        "initializationOptions": {"serverUrl": scene.api()},
    });
    ide.call("initialize", &params).await.expect("an answer");
    ide.tell("initialized", &json!({}));
    ide.status().await;
    editor.kill().expect("killed");
    editor.wait().expect("gone");
    // The pipe is still open: this test holds it.
    assert_eq!(ide.ended().await, Some(1));
}

#[cfg(unix)]
#[tokio::test]
async fn an_agent_whose_ide_is_killed_in_the_middle_of_a_handshake_is_not_orphaned() {
    let mut scene = Scene::new().await;
    let (mut ide, user) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    ide.hang_up();
    assert_eq!(ide.ended().await, Some(1));
    // What is approved afterwards is there when the next IDE comes.
    scene.browser.approve(&started.url).await;
    let next = scene.window(scene.ide(), &user).await;
    assert_eq!(next.account("github").await.expect("an account").who, "mona");
    assert!(next.status().await.attempts.is_empty());
    next.finish().await;
}

#[tokio::test]
async fn an_agent_that_is_killed_takes_nothing_with_it() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let (ide, user) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    ide.kill().await;
    scene.browser.approve(&started.url).await;
    let channels = scene.proxy().exchanges_of(CHANNEL).len();
    let next = scene.window(scene.ide(), &user).await;
    assert_eq!(scene.proxy().exchanges_of(CHANNEL).len(), channels + 1);
    assert!(next.me("github").await.is_ok());
    next.finish().await;
}
