//! Who is notified of what is written in Slack: who may read it there, and nobody else (CWE-200, CWE-863). The IDEs here belong
//! to unrelated teams that have accounts in the same workspace.

use std::time::Duration;

use codestream_protocol::activity::{Activity, ActivityKind};
use e2e::{Control, HeadlessIde, SandboxUser, TestBrowser};
use serde_json::{Value, json};

use crate::scene::{Scene, told};

const ACME: &str = "T0ACME000";
const MONA: &str = "U0000001001";
const NEWTON: &str = "U0000001003";

/// An IDE of a user of a team of their own, connected to Slack as `person`.
async fn connected_as(scene: &mut Scene, person: &str) -> (HeadlessIde, SandboxUser) {
    let (ide, user) = scene.signed_in().await;
    let started = ide.connect("slack").await.expect("a link");
    ide.opened().await;
    scene.browser = TestBrowser::new();
    scene.browser.approve_as(&started.url, person).await;
    ide.end_of(started.attempt_id).await;
    (ide, user)
}

/// Both in the same workspace, and of unrelated teams.
async fn strangers(scene: &mut Scene) -> [HeadlessIde; 2] {
    let (mona, _) = connected_as(scene, "mona").await;
    let (newton, _) = connected_as(scene, "newton").await;
    [mona, newton]
}

async fn conversation(control: &Control, kind: &str, id: &str, members: &[&str]) {
    let made = json!({"teamId": ACME, "id": id, "type": kind, "members": members});
    control.set("slack/conversation", made).await;
}

fn message(kind: Option<&str>, channel: &str, text: &str) -> Value {
    let mut event = json!({
        "type": "message", "channel": channel, "user": MONA, "text": text, "ts": "1795476599.000100",
    });
    if let Some(kind) = kind {
        event["channel_type"] = json!(kind);
    }
    event
}

async fn write(control: &Control, event: Value) {
    control.call("slack", json!({ "event": event })).await;
}

/// What everybody in the workspace may read: who is notified of it next was notified of nothing before.
async fn announce(control: &Control) {
    write(control, message(Some("channel"), "C0GENERAL", "for everybody")).await;
}

async fn text(ide: &HeadlessIde) -> String {
    told(ide).await.text.unwrap_or_default()
}

#[tokio::test]
async fn what_is_not_public_reaches_only_who_is_in_the_conversation() {
    let mut scene = Scene::new().await;
    let [mona, newton] = strangers(&mut scene).await;
    let control = scene.control();
    for (number, (kind, of_event)) in [
        ("group", Some("group")),
        ("mpim", Some("mpim")),
        ("im", Some("im")),
        ("im", Some("app_home")),
        ("group", Some("news")),
        ("group", None),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("G0PRIVATE{number}");
        conversation(control, kind, &id, &[MONA, "U0000009999"]).await;
        write(
            control,
            message(of_event, &id, &format!("private in {of_event:?}")),
        )
        .await;
        assert_eq!(text(&mona).await, format!("private in {of_event:?}"));
    }
    announce(control).await;
    assert_eq!(text(&newton).await, "for everybody");
    mona.finish().await;
    newton.finish().await;
}

#[tokio::test]
async fn edits_deletions_files_and_broadcasts_are_as_private_as_the_message() {
    let mut scene = Scene::new().await;
    let [mona, newton] = strangers(&mut scene).await;
    let control = scene.control();
    conversation(control, "group", "G0PRIVATE", &[MONA]).await;
    let with = |more: Value| {
        let mut event = message(Some("group"), "G0PRIVATE", "private");
        let more = more.as_object().expect("an object").clone();
        event.as_object_mut().expect("an object").extend(more);
        event
    };
    let written = json!({"user": MONA, "text": "private", "ts": "1795476599.000100"});
    for (event, kind) in [
        (
            with(json!({"subtype": "file_share", "files": [{"id": "F1"}]})),
            ActivityKind::Message,
        ),
        (
            with(json!({"subtype": "thread_broadcast", "thread_ts": "1795470000.000100"})),
            ActivityKind::Message,
        ),
        (
            with(
                json!({"subtype": "message_changed", "message": written, "previous_message": {"text": "was"}}),
            ),
            ActivityKind::MessageEdited,
        ),
        (
            with(
                json!({"subtype": "message_deleted", "deleted_ts": "1795476599.000100", "previous_message": written}),
            ),
            ActivityKind::MessageDeleted,
        ),
    ] {
        write(control, event).await;
        assert_eq!(told(&mona).await.kind, kind);
    }
    // Of reactions, files and the app's home alone nobody is notified.
    for event in [
        json!({"type": "reaction_added", "user": MONA, "reaction": "tada", "item": {"type": "message", "channel": "G0PRIVATE"}}),
        json!({"type": "file_shared", "channel_id": "G0PRIVATE", "file_id": "F1", "user_id": MONA}),
        json!({"type": "app_home_opened", "user": MONA, "channel": "D0HOME", "tab": "home"}),
    ] {
        write(control, event).await;
    }
    announce(control).await;
    for ide in [&mona, &newton] {
        assert_eq!(text(ide).await, "for everybody");
    }
    mona.finish().await;
    newton.finish().await;
}

#[tokio::test]
async fn a_guest_is_notified_only_of_channels_that_the_guest_is_in() {
    let mut scene = Scene::new().await;
    let [mona, newton] = strangers(&mut scene).await;
    let control = scene.control();
    control.set("slack/guest", json!({"userId": NEWTON})).await;
    conversation(control, "channel", "C0OTHERS", &[]).await;
    conversation(control, "channel", "C0GUESTS", &[NEWTON]).await;
    write(
        control,
        message(Some("channel"), "C0OTHERS", "public, and not for guests"),
    )
    .await;
    assert_eq!(text(&mona).await, "public, and not for guests");
    write(control, message(Some("channel"), "C0GUESTS", "welcome")).await;
    for ide in [&mona, &newton] {
        assert_eq!(text(ide).await, "welcome");
    }
    mona.finish().await;
    newton.finish().await;
}

#[tokio::test]
async fn who_has_left_a_conversation_is_not_notified_any_more() {
    let mut scene = Scene::new().await;
    let [mona, newton] = strangers(&mut scene).await;
    let control = scene.control();
    conversation(control, "mpim", "G0BOTH", &[MONA, NEWTON]).await;
    write(control, message(Some("mpim"), "G0BOTH", "to both")).await;
    for ide in [&mona, &newton] {
        assert_eq!(text(ide).await, "to both");
    }
    conversation(control, "mpim", "G0BOTH", &[MONA]).await;
    control.advance(Duration::from_mins(1)).await;
    write(control, message(Some("mpim"), "G0BOTH", "to one")).await;
    assert_eq!(text(&mona).await, "to one");
    announce(control).await;
    assert_eq!(text(&newton).await, "for everybody");
    mona.finish().await;
    newton.finish().await;
}

/// Slack names one installation alone:
/// <https://docs.slack.dev/changelog/2020-09-15-events-api-truncate-authed-users>
#[tokio::test]
async fn truncated_authorizations_leave_nobody_out_and_let_nobody_in() {
    let mut scene = Scene::new().await;
    let [mona, newton] = strangers(&mut scene).await;
    let control = scene.control();
    conversation(control, "mpim", "G0BOTH", &[MONA, NEWTON]).await;
    let mut order = json!({"event": message(Some("mpim"), "G0BOTH", "to both"), "authorizations": [{
        "enterprise_id": null, "team_id": ACME, "user_id": MONA, "is_bot": false, "is_enterprise_install": false,
    }]});
    control.call("slack", order.clone()).await;
    for ide in [&mona, &newton] {
        assert_eq!(text(ide).await, "to both");
    }
    conversation(control, "group", "G0MONAS", &[MONA]).await;
    order["event"] = message(Some("group"), "G0MONAS", "to one");
    control.call("slack", order.clone()).await;
    assert_eq!(text(&mona).await, "to one");
    // Nothing of the workspace follows from the bot's own authorization, and a channel that is public here may be private at the
    // other organization that it is shared with.
    let shared =
        json!({"teamId": ACME, "id": "C0SHARED", "type": "channel", "members": [MONA], "isExtShared": true});
    control.set("slack/conversation", shared).await;
    let order = json!({"event": message(Some("channel"), "C0SHARED", "shared"), "isExtSharedChannel": true});
    control.call("slack", order).await;
    assert_eq!(text(&mona).await, "shared");
    announce(control).await;
    assert_eq!(text(&newton).await, "for everybody");
    mona.finish().await;
    newton.finish().await;
}

#[tokio::test]
async fn while_slack_cannot_say_who_may_read_it_nobody_is_notified() {
    let mut scene = Scene::new().await;
    let [mona, newton] = strangers(&mut scene).await;
    let control = scene.control();
    conversation(control, "group", "G0PRIVATE", &[MONA]).await;
    let down = json!({"route": {"path": "/sandbox/slack/api/conversations.info", "status": 503}});
    control.fault(down).await;
    let id = control
        .call(
            "slack",
            json!({"event": message(Some("group"), "G0PRIVATE", "later")}),
        )
        .await;
    control.attempts("slack", &id, 1).await;
    announce(control).await;
    for ide in [&mona, &newton] {
        assert_eq!(text(ide).await, "for everybody", "public, and so not held up");
    }
    control.fault(json!({"reset": true})).await;
    control.advance(Duration::from_mins(1)).await;
    assert_eq!(text(&mona).await, "later");
    announce(control).await;
    assert_eq!(text(&newton).await, "for everybody");
    mona.finish().await;
    newton.finish().await;
}

#[tokio::test]
async fn an_author_is_named_to_team_mates_and_not_to_strangers() {
    let mut scene = Scene::new().await;
    let (mona, user) = connected_as(&mut scene, "mona").await;
    let (newton, _) = connected_as(&mut scene, "newton").await;
    announce(scene.control()).await;
    let of = |activity: Activity| activity.author.expect("an author").user_id;
    assert_eq!(of(told(&mona).await), Some(user.user_id));
    assert_eq!(of(told(&newton).await), None);
    mona.finish().await;
    newton.finish().await;
}

#[tokio::test]
async fn a_button_reaches_only_who_has_pressed_it() {
    let mut scene = Scene::new().await;
    let [mona, newton] = strangers(&mut scene).await;
    let control = scene.control();
    let pressed = |team: &str| {
        json!({"payload": {
            "type": "block_actions", "team": {"id": ACME}, "user": {"id": NEWTON, "team_id": team},
            "channel": {"id": "G0PRIVATE"}, "message": {"ts": "1795476599.000100"},
            "actions": [{"action_id": "reply", "value": team, "action_ts": "1795476600.1"}],
        }})
    };
    // In a channel that is shared with another workspace, by somebody of that one.
    control.call("slack", pressed("T0ELSEWHERE")).await;
    let answers = control.received("slack", "/actions/", 1).await;
    let text = answers[0]["body"]["text"].as_str().expect("a text");
    assert!(text.contains("did not reach"), "{text}");
    control.call("slack", pressed(ACME)).await;
    assert_eq!(told(&newton).await.value.as_deref(), Some(ACME));
    announce(control).await;
    assert_eq!(told(&mona).await.kind, ActivityKind::Message);
    mona.finish().await;
    newton.finish().await;
}
