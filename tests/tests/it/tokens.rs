//! Tokens that people make by hand: tried at the service first, stored only when it takes them.

use codestream_protocol::lsp::error::ErrorKind;
use e2e::{HeadlessIde, RpcError};
use serde_json::{Value, json};

use crate::scene::Scene;

/// It is this token that is wrong: there is no connection yet that could be made again.
fn refused_as_typed(refused: &RpcError) {
    assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    assert!(
        refused.message.contains("refused this token") && !refused.message.contains("onnect"),
        "{refused:?}"
    );
}

async fn a_token_is_tried_first(provider: &str, good: Value, bad: Value, who: &str) {
    let scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let refused = ide.configure(provider, &bad).await.expect_err("a wrong token");
    refused_as_typed(&refused);
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

/// Which of New Relic's regions were asked so far, in a row.
async fn regions(scene: &Scene) -> Vec<(String, u64)> {
    let requests = scene.control().requests("newrelic").await;
    let asked = requests.iter().filter_map(|one| {
        let path = one["path"].as_str()?.strip_prefix("/sandbox/newrelic/api/")?;
        Some((path.to_owned(), one["status"].as_u64()?))
    });
    asked.collect()
}

/// Until now in the usual region, which refused it, and from then on in the other one.
async fn is_called_in_europe(scene: &Scene, ide: &HeadlessIde) {
    let before = regions(scene).await;
    assert!(ide.me("newrelic").await.is_ok());
    let who = json!({
        "providerId": "newrelic", "method": "POST", "path": "graphql",
        "body": {"query": "{ actor { user { email } } }"},
    });
    let answer = ide
        .call("codestream/provider/request", &who)
        .await
        .expect("an answer");
    assert_eq!(
        answer["body"]["data"]["actor"]["user"]["email"],
        "ada@example.com"
    );
    let europe = ("eu/graphql".to_owned(), 200);
    assert_eq!(regions(scene).await[before.len()..], [europe.clone(), europe]);
}

#[tokio::test]
async fn a_new_relic_key_is_found_in_the_region_that_it_is_of_and_called_there() {
    let scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let key = json!({ "accessToken": "NRAK-SANDBOXADA" });
    ide.configure("newrelic", &key).await.expect("a good key");
    assert_eq!(
        regions(&scene).await,
        [("graphql".to_owned(), 401), ("eu/graphql".to_owned(), 200)]
    );
    assert_eq!(ide.summary("newrelic").await.accounts[0].who, "ada@example.com");
    is_called_in_europe(&scene, &ide).await;
    let other = scene.window(scene.ide(), &user).await;
    is_called_in_europe(&scene, &other).await;
    // The server asks there, too, before it believes that a token is gone.
    scene
        .control()
        .fault(json!({"route": {"path": "/sandbox/newrelic/api/eu/graphql", "status": 401}}))
        .await;
    let refused = ide.me("newrelic").await.expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    let asked = regions(&scene).await;
    assert_eq!(
        asked.iter().filter(|(path, _)| path == "graphql").count(),
        1,
        "{asked:?}"
    );
    ide.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn whoever_signs_in_to_new_relic_is_called_in_their_region() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("newrelic").await.expect("a link");
    ide.opened().await;
    scene.browser.approve_as(&started.url, "ada").await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.account.as_deref(), Some("ada@example.com"), "{end:?}");
    is_called_in_europe(&scene, &ide).await;
    // The region outlives the token.
    let expired = json!({"tokens": {"provider": "newrelic", "expireAll": true}});
    scene.control().fault(expired).await;
    assert!(ide.me("newrelic").await.is_ok(), "refreshed, and called again");
    is_called_in_europe(&scene, &ide).await;
    ide.finish().await;
}

#[tokio::test]
async fn a_jira_token_is_tried_at_its_own_site_with_its_address() {
    let scene = Scene::new().await;
    // As it is typed: the slash at its end is the agent's to add.
    let site = format!("{}/sandbox/jira/site/acme", scene.stub.sandbox());
    let with = |email: &str| json!({ "accessToken": "ATATT3xFfGF0mona", "email": email, "apiBase": site });
    a_token_at("jira", &scene, with("mona@example.com"), with("ada@example.com")).await;
}

async fn a_token_at(provider: &str, scene: &Scene, good: Value, bad: Value) {
    let (ide, _) = scene.signed_in().await;
    let fields = ide.summary(provider).await.token_fields;
    assert_eq!(
        fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
        ["email", "apiBase"],
        "what an editor asks for beside the token"
    );
    assert!(ide.summary("github").await.token_fields.is_empty());
    let refused = ide
        .configure(provider, &bad)
        .await
        .expect_err("another's address");
    refused_as_typed(&refused);
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
