//! What an organisation's administrator must do, and what must be waited for: told by its kind, with a link or a request to
//! pass on, and never as a lost connection.

use codestream_protocol::lsp::attempt::{Outcome, Step};
use codestream_protocol::lsp::error::ErrorKind;
use serde_json::json;

use crate::scene::Scene;

#[tokio::test]
async fn an_organisation_with_single_sign_on_is_told_with_its_link() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve_as(&started.url, "otto").await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    let called = ide.called("github", "orgs/acme").await.expect("an answer");
    assert_eq!(called.answer.status, 403);
    let refusal = called.refusal.expect("it is no success");
    assert_eq!(refusal.kind, ErrorKind::SsoRequired);
    assert!(
        refusal
            .link
            .is_some_and(|link| link.starts_with("https://github.com/orgs/acme/sso?")),
        "{}",
        refusal.message
    );
    assert!(ide.summary("github").await.connected);
    assert!(
        ide.called("github", "user")
            .await
            .expect("an answer")
            .refusal
            .is_none()
    );
    ide.finish().await;
}

#[tokio::test]
async fn an_azure_organisation_that_keeps_apps_out_is_not_a_lost_connection() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "azuredevops").await;
    let called = ide
        .called("azuredevops", "closed/_apis/projects")
        .await
        .expect("an answer");
    assert_eq!(called.answer.status, 401);
    let refusal = called.refusal.expect("it is no success");
    assert_eq!(refusal.kind, ErrorKind::AdminApproval);
    assert!(
        refusal.link.is_some() && refusal.message.contains("administrator"),
        "{refusal:?}"
    );
    assert!(ide.summary("azuredevops").await.connected);
    let open = ide
        .called("azuredevops", "acme/_apis/projects")
        .await
        .expect("an answer");
    assert_eq!((open.answer.status, open.refusal), (200, None));
    ide.finish().await;
}

async fn consent_of_an_administrator(provider: &str) {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect(provider).await.expect("a link");
    ide.opened().await;
    let page = scene.browser.approve_as(&started.url, "otto").await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind, end.code.as_deref()),
        (Outcome::Failed, Some(ErrorKind::AdminApproval), Some("PRVD-1011")),
        "{end:?}"
    );
    let message = end.message.expect("words");
    assert!(
        message.contains("Please approve CodeStream")
            && message.contains("/organizations/adminconsent?client_id="),
        "a request to pass on: {message}"
    );
    let link = end.link.expect("the administrator's page");
    assert!(message.contains(&link), "{message}");
    assert!(page.text().contains("PRVD-1011"), "{}", page.text());
    assert!(ide.summary(provider).await.accounts.is_empty());
    ide.finish().await;
}

#[tokio::test]
async fn consent_of_an_administrator_for_msteams_is_asked_for_in_words_to_pass_on() {
    consent_of_an_administrator("msteams").await;
}

#[tokio::test]
async fn consent_of_an_administrator_is_asked_for_at_a_sign_up_too() {
    let mut scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("msteams").await.expect("a link");
    ide.opened().await;
    scene.browser.approve_as(&started.url, "otto").await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Failed, Some(ErrorKind::AdminApproval)),
        "{end:?}"
    );
    let link = end.link.expect("the administrator's page");
    assert!(link.contains("/organizations/adminconsent?client_id="), "{link}");
    ide.finish().await;
}

#[tokio::test]
async fn consent_of_an_administrator_for_azure_is_asked_for_in_words_to_pass_on() {
    consent_of_an_administrator("azuredevops").await;
}

#[tokio::test]
async fn a_workspace_that_wants_approval_says_so_itself_and_the_attempt_can_be_given_up() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("slack").await.expect("a link");
    ide.opened().await;
    ide.reaches(started.attempt_id, Step::Waiting).await;
    let page = scene.browser.approve_as(&started.url, "otto").await;
    assert!(
        page.text().contains("administrator must approve"),
        "{}",
        page.text()
    );
    ide.cancel(started.attempt_id).await.expect("it is given up");
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Cancelled);
    ide.finish().await;
}

#[tokio::test]
async fn too_many_requests_are_a_pause_and_no_lost_connection() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    scene
        .control()
        .fault(json!({"route": {"path": "/sandbox/github/api/user", "retryAfterS": 120}}))
        .await;
    let called = ide.called("github", "user").await.expect("an answer");
    assert_eq!(called.answer.status, 429);
    let refusal = called.refusal.expect("it is no success");
    assert_eq!(refusal.kind, ErrorKind::RateLimited);
    assert!(refusal.message.contains("paused until "), "{}", refusal.message);
    let refused = ide.me("github").await.expect_err("paused");
    assert_eq!(refused.kind(), ErrorKind::RateLimited, "{refused:?}");
    assert!(refused.message.contains("paused until "), "{refused:?}");
    let row = ide.summary("github").await;
    assert!(row.connected && row.accounts[0].error.is_none(), "{row:?}");
    scene.control().fault(json!({"reset": true})).await;
    assert!(ide.me("github").await.is_ok());
    ide.finish().await;
}
