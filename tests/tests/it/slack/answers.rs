//! What whoever pressed a button sees in Slack afterwards.

use std::time::Duration;

use codestream_protocol::activity::ActivityKind;
use e2e::{FaultProxy, Http};
use reqwest::Method;
use serde_json::{Value, json};

use super::{connected, message};
use crate::scene::{Scene, told};

/// Somebody presses a button.
fn pressed(user: &str) -> Value {
    json!({"payload": {
        "type": "block_actions", "team": {"id": "T0ACME000"}, "user": {"id": user, "team_id": "T0ACME000"},
        "channel": {"id": "C0GENERAL"}, "message": {"ts": "1795476599.000100"},
        "actions": [{"action_id": "reply", "value": user, "action_ts": "1795476600.1"}],
    }})
}

#[tokio::test]
async fn who_presses_a_button_is_told_in_slack_whether_it_reached_an_ide() {
    let mut scene = Scene::new().await;
    let (ide, _) = connected(&mut scene).await;
    let control = scene.control();
    control.call("slack", pressed("U0000001001")).await;
    assert_eq!(told(&ide).await.kind, ActivityKind::Action);
    let heard = control.received("slack", "/actions/", 1).await;
    let body = &heard[0]["body"];
    assert_eq!(heard[0]["status"], 200, "{}", heard[0]);
    assert_eq!(body["text"], "Passed on to your IDE.");
    assert_eq!(
        (&body["response_type"], &body["replace_original"]),
        (&json!("ephemeral"), &json!(false)),
        "for who pressed alone, and beside the message"
    );
    control.call("slack", pressed("U0000009999")).await;
    let heard = control.received("slack", "/actions/", 2).await;
    let text = heard[1]["body"]["text"].as_str().expect("a text");
    assert!(
        text.contains("did not reach") && text.contains("*Connect to Slack*"),
        "{text}"
    );
    // Nobody waits for an answer to a message.
    control.call("slack", json!({"event": message("hello")})).await;
    assert_eq!(told(&ide).await.kind, ActivityKind::Message);
    assert_eq!(control.received("slack", "/actions/", 2).await.len(), 2);
    ide.finish().await;
}

#[tokio::test]
async fn a_response_url_that_is_not_slacks_is_not_called() {
    let mut scene = Scene::new().await;
    let (ide, _) = connected(&mut scene).await;
    let control = scene.control();
    let elsewhere = FaultProxy::start().await;
    let mut order = pressed("U0000001001");
    order["payload"]["response_url"] = json!(format!("{}/sandbox/slack/actions/x", elsewhere.url()));
    control.call("slack", order).await;
    assert_eq!(told(&ide).await.kind, ActivityKind::Action);
    control.call("slack", pressed("U0000001001")).await;
    assert_eq!(
        told(&ide).await.kind,
        ActivityKind::Action,
        "the button works all the same"
    );
    control.received("slack", "/actions/", 1).await;
    assert_eq!(elsewhere.connections(), 0);
    assert!(
        scene.stub.log().contains("no response URL of Slack's"),
        "{}",
        scene.stub.log()
    );
    ide.finish().await;
}

#[tokio::test]
async fn a_response_url_that_is_used_up_is_told_in_the_log_and_not_tried_again() {
    let mut scene = Scene::new().await;
    let (ide, _) = connected(&mut scene).await;
    let control = scene.control();
    let url = control.response_url().await;
    let answer = async || {
        let text = json!({"text": "more"});
        Http::new().call(Method::POST, &url, None, &text).await
    };
    for _ in 0..5 {
        assert_eq!(answer().await.status, 200);
    }
    let refused = answer().await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()),
        (404, json!({"ok": false, "error": "used_url"}))
    );

    let mut order = pressed("U0000001001");
    order["payload"]["response_url"] = json!(url);
    control.call("slack", order).await;
    assert_eq!(
        told(&ide).await.kind,
        ActivityKind::Action,
        "the button works all the same"
    );
    let heard = control.received("slack", "/actions/", 7).await;
    assert_eq!(heard[6]["status"], 404);
    // Long after undone work would have been tried again.
    control.advance(Duration::from_mins(10)).await;
    control.call("slack", pressed("U0000001001")).await;
    assert_eq!(told(&ide).await.kind, ActivityKind::Action);
    let heard = control.received("slack", "/actions/", 8).await;
    assert_eq!(
        (heard.len(), &heard[7]["status"]),
        (8, &json!(200)),
        "{}",
        heard[7]
    );
    ide.finish().await;
    let (_, log) = scene.stub.stop().await;
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("no word came back"))
        .collect();
    assert!(lines.len() == 1 && lines[0].contains("status 404"), "{log}");
}
