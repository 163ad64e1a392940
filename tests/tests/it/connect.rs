//! Connect, from the press to the direct call.

use codestream_protocol::lsp::attempt::{AttemptKind, Outcome, Step};
use codestream_protocol::lsp::notification::DataType;
use e2e::clock;
use e2e::methods::DataChanged;
use serde_json::json;

use crate::scene::{AT_ONCE, Scene};

#[tokio::test]
async fn github_is_connected_and_its_token_answers_a_direct_call() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let before = clock::unix();
    let started = ide.connect("github*com").await.expect("a link");
    assert!(
        started
            .url
            .starts_with(&scene.stub.url("/web/provider-auth/github?code=")),
        "{}",
        started.url
    );
    let lasts = started.expires_at.since(before);
    assert!(
        lasts.as_secs().abs_diff(300) <= 5,
        "it lasts five minutes, not {lasts:?}"
    );
    assert_eq!(ide.opened().await.url, started.url);
    let waiting = ide.reaches(started.attempt_id, Step::Waiting).await;
    assert_eq!(
        (
            waiting.kind,
            waiting.provider.as_str(),
            waiting.provider_id.as_str(),
            waiting.url.as_str()
        ),
        (AttemptKind::Connect, "github", "github*com", started.url.as_str())
    );

    let page = scene.browser.approve(&started.url).await;
    let approved = clock::now();
    let end = ide.end_of(started.attempt_id).await;
    assert!(
        approved.elapsed() < AT_ONCE,
        "the IDE knows after {:?}",
        approved.elapsed()
    );
    assert_eq!(
        (end.outcome, end.account.as_deref()),
        (Outcome::Connected, Some("mona"))
    );
    assert!(
        page.status.is_success() && page.title().contains("GitHub"),
        "{}: {}",
        page.url,
        page.text()
    );

    ide.await_notification::<DataChanged>(|change| change.kind == DataType::Providers)
        .await;
    let summary = ide.summary("github").await;
    assert!(
        summary.connected && summary.accounts[0].who == "mona",
        "{summary:?}"
    );
    assert_eq!(
        ide.me("github").await.expect("who it is").login.as_deref(),
        Some("mona")
    );
    let answer = ide.get("github", "user").await.expect("an answer");
    assert_eq!((answer.status, &answer.body["login"]), (200, &json!("mona")));
    ide.finish().await;
}

#[tokio::test]
async fn trello_is_connected_without_its_token_in_any_url_of_ours() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let page = scene.connect(&ide, "trello").await;
    assert!(page.title().contains("Trello"), "{}", page.text());
    assert_eq!(
        ide.me("trello").await.expect("who it is").login.as_deref(),
        Some("mona")
    );
    let answer = ide.get("trello", "members/me").await.expect("an answer");
    assert_eq!((answer.status, &answer.body["username"]), (200, &json!("mona")));
    assert_eq!(ide.account("trello").await.expect("an account").who, "mona");

    let trail = scene.browser.trail();
    let token = trail
        .iter()
        .find_map(|hop| hop.url.fragment())
        .expect("the token came in a fragment");
    let (_, token) = token.split_once("token=").expect("a token");
    for hop in trail {
        let mut sent = hop.url.clone();
        sent.set_fragment(None);
        assert!(!sent.as_str().contains(token), "{} {}", hop.method, sent.path());
    }
    assert!(!scene.stub.log().contains(token));
    ide.finish().await;
}

#[tokio::test]
async fn the_third_party_sees_pkce_and_the_scopes_that_the_list_explains() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    let requests = serde_json::to_string(&scene.control().requests("github").await).expect("JSON");
    for wanted in ["code_challenge", "S256", "code_verifier", "redirect_uri"] {
        assert!(requests.contains(wanted), "no {wanted} in {requests}");
    }
    let summary = ide.summary("github").await;
    assert!(!summary.scopes.is_empty());
    for scope in &summary.scopes {
        assert!(
            !scope.reason.is_empty() && requests.contains(&scope.scope),
            "{scope:?} in {requests}"
        );
    }
    ide.finish().await;
}

#[tokio::test]
async fn any_editor_can_connect_through_execute_command() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let command = json!({
        "command": "codestream.agent.provider.connect",
        "arguments": [{"providerId": "github*com"}],
    });
    let started = ide
        .call("workspace/executeCommand", &command)
        .await
        .expect("a link");
    let url = ide.opened().await.url;
    assert_eq!(started["url"], url.as_str());
    scene.browser.approve(&url).await;
    let id = serde_json::from_value(started["attemptId"].clone()).expect("an attempt's id");
    assert_eq!(ide.end_of(id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[tokio::test]
async fn different_services_connect_in_parallel() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let github = ide.connect("github").await.expect("a link");
    let trello = ide.connect("trello").await.expect("a link");
    assert_eq!(ide.opened().await.url, github.url);
    assert_eq!(ide.opened().await.url, trello.url);
    scene.browser.approve(&trello.url).await;
    assert_eq!(ide.end_of(trello.attempt_id).await.outcome, Outcome::Connected);
    scene.browser.approve(&github.url).await;
    assert_eq!(ide.end_of(github.attempt_id).await.outcome, Outcome::Connected);
    let status = ide.status().await;
    assert_eq!(
        status.attempts.len(),
        2,
        "the last attempt of each service: {:?}",
        status.attempts
    );
    ide.finish().await;
}
