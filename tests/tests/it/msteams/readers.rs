//! Who is notified of what is written in a channel of Teams: who is in the channel, and nobody else (CWE-200, CWE-863). The IDEs
//! here belong to unrelated teams.

use std::time::Duration;

use codestream_protocol::activity::ActivityKind;
use e2e::{Control, HeadlessIde, Http};
use reqwest::Method;
use serde_json::{Value, json};

use super::{GENERAL, by_bob, channel, chat, link, personal, send, text};
use crate::scene::{Scene, told};

const SECRET: &str = "19:secret@thread.tacv2";

/// In a private channel of the same team.
fn in_secret(words: &str) -> Value {
    let mut activity = channel(words);
    activity["conversation"]["id"] = json!(format!("{SECRET};messageid=1"));
    activity["channelData"]["channel"] = json!({"id": SECRET, "name": "Secret", "type": "private"});
    activity
}

fn member(id: &str, object: &str, tenant: &str) -> Value {
    json!({"id": id, "name": id, "aadObjectId": object, "tenantId": tenant, "userRole": "user"})
}

fn mona() -> Value {
    member("29:mona", "00000000-0000-4000-8000-000000001001", "t")
}

/// From now on these are in it; what was asked before is forgotten.
async fn roster(control: &Control, conversation: &str, members: &[Value]) {
    let order = json!({"conversation": conversation, "members": members});
    control.set("msteams/roster", order).await;
    control.advance(Duration::from_mins(1)).await;
}

async fn connect(control: &Control, ide: &HeadlessIde, activity: Value) {
    let answer = chat(control, activity).await;
    assert!(text(&answer).contains("is connected"), "{answer}");
    assert_eq!(told(ide).await.kind, ActivityKind::ChannelConnected);
}

async fn heard(ide: &HeadlessIde) -> String {
    told(ide).await.text.unwrap_or_default()
}

#[tokio::test]
async fn what_is_written_in_a_private_channel_reaches_only_its_members() {
    let scene = Scene::new().await;
    let (ada, ada_user) = scene.signed_in().await;
    let (bob, bob_user) = scene.signed_in().await;
    let control = scene.control();
    link(&scene, &ada_user, |activity| activity).await;
    link(&scene, &bob_user, by_bob).await;
    for make in [channel, in_secret] {
        connect(control, &ada, make("connect")).await;
        connect(control, &bob, by_bob(make("connect"))).await;
    }
    // Bob has left the private channel, or was never in it. There are more members than one page holds.
    let others = (0..600).map(|number| member(&format!("29:{number}"), &format!("object-{number}"), "t"));
    let members: Vec<Value> = others.chain([mona()]).collect();
    roster(control, SECRET, &members).await;
    assert_eq!(
        send(control, json!({"activity": in_secret("for members")})).await,
        200
    );
    assert_eq!(heard(&ada).await, "for members");
    let pages = control.received("msteams", "/pagedmembers", 0).await;
    assert!(
        pages
            .iter()
            .any(|page| page["query"]["continuationToken"] == "500")
    );

    // Who is not a member cannot write there through the bot either, nor learn what it is called.
    let saying = json!({"conversationId": SECRET, "text": "psst"});
    let url = scene.stub.url("/msteams_conversations");
    for (user, status) in [(&bob_user, 404), (&ada_user, 200)] {
        let answer = Http::new()
            .call(Method::POST, &url, Some(&user.access_token), &saying)
            .await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let answer = chat(control, by_bob(personal("status"))).await;
    assert!(
        text(&answer).contains("**General**, one channel that you are not in")
            && !text(&answer).contains("Secret"),
        "{answer}"
    );
    assert_eq!(send(control, json!({"activity": channel("for all")})).await, 200);
    for ide in [&ada, &bob] {
        assert_eq!(heard(ide).await, "for all");
    }
    ada.finish().await;
    bob.finish().await;
}

#[tokio::test]
async fn a_channel_of_any_kind_is_told_by_its_own_roster() {
    let scene = Scene::new().await;
    let (ada, ada_user) = scene.signed_in().await;
    let (bob, bob_user) = scene.signed_in().await;
    let control = scene.control();
    link(&scene, &ada_user, |activity| activity).await;
    link(&scene, &bob_user, by_bob).await;
    connect(control, &ada, channel("connect")).await;
    connect(control, &bob, by_bob(channel("connect"))).await;
    let here = |kind: &str, words: &str| {
        let mut activity = channel(words);
        activity["channelData"]["channel"]["type"] = json!(kind);
        activity["conversation"]["conversationType"] = if kind == "chat" {
            json!("groupChat")
        } else {
            json!("channel")
        };
        json!({ "activity": activity })
    };
    // The same object id in another tenant is somebody else.
    let namesake = member("29:other", "00000000-0000-4000-8000-000000001002", "elsewhere");
    for kind in ["standard", "private", "shared", "chat", "unknownFutureValue"] {
        roster(control, GENERAL, &[mona(), namesake.clone()]).await;
        // The imitation puts whoever writes in a conversation into it, and Mona is there.
        assert_eq!(send(control, here(kind, kind)).await, 200);
        assert_eq!(heard(&ada).await, kind);
    }
    let bobs = member("29:bob", "00000000-0000-4000-8000-000000001002", "t");
    roster(control, GENERAL, &[mona(), bobs]).await;
    assert_eq!(send(control, here("private", "hello, Bob")).await, 200);
    for ide in [&ada, &bob] {
        assert_eq!(heard(ide).await, "hello, Bob");
    }
    ada.finish().await;
    bob.finish().await;
}

#[tokio::test]
async fn while_the_roster_cannot_be_had_nobody_is_notified() {
    let scene = Scene::new().await;
    let (ada, user) = scene.signed_in().await;
    let control = scene.control();
    link(&scene, &user, |activity| activity).await;
    connect(control, &ada, channel("connect")).await;
    control.advance(Duration::from_mins(1)).await;
    let path = format!("/sandbox/msteams/connector/v3/conversations/{GENERAL}/pagedmembers");
    control
        .fault(json!({"route": {"path": path.replace(':', "%3A").replace('@', "%40"), "status": 503}}))
        .await;
    control
        .fault(json!({"route": {"path": path, "status": 503}}))
        .await;
    assert_eq!(send(control, json!({"activity": channel("later")})).await, 200);
    // Meanwhile another channel, so that it is known that the first one was tried.
    connect(control, &ada, in_secret("connect")).await;
    control.fault(json!({"reset": true})).await;
    control.advance(Duration::from_mins(1)).await;
    assert_eq!(heard(&ada).await, "later");
    ada.finish().await;
}
