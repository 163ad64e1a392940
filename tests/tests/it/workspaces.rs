//! Several workspaces or sites of one service side by side: with a token each, or sharing one.

use codestream_protocol::http::Revoked;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use e2e::HeadlessIde;
use serde_json::{Value, json};

use crate::scene::Scene;

const ACME: &str = "T0ACME000";
const UMBRELLA: &str = "T0UMBRELLA";
const FIRST_SITE: &str = "1324a887-45db-1bf4-1e99-ef0ff456d421";
const SECOND_SITE: &str = "5511a887-45db-1bf4-1e99-ef0ff456d9ab";

/// Connects as somebody; who the attempt says was connected.
async fn connect_as(scene: &mut Scene, ide: &HeadlessIde, provider: &str, person: &str) -> Option<String> {
    let started = ide.connect(provider).await.expect("a link");
    ide.opened().await;
    // Another person at this computer: the service knows nobody here yet.
    scene.browser = e2e::TestBrowser::new();
    scene.browser.approve_as(&started.url, person).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::Connected, "{end:?}");
    end.account
}

/// Who the accounts of a service belong to, and where.
async fn accounts(ide: &HeadlessIde, provider: &str) -> Vec<(String, Option<String>)> {
    let row = ide.summary(provider).await;
    row.accounts
        .into_iter()
        .map(|one| (one.who, one.provider_team_id))
        .collect()
}

fn at(who: &str, id: &str) -> (String, Option<String>) {
    (who.to_owned(), Some(id.to_owned()))
}

/// Until the team object tells whether the app itself is connected to a workspace.
async fn until_bot(ide: &HeadlessIde, workspace: &str, connected: bool) {
    ide.await_notification::<e2e::methods::DataChanged>(|change| {
        let bots =
            |team: &Value| team["serverProviderToken"]["slack"]["multiple"][workspace]["connected"] == true;
        let is_team = |team: &Value| !team["memberIds"].is_null();
        let teams = change.data.as_array();
        teams.is_some_and(|teams| teams.iter().any(is_team) && teams.iter().any(bots) == connected)
    })
    .await;
}

#[tokio::test]
async fn a_second_slack_workspace_leaves_the_first() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let first = connect_as(&mut scene, &ide, "slack", "mona").await;
    assert_eq!(first.as_deref(), Some("mona"));
    assert_eq!(accounts(&ide, "slack").await, [at("mona", ACME)]);
    until_bot(&ide, ACME, true).await;
    let second = connect_as(&mut scene, &ide, "slack", "grace").await;
    assert_eq!(
        second.as_deref(),
        Some("grace"),
        "the one that was just connected"
    );
    let both = [at("mona (acme)", ACME), at("grace (umbrella)", UMBRELLA)];
    let mut found = accounts(&ide, "slack").await;
    found.sort_by_key(|(who, _)| std::cmp::Reverse(who.clone()));
    assert_eq!(found, both);
    for (workspace, login) in [(ACME, "mona"), (UMBRELLA, "grace")] {
        let me = ide.me_in("slack", workspace).await.expect("a direct call");
        assert_eq!(me.login.as_deref(), Some(login));
    }
    let gone = ide.leave("slack", ACME).await.expect("it is left");
    assert_eq!(gone.revoked, Revoked::Yes);
    assert_eq!(accounts(&ide, "slack").await, [at("grace", UMBRELLA)]);
    assert!(ide.me("slack").await.is_ok());
    // Nobody in the team is in that workspace any more: the app's own token has ended, too.
    until_bot(&ide, ACME, false).await;
    assert!(
        !ide.transcript().contains("xoxb-"),
        "the app's own token is nobody's to see"
    );
    ide.finish().await;
}

#[tokio::test]
async fn jira_sites_that_share_a_token_are_left_one_by_one() {
    let mut scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let other = scene.window(scene.ide(), &user).await;
    scene.connect(&ide, "jira").await;
    assert_eq!(
        accounts(&ide, "jira").await,
        [
            at("mona@example.com (acme)", FIRST_SITE),
            at("mona@example.com (umbrella)", SECOND_SITE)
        ]
    );
    let left = ide.leave("jira", SECOND_SITE).await.expect("it is left");
    assert_eq!(left.revoked, Revoked::Unsupported, "the grant lives on");
    assert!(left.manual_url.is_some());
    assert_eq!(accounts(&ide, "jira").await, [at("mona@example.com", FIRST_SITE)]);
    other
        .await_notification::<e2e::methods::DataChanged>(|change| {
            let rows = change.data.as_array();
            let one = |row: &Value| {
                row["name"] == "jira" && row["accounts"].as_array().is_some_and(|all| all.len() == 1)
            };
            rows.is_some_and(|rows| rows.iter().any(one))
        })
        .await;
    assert!(ide.me("jira").await.is_ok());
    // What is left is kept through a refresh.
    scene
        .control()
        .fault(json!({"tokens": {"provider": "jira", "expireAll": true}}))
        .await;
    assert!(ide.me("jira").await.is_ok());
    assert_eq!(accounts(&ide, "jira").await, [at("mona@example.com", FIRST_SITE)]);
    let refused = ide
        .leave("jira", SECOND_SITE)
        .await
        .expect_err("it was left before");
    assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    ide.leave("jira", FIRST_SITE).await.expect("the last one is left");
    assert!(accounts(&ide, "jira").await.is_empty());
    assert!(ide.me("jira").await.is_err());
    ide.finish().await;
    other.finish().await;
}
