//! Slack calls the API: proven, answered at once, told to agents exactly once.

mod answers;
mod readers;

use std::time::Duration;

use codestream_protocol::activity::ActivityKind;
use e2e::{Answer, Cluster, Environments, HeadlessIde, Http, Kept, Nginx, Stub, TestBrowser};
use reqwest::Method;
use serde_json::{Value, json};

use crate::scene::{Scene, listening, told};

/// Slack waits so long for an answer.
const PATIENCE: u64 = 3000;

/// A scene whose user has connected Slack.
async fn connected(scene: &mut Scene) -> (HeadlessIde, e2e::SandboxUser) {
    let (ide, user) = scene.signed_in().await;
    scene.connect(&ide, "slack").await;
    (ide, user)
}

fn message(text: &str) -> Value {
    json!({
        "type": "message", "channel": "C0GENERAL", "user": "U0000001001", "text": text,
        "ts": "1795476599.000100", "thread_ts": "1795470000.000100", "channel_type": "channel",
    })
}

/// Sends what a test has signed, or spoilt.
async fn post(stub: &Stub, action: &str, body: &str, timestamp: &str, signature: &str) -> Answer {
    let url = stub.url(&format!("/no-auth/provider-action/{action}"));
    let request = Http::new()
        .request(Method::POST, &url)
        .header("x-slack-request-timestamp", timestamp)
        .header("x-slack-signature", signature)
        .body(body.to_owned());
    Http::send(request).await
}

#[tokio::test]
async fn a_message_in_slack_reaches_the_agent_as_a_notification() {
    let mut scene = Scene::new().await;
    let (ide, user) = connected(&mut scene).await;
    let id = scene
        .control()
        .call("slack", json!({"event": message("ship it")}))
        .await;
    let activity = told(&ide).await;
    assert_eq!(
        (activity.id.as_str(), activity.kind),
        (id.as_str(), ActivityKind::Message)
    );
    assert_eq!(activity.text.as_deref(), Some("ship it"));
    assert_eq!(activity.channel_id.as_deref(), Some("C0GENERAL"));
    assert_eq!(activity.thread_id.as_deref(), Some("1795470000.000100"));
    let author = activity.author.expect("an author");
    assert_eq!(author.id, "U0000001001");
    assert_eq!(author.user_id, Some(user.user_id), "who is known here is named");
    let call = scene.control().attempts("slack", &id, 1).await;
    let attempts = call["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 1, "{call}");
    assert_eq!(attempts[0]["status"], 200);
    assert!(
        attempts[0]["tookMs"].as_u64().expect("a time") < PATIENCE,
        "{call}"
    );
    ide.finish().await;
}

#[tokio::test]
async fn only_the_workspaces_own_teams_are_told() {
    let mut scene = Scene::new().await;
    let (ide, _) = connected(&mut scene).await;
    let (stranger, _) = scene.signed_in().await;
    let elsewhere = json!({"event": message("not here"), "teamId": "T0UMBRELLA"});
    let id = scene.control().call("slack", elsewhere).await;
    scene.control().attempts("slack", &id, 1).await;
    scene
        .control()
        .call("slack", json!({"event": message("here")}))
        .await;
    assert_eq!(told(&ide).await.text.as_deref(), Some("here"));
    ide.finish().await;
    stranger.finish().await;
}

#[tokio::test]
async fn a_button_and_a_form_reach_whoever_used_them() {
    let mut scene = Scene::new().await;
    let (ide, user) = connected(&mut scene).await;
    let slack_user = json!({"id": "U0000001001", "username": "mona", "team_id": "T0ACME000"});
    let pressed = json!({"payload": {
        "type": "block_actions", "team": {"id": "T0ACME000"}, "user": slack_user, "channel": {"id": "C0GENERAL"},
        "message": {"ts": "1795476599.000100"},
        "actions": [{"action_id": "reply", "value": "post-1", "action_ts": "1795476600.1"}],
    }});
    scene.control().call("slack", pressed).await;
    let activity = told(&ide).await;
    assert_eq!(activity.kind, ActivityKind::Action);
    assert_eq!(activity.action_id.as_deref(), Some("reply"));
    assert_eq!(activity.value.as_deref(), Some("post-1"));
    assert_eq!(activity.author.expect("an author").user_id, Some(user.user_id));

    let sent = json!({"payload": {
        "type": "view_submission", "team": {"id": "T0ACME000"}, "user": slack_user,
        "view": {"id": "V1", "hash": "1.a", "callback_id": "answer", "private_metadata": "post-1",
                 "state": {"values": {"text": {"input": {"type": "plain_text_input", "value": "done"}}}}},
    }});
    let id = scene.control().call("slack", sent).await;
    let activity = told(&ide).await;
    assert_eq!(
        (activity.kind, activity.text.as_deref()),
        (ActivityKind::Submission, Some("post-1"))
    );
    assert!(activity.value.expect("values").contains("\"done\""));
    let call = scene.control().attempts("slack", &id, 1).await;
    assert_eq!(call["attempts"][0]["body"], json!({"response_action": "clear"}));
    ide.finish().await;
}

#[tokio::test]
async fn without_a_signing_secret_calls_are_refused_and_the_log_says_what_to_set() {
    let kept = Kept::new();
    let stub = Stub::builder()
        .single()
        .without_sandbox()
        .keeping(&kept)
        .env("CODESTREAM_PROVIDER_SLACK_CLIENT_ID", "1.2")
        .env("CODESTREAM_PROVIDER_SLACK_CLIENT_SECRET", "hush")
        .start()
        .await;
    let answer = post(&stub, "slack-events", "{}", "1795476599", "v0=00").await;
    assert_eq!(answer.code(), "PRVD-1009", "{}", answer.text);
    let (_, log) = stub.stop().await;
    for wanted in [
        "provider slack has no signingSecret",
        "CODESTREAM_PROVIDER_SLACK_SIGNING_SECRET",
        "slack: there is no signingSecret",
    ] {
        assert!(log.contains(wanted), "no {wanted} in {log}");
    }
}

#[tokio::test]
async fn a_new_url_is_confirmed_and_a_rate_limit_is_told() {
    let mut scene = Scene::new().await;
    let (ide, _) = connected(&mut scene).await;
    let letter = json!({"letter": {"type": "url_verification", "token": "t", "challenge": "3eZbrw1a"}});
    let id = scene.control().call("slack", letter).await;
    let call = scene.control().attempts("slack", &id, 1).await;
    assert_eq!(call["attempts"][0]["body"], json!({"challenge": "3eZbrw1a"}));
    let letter = json!({"letter": {
        "type": "app_rate_limited", "team_id": "T0ACME000", "api_app_id": "A0SANDBOX", "minute_rate_limited": 1_795_476_540,
    }});
    scene.control().call("slack", letter).await;
    assert_eq!(told(&ide).await.kind, ActivityKind::RateLimited);
    ide.finish().await;
}

#[tokio::test]
async fn a_changed_byte_an_old_timestamp_and_a_replay_are_refused() {
    let mut scene = Scene::new().await;
    let (ide, _) = connected(&mut scene).await;
    let stub = &scene.stub;
    let event = |text: &str, id: &str| {
        json!({"type": "event_callback", "team_id": "T0ACME000", "api_app_id": "A0SANDBOX", "event_id": id,
               "event_time": 1_795_476_599, "event": message(text)})
        .to_string()
    };
    let body = event("once", "Ev0ONCE");
    let (timestamp, signature) = stub.control().sign("slack", &body, None).await;
    let changed = body.replace("once", "Once");
    for (why, body, timestamp, signature) in [
        ("another byte", &changed, timestamp.clone(), signature.clone()),
        (
            "another time",
            &body,
            (timestamp.parse::<i64>().expect("a number") + 1).to_string(),
            signature.clone(),
        ),
        (
            "another signature",
            &body,
            timestamp.clone(),
            signature.replace("v0=", "v1="),
        ),
        ("none", &body, timestamp.clone(), String::new()),
    ] {
        let answer = post(stub, "slack-events", body, &timestamp, &signature).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (403, "RAPI-1012"),
            "{why}"
        );
    }
    let old = timestamp.parse::<i64>().expect("a number") - 301;
    let (old, old_signature) = stub.control().sign("slack", &body, Some(old)).await;
    let answer = post(stub, "slack-events", &body, &old, &old_signature).await;
    assert_eq!(answer.status, 403, "five minutes and a second old");

    let answer = post(stub, "slack-events", &body, &timestamp, &signature).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(told(&ide).await.text.as_deref(), Some("once"));
    let answer = post(stub, "slack-events", &body, &timestamp, &signature).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (403, "RAPI-1012"),
        "a replay"
    );
    // Signed for one address, sent to another: the form is not there.
    let answer = post(stub, "slack", &body, &timestamp, &signature).await;
    assert_eq!(answer.status, 404);
    let answer = post(stub, "nonsense", &body, &timestamp, &signature).await;
    assert_eq!(answer.status, 404);
    // Nothing but the one message was told: what is told next is the next one.
    scene
        .control()
        .call("slack", json!({"event": message("twice")}))
        .await;
    assert_eq!(told(&ide).await.text.as_deref(), Some("twice"));
    ide.finish().await;
}

#[tokio::test]
async fn an_event_that_slack_sends_again_after_a_restart_is_told_once() {
    let kept = Kept::new();
    let mut scene = Scene::of(Stub::builder().keeping(&kept)).await;
    let (ide, user) = connected(&mut scene).await;
    // The event's own user is named as able to see it: the imitated Slack has forgotten every token after a restart.
    let order = |text: &str, id: &str| {
        json!({"event": message(text), "eventId": id, "authorizations": [{
            "enterprise_id": null, "team_id": "T0ACME000", "user_id": "U0000001001", "is_bot": false,
            "is_enterprise_install": false,
        }]})
    };
    let (order, second) = (order("first", "Ev0AGAIN"), order("second", "Ev1AGAIN"));
    scene.control().call("slack", order.clone()).await;
    assert_eq!(told(&ide).await.id, "Ev0AGAIN");
    ide.finish().await;
    drop(scene);

    let scene = Scene::of(Stub::builder().keeping(&kept)).await;
    // So that it is another letter about the same, and that a new window need not be told of the first one.
    scene.control().advance(Duration::from_mins(1)).await;
    let ide = scene.window(scene.ide(), &user).await;
    let id = scene.control().call("slack", order).await;
    let call = scene.control().attempts("slack", &id, 1).await;
    assert_eq!(call["attempts"][0]["status"], 200, "Slack is content: {call}");
    scene.control().call("slack", second).await;
    assert_eq!(told(&ide).await.text.as_deref(), Some("second"));
    ide.finish().await;
}

#[tokio::test]
async fn an_event_that_reaches_two_nodes_is_told_once() {
    let Some(mut cluster) = Cluster::start(2).await else {
        return;
    };
    let user = cluster.control().user().await;
    let ide = HeadlessIde::builder(&cluster.url())
        .session(&user.access_token)
        .start()
        .await;
    ide.logged_in().await;
    listening(&ide).await;
    let started = ide.connect("slack").await.expect("a link");
    ide.opened().await;
    TestBrowser::new().approve(&started.url).await;
    ide.end_of(started.attempt_id).await;

    // Slack has no answer from one node and asks the next, a second later: another signature, the same event. Some of them
    // come at the very same time.
    let event = |text: &str, id: &str| {
        json!({"type": "event_callback", "team_id": "T0ACME000", "api_app_id": "A0SANDBOX", "event_id": id,
               "event_time": 1_795_476_599, "event": message(text)})
        .to_string()
    };
    let now = e2e::clock::unix().as_secs();
    let mut letters = Vec::new();
    for number in 0..4 {
        let body = event("once", "Ev0NODES");
        let (timestamp, signature) = cluster.control().sign("slack", &body, Some(now - number)).await;
        letters.push((body, timestamp, signature));
    }
    let nodes = cluster.nodes();
    let posts = letters
        .iter()
        .enumerate()
        .map(|(number, (body, timestamp, signature))| {
            post(&nodes[number % 2], "slack-events", body, timestamp, signature)
        });
    for answer in futures_util::future::join_all(posts).await {
        assert_eq!(answer.status, 200, "Slack is content: {}", answer.text);
    }
    assert_eq!(told(&ide).await.id, "Ev0NODES");
    // One letter, though, is good at one node alone.
    let (body, timestamp, signature) = &letters[0];
    let replay = post(&nodes[1], "slack-events", body, timestamp, signature).await;
    assert_eq!(
        (replay.status.as_u16(), replay.code().as_str()),
        (403, "RAPI-1012")
    );
    let body = event("next", "Ev1NODES");
    let (timestamp, signature) = cluster.control().sign("slack", &body, None).await;
    let nodes = cluster.nodes();
    post(&nodes[1], "slack-events", &body, &timestamp, &signature).await;
    assert_eq!(
        told(&ide).await.text.as_deref(),
        Some("next"),
        "nothing was told twice"
    );
    ide.finish().await;
}

#[tokio::test]
async fn what_slack_sends_to_a_dead_environment_arrives_once_it_is_back() {
    if !Environments::can_start() {
        return;
    }
    let address = Nginx::free("127.0.0.1:0").to_string();
    let api = format!("http://{address}");
    // Slack outlives the environment.
    let (kept, slacks) = (Kept::new(), Kept::new());
    let slack = Stub::builder()
        .single()
        .keeping(&slacks)
        .args(["--public-url", &api])
        .start()
        .await;
    let environment = || {
        let stub = Stub::builder().single().keeping(&kept).listen(&address);
        stub.sharing_sandbox_of(&slack).start()
    };
    let mut stub = environment().await;
    let port = Nginx::free("127.0.0.1:0").port();
    let nginx = Environments::front(port, &[("local", &api)]).await;
    let ide = HeadlessIde::start(&api).await;
    let mut browser = TestBrowser::new();
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    ide.logged_in().await;
    ide.end_of(started.attempt_id).await;
    listening(&ide).await;
    let started = ide.connect("slack").await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    ide.end_of(started.attempt_id).await;

    stub.kill().await;
    let to = Environments::action_at(port, "local", "slack-events");
    let control = slack.control();
    let id = control
        .call("slack", json!({"event": message("at last"), "to": to}))
        .await;
    let call = control.attempts("slack", &id, 2).await;
    for attempt in call["attempts"].as_array().expect("attempts") {
        assert_eq!(
            (&attempt["status"], &attempt["reason"]),
            (&json!(502), &json!("http_error")),
            "{call}"
        );
    }
    let stub = environment().await;
    listening(&ide).await;
    control.advance(Duration::from_mins(1)).await;
    assert_eq!(
        told(&ide).await.text.as_deref(),
        Some("at last"),
        "{}",
        nginx.log()
    );
    let call = control.attempts("slack", &id, 3).await;
    assert_eq!(call["attempts"][2]["status"], 200, "{call}");
    ide.finish().await;
    drop(stub);
}

#[tokio::test]
async fn slack_tries_again_at_once_after_a_minute_and_after_five() {
    let mut scene = Scene::new().await;
    let (ide, _) = connected(&mut scene).await;
    let control = scene.control();
    let fault = json!({"route": {"path": "/no-auth/provider-action", "status": 503}});
    control.fault(fault).await;
    let id = control.call("slack", json!({"event": message("at last")})).await;
    let call = control.attempts("slack", &id, 2).await;
    assert_eq!(call["attempts"].as_array().map(Vec::len), Some(2), "{call}");
    control.advance(Duration::from_mins(1)).await;
    let call = control.attempts("slack", &id, 3).await;
    assert_eq!(call["attempts"][2]["reason"], "http_error", "{call}");
    control.fault(json!({"reset": true})).await;
    control.advance(Duration::from_mins(5)).await;
    assert_eq!(told(&ide).await.text.as_deref(), Some("at last"));
    let call = control.attempts("slack", &id, 5).await;
    let numbers: Vec<_> = call["attempts"]
        .as_array()
        .expect("attempts")
        .iter()
        .map(|one| &one["retryNum"])
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3], "{call}");
    assert_eq!(call["attempts"][3]["status"], 200, "{call}");
    ide.finish().await;
}
