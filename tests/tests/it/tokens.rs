//! Tokens that people make by hand: tried at the service first, stored only when it takes them.

use codestream_protocol::lsp::error::ErrorKind;
use serde_json::{Value, json};

use crate::scene::Scene;

async fn a_token_is_tried_first(provider: &str, good: Value, bad: Value, who: &str) {
    let scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let refused = ide.configure(provider, &bad).await.expect_err("a wrong token");
    assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    assert!(
        ide.summary(provider).await.accounts.is_empty(),
        "nothing was stored"
    );
    ide.configure(provider, &good).await.expect("a good token");
    let row = ide.summary(provider).await;
    assert!(row.connected, "{row:?}");
    assert_eq!(row.accounts[0].who, who);
    assert!(ide.me(provider).await.is_ok());
    // Another window knows the name, too: it is the server that keeps it.
    let other = scene.window(scene.ide(), &user).await;
    assert_eq!(other.summary(provider).await.accounts[0].who, who);
    assert!(other.me(provider).await.is_ok());
    ide.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn a_github_token_is_tried_first() {
    let good = json!({ "accessToken": "ghp_mona00000000000000000000000000000000" });
    a_token_is_tried_first("github", good, json!({ "accessToken": "ghp_x" }), "mona").await;
}

#[tokio::test]
async fn a_gitlab_token_is_tried_first() {
    let good = json!({ "accessToken": "glpat-grace000000000000000" });
    a_token_is_tried_first("gitlab", good, json!({ "accessToken": "glpat-x" }), "grace").await;
}

#[tokio::test]
async fn a_new_relic_key_is_tried_first() {
    let good = json!({ "accessToken": "NRAK-SANDBOXMONA" });
    a_token_is_tried_first(
        "newrelic",
        good,
        json!({ "accessToken": "NRAK-X" }),
        "mona@example.com",
    )
    .await;
}

#[tokio::test]
async fn a_jira_token_is_tried_at_its_own_site_with_its_address() {
    let scene = Scene::new().await;
    let site = format!("{}/sandbox/jira/site/acme/", scene.stub.sandbox());
    let with = |email: &str| json!({ "accessToken": "ATATT3xFfGF0mona", "email": email, "apiBase": site });
    a_token_at("jira", &scene, with("mona@example.com"), with("ada@example.com")).await;
}

async fn a_token_at(provider: &str, scene: &Scene, good: Value, bad: Value) {
    let (ide, _) = scene.signed_in().await;
    let refused = ide
        .configure(provider, &bad)
        .await
        .expect_err("another's address");
    assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    ide.configure(provider, &good).await.expect("a good token");
    assert_eq!(ide.summary(provider).await.accounts[0].who, "mona@example.com");
    let answer = ide.get(provider, "rest/api/3/myself").await.expect("an answer");
    assert_eq!(answer.body["displayName"], "Mona Lisa");
    ide.finish().await;
}

#[tokio::test]
async fn a_service_that_cannot_be_asked_takes_no_token() {
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene
        .control()
        .fault(json!({"route": {"path": "/sandbox/github/api/user", "status": 503}}))
        .await;
    let good = json!({ "accessToken": "ghp_mona00000000000000000000000000000000" });
    let refused = ide.configure("github", &good).await.expect_err("nobody to ask");
    assert_eq!(refused.kind(), ErrorKind::ServerUnreachable, "{refused:?}");
    assert!(ide.summary("github").await.accounts.is_empty());
    ide.finish().await;
}
