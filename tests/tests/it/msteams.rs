//! Microsoft Teams calls the API: the Connector's token is checked claim by claim, and the bot does what it is told.

mod readers;

use std::time::Duration;

use codestream_protocol::activity::ActivityKind;
use e2e::{Control, Http, Kept, SandboxUser, Stub};
use reqwest::Method;
use serde_json::{Value, json};

use crate::scene::{Scene, told};

const GENERAL: &str = "19:general@thread.skype";
/// Where the bot speaks.
const CONNECTOR: &str = "/activities";

/// Sends an activity, and gives the answer's status.
async fn send(control: &Control, order: Value) -> u64 {
    let id = control.call("msteams", order).await;
    let call = control.attempts("msteams", &id, 1).await;
    call["attempts"][0]["status"].as_u64().expect("an answer")
}

/// Writes to the bot in the personal chat, and gives what it answers.
async fn chat(control: &Control, activity: Value) -> Value {
    let before = said(control).await.len();
    assert_eq!(send(control, json!({ "activity": activity })).await, 200);
    answer(control, before).await
}

/// Writes in a channel, and gives what the bot answers.
async fn in_channel(control: &Control, text: &str) -> Value {
    chat(control, channel(text)).await
}

fn channel(text: &str) -> Value {
    json!({
        "text": text,
        "conversation": {"id": format!("{GENERAL};messageid=1"), "conversationType": "channel"},
        "channelData": {"tenant": {"id": "t"}, "team": {"id": "19:team"}, "channel": {"id": GENERAL, "name": "General"}},
    })
}

/// What the bot said so far.
async fn said(control: &Control) -> Vec<Value> {
    let said = control.received("msteams", CONNECTOR, 0).await;
    said.into_iter().map(|one| one["body"].clone()).collect()
}

async fn answer(control: &Control, before: usize) -> Value {
    let said = control.received("msteams", CONNECTOR, before + 1).await;
    assert_eq!(said[before]["status"], 201, "{}", said[before]);
    said[before]["body"].clone()
}

async fn connect_code(stub: &Stub, user: &SandboxUser) -> String {
    let url = stub.url("/msteams/generate-connect-code");
    let answer = Http::new()
        .call(Method::POST, &url, Some(&user.access_token), &Value::Null)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["connectCode"].as_str().expect("a code").to_owned()
}

fn text(message: &Value) -> &str {
    message["text"].as_str().unwrap_or_default()
}

fn pasted(code: &str) -> Value {
    let tenant = json!({"tenant": {"id": "t"}});
    json!({"value": {"action": "signin", "signInCode": code}, "channelData": tenant})
}

#[tokio::test]
async fn a_channel_is_connected_by_a_linked_person_and_its_messages_reach_the_agent() {
    let scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let control = scene.control();
    let card = chat(control, json!({"text": "signin"})).await;
    let card = &card["attachments"][0]["content"];
    assert_eq!(
        (card["version"].as_str(), &card["body"][1]["id"]),
        (Some("1.4"), &json!("signInCode"))
    );
    assert_eq!(card["actions"][0]["data"], json!({"action": "signin"}));
    assert!(text(&in_channel(control, "<at>CodeStream</at> connect").await).contains("do not know you"));

    let code = connect_code(&scene.stub, &user).await;
    assert!(
        code.len() == 32 && code.bytes().all(|b| b.is_ascii_hexdigit()),
        "32 hexadecimal characters"
    );
    let answer = chat(control, pasted(&code)).await;
    assert!(text(&answer).contains("You are signed in"), "{answer}");
    let answer = in_channel(control, "<at>CodeStream</at> connect").await;
    assert!(text(&answer).contains("is connected"), "{answer}");
    let connected = told(&ide).await;
    assert_eq!(
        (connected.kind, connected.text.as_deref()),
        (ActivityKind::ChannelConnected, Some("General"))
    );
    assert_eq!(
        connected.channel_id.as_deref(),
        Some(GENERAL),
        "without the thread"
    );

    assert_eq!(
        send(
            control,
            json!({"activity": channel("<at>CodeStream</at> ship it")})
        )
        .await,
        200
    );
    let message = told(&ide).await;
    assert_eq!(
        (message.kind, message.text.as_deref()),
        (ActivityKind::Message, Some("ship it"))
    );
    let author = message.author.expect("an author");
    assert_eq!(
        (author.name.as_deref(), author.user_id),
        (Some("Mona Lisa"), Some(user.user_id.clone()))
    );

    let saying = json!({"conversationId": GENERAL, "text": "done, in 1.4"});
    let url = scene.stub.url("/msteams_conversations");
    let before = said(control).await.len();
    let answer = Http::new()
        .call(Method::POST, &url, Some(&user.access_token), &saying)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        text(&said(control).await[before]),
        "done, in 1.4",
        "a proactive message"
    );
    let stranger = control.user().await;
    let answer = Http::new()
        .call(Method::POST, &url, Some(&stranger.access_token), &saying)
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (404, "RAPI-1003"),
        "another team's channel"
    );

    let answer = in_channel(control, "<at>CodeStream</at> disconnect").await;
    assert!(text(&answer).contains("disconnected"), "{answer}");
    assert_eq!(told(&ide).await.kind, ActivityKind::ChannelDisconnected);
    let answer = Http::new()
        .call(Method::POST, &url, Some(&user.access_token), &saying)
        .await;
    assert_eq!(answer.status, 404);
    ide.finish().await;
}

#[tokio::test]
async fn a_connect_code_is_good_once_and_for_ten_minutes() {
    let scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let control = scene.control();
    let code = connect_code(&scene.stub, &user).await;
    assert!(text(&chat(control, pasted("00000000000000000000000000000000")).await).contains("not known"));
    assert!(text(&chat(control, pasted(&format!(" {code} "))).await).contains("You are signed in"));
    // Somebody else who has seen it.
    let mut stolen = pasted(&code);
    stolen["from"] = json!({"id": "29:eve", "name": "Eve"});
    assert!(text(&chat(control, stolen).await).contains("not known"));
    let signed_out = json!({"text": "signout", "channelData": {"tenant": {"id": "t"}}});
    assert!(text(&chat(control, signed_out).await).contains("signed out"));
    let late = connect_code(&scene.stub, &user).await;
    control.advance(Duration::from_mins(10)).await;
    assert!(text(&chat(control, pasted(&late)).await).contains("not known"));
    let url = scene.stub.url("/msteams/generate-connect-code");
    let answer = Http::new().call(Method::POST, &url, None, &Value::Null).await;
    assert_eq!(answer.status, 401, "a code is for who is signed in");
    ide.finish().await;
}

#[tokio::test]
async fn a_token_that_is_not_the_connectors_for_this_bot_is_refused() {
    let scene = Scene::new().await;
    let control = scene.control();
    let activity = json!({"text": "help"});
    let past = e2e::clock::unix().as_secs() - 301;
    for (why, order) in [
        (
            "another issuer",
            json!({"claims": {"iss": "https://sts.windows.net/x/"}}),
        ),
        ("another bot", json!({"claims": {"aud": "another-bot"}})),
        ("no audience", json!({"claims": {"aud": null}})),
        ("expired", json!({"claims": {"exp": past}})),
        ("no expiry", json!({"claims": {"exp": null}})),
        (
            "another service URL",
            json!({"claims": {"serviceurl": "https://evil.example/"}}),
        ),
        (
            "the prose's spelling",
            json!({"claims": {"serviceurl": null, "serviceUrl": "https://evil.example/"}}),
        ),
        ("another key", json!({"forged": true})),
        (
            "another channel",
            json!({"activity": {"channelId": "slack", "text": "help"}}),
        ),
    ] {
        let mut order = order;
        if order["activity"].is_null() {
            order["activity"] = activity.clone();
        }
        assert_eq!(send(control, order).await, 403, "{why}");
    }
    let url = scene.stub.url("/no-auth/provider-action/msteams");
    for bearer in [None, Some("x.y.z"), Some("eyJhbGciOiJub25lIn0.e30.")] {
        let answer = Http::new().call(Method::POST, &url, bearer, &activity).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (403, "AUTH-1002"),
            "{bearer:?}"
        );
    }
    assert_eq!(said(control).await, Vec::<Value>::new(), "nothing was answered");
    assert_eq!(send(control, json!({ "activity": activity })).await, 200);
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_when_they_have_changed() {
    let scene = Scene::of(Stub::builder().single()).await;
    let control = scene.control();
    let fetches = async || {
        let requests = control.requests("msteams").await;
        let keys = requests
            .iter()
            .filter(|one| one["path"].as_str().is_some_and(|path| path.ends_with("/keys")));
        keys.count()
    };
    for _ in 0..3 {
        assert_eq!(send(control, json!({"activity": {"text": "help"}})).await, 200);
    }
    assert_eq!(fetches().await, 1);
    control.advance(Duration::from_hours(12)).await;
    assert_eq!(
        send(control, json!({"activity": {"text": "help"}})).await,
        200,
        "signed with the next key"
    );
    assert_eq!(fetches().await, 2);
}

/// CWE-400: without this, whoever posts webhooks with invented key ids makes a request of each.
#[tokio::test]
async fn a_key_server_that_fails_is_left_alone_for_half_a_minute() {
    let scene = Scene::of(Stub::builder().single()).await;
    let control = scene.control();
    let down = json!({"route": {"path": "/sandbox/msteams/botframework", "status": 500}});
    control.fault(down).await;
    let help = || json!({"activity": {"text": "help"}});
    assert_eq!(send(control, help()).await, 503, "it should come again");
    control.fault(json!({"reset": true})).await;
    for _ in 0..3 {
        assert_eq!(send(control, help()).await, 503, "the failure is remembered");
    }
    assert_eq!(control.received("msteams", "/botframework/", 0).await.len(), 0);
    control.advance(Duration::from_secs(30)).await;
    assert_eq!(send(control, help()).await, 200);
    assert_eq!(control.received("msteams", "/botframework/", 0).await.len(), 2);
}

#[tokio::test]
async fn an_activity_that_is_sent_twice_is_answered_once() {
    let scene = Scene::new().await;
    let control = scene.control();
    let activity = json!({"id": "1485983408511", "text": "help"});
    assert!(text(&chat(control, activity.clone()).await).contains("signin"));
    assert_eq!(send(control, json!({ "activity": activity })).await, 200);
    let other = chat(control, json!({"id": "1485983408512", "text": "signup"})).await;
    assert!(
        text(&other).contains("Sign up in your IDE"),
        "the second answer is to the other one: {other}"
    );
}

#[tokio::test]
async fn work_whose_key_is_lost_is_told_in_the_log_and_the_next_is_done() {
    let kept = Kept::new();
    let with_key = |byte: &str| {
        let stub = Stub::builder().single().keeping(&kept);
        let stub = stub.env("CODESTREAM_ENCRYPTION_KEYS", &byte.repeat(32));
        stub.start()
    };
    let help = |id: &str| json!({"id": id, "text": "help"});
    let mut stub = with_key("01").await;
    // It dies while the bot still speaks.
    let slow = json!({"route": {"path": "/sandbox/msteams/connector", "delayMs": 60_000}});
    stub.control().fault(slow).await;
    let taken = send(stub.control(), json!({ "activity": help("1485983408511") })).await;
    assert_eq!(taken, 200);
    stub.kill().await;

    let stub = with_key("02").await;
    let minute = Duration::from_mins(1);
    stub.control().advance(minute).await;
    let lost = "a call of this third party cannot be worked on";
    stub.logs(lost).await;
    stub.control().advance(minute).await;
    let answer = chat(stub.control(), help("1485983408512")).await;
    assert!(text(&answer).contains("signin"), "{answer}");
    let (_, log) = stub.stop().await;
    let lines: Vec<_> = log.lines().filter(|line| line.contains(lost)).collect();
    let told = |line: &&str| {
        ["ERROR", "msteams", "encryption key"]
            .iter()
            .all(|word| line.contains(word))
    };
    // At the start and once a minute.
    assert!(lines.len() <= 3 && lines.iter().all(told), "{log}");
    assert!(
        !log.contains("could not be claimed") && !log.contains("was not finished"),
        "{log}"
    );
}

/// In the personal chat, in the channel's tenant.
fn personal(text: &str) -> Value {
    json!({"text": text, "channelData": {"tenant": {"id": "t"}}})
}

/// Somebody else writes it.
fn by_bob(mut activity: Value) -> Value {
    activity["from"] =
        json!({"id": "29:bob", "name": "Bob", "aadObjectId": "00000000-0000-4000-8000-000000001002"});
    activity
}

/// Another channel of the same team.
fn in_releases(text: &str) -> Value {
    let mut activity = channel(text);
    activity["conversation"]["id"] = json!("19:releases@thread.skype;messageid=1");
    activity["channelData"]["channel"] = json!({"id": "19:releases@thread.skype", "name": "Releases"});
    activity
}

async fn link(scene: &Scene, user: &SandboxUser, as_whom: impl Fn(Value) -> Value) {
    let code = connect_code(&scene.stub, user).await;
    let answer = chat(scene.control(), as_whom(pasted(&code))).await;
    assert!(text(&answer).contains("You are signed in"), "{answer}");
}

fn removed(action: &str, of: Value) -> Value {
    let mut activity = of;
    activity["type"] = json!("installationUpdate");
    activity["action"] = json!(action);
    activity["text"] = Value::Null;
    json!({ "activity": activity })
}

#[tokio::test]
async fn a_second_team_that_connects_a_channel_is_added_beside_the_first() {
    let scene = Scene::new().await;
    let (ada, ada_user) = scene.signed_in().await;
    let (bob, bob_user) = scene.signed_in().await;
    assert_ne!(ada_user.team_id, bob_user.team_id);
    let control = scene.control();
    link(&scene, &ada_user, |activity| activity).await;
    link(&scene, &bob_user, by_bob).await;
    chat(control, channel("connect")).await;
    assert_eq!(told(&ada).await.kind, ActivityKind::ChannelConnected);
    let answer = chat(control, by_bob(channel("status"))).await;
    assert!(text(&answer).contains("for another team"), "{answer}");
    chat(control, by_bob(channel("connect"))).await;
    assert_eq!(told(&bob).await.kind, ActivityKind::ChannelConnected);
    let answer = chat(control, by_bob(channel("status"))).await;
    assert!(text(&answer).contains("connected for your team"), "{answer}");

    assert_eq!(send(control, json!({"activity": channel("to both")})).await, 200);
    for ide in [&ada, &bob] {
        assert_eq!(told(ide).await.text.as_deref(), Some("to both"));
    }
    // Each team ends its own, and no other.
    let answer = chat(control, by_bob(channel("disconnect"))).await;
    assert!(text(&answer).contains("disconnected"), "{answer}");
    assert_eq!(told(&bob).await.kind, ActivityKind::ChannelDisconnected);
    let answer = chat(control, by_bob(channel("disconnect"))).await;
    assert!(text(&answer).contains("not connected for your team"), "{answer}");
    assert_eq!(send(control, json!({"activity": channel("to one")})).await, 200);
    assert_eq!(told(&ada).await.text.as_deref(), Some("to one"));
    bob.finish().await;
    ada.finish().await;
}

#[tokio::test]
async fn status_and_disconnectall_know_every_channel_of_the_writers_team() {
    let scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let control = scene.control();
    assert!(text(&chat(control, personal("status")).await).contains("not signed in"));
    assert!(text(&chat(control, personal("disconnectall")).await).contains("do not know you"));
    link(&scene, &user, |activity| activity).await;
    let answer = chat(control, personal("status")).await;
    assert!(
        text(&answer).contains(&format!("signed in as {}", user.email))
            && text(&answer).contains("No channel is connected"),
        "{answer}"
    );
    assert!(text(&chat(control, channel("status")).await).contains("This channel is not connected"));
    for (activity, name) in [
        (channel("connect"), "General"),
        (in_releases("connect"), "Releases"),
    ] {
        chat(control, activity).await;
        assert_eq!(told(&ide).await.text.as_deref(), Some(name));
    }
    let answer = chat(control, personal("Status")).await;
    assert!(text(&answer).contains("**General**, **Releases**"), "{answer}");

    let answer = chat(control, personal("disconnectall")).await;
    assert!(
        text(&answer).contains("Disconnected: **General**, **Releases**"),
        "{answer}"
    );
    let mut ended = Vec::new();
    for _ in 0..2 {
        let activity = told(&ide).await;
        assert_eq!(activity.kind, ActivityKind::ChannelDisconnected);
        ended.push((
            activity.channel_id.expect("a channel"),
            activity.text.expect("its name"),
        ));
    }
    assert_eq!(
        ended,
        [
            (GENERAL.to_owned(), "General".to_owned()),
            ("19:releases@thread.skype".to_owned(), "Releases".to_owned())
        ]
    );
    assert!(text(&chat(control, personal("disconnectall")).await).contains("No channel is connected"));
    ide.finish().await;
}

#[tokio::test]
async fn nothing_is_kept_of_who_uninstalls_and_an_upgrade_is_no_removal() {
    let scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let control = scene.control();
    link(&scene, &user, |activity| activity).await;
    chat(control, channel("connect")).await;
    assert_eq!(told(&ide).await.kind, ActivityKind::ChannelConnected);
    for upgrade in [personal(""), channel("")] {
        assert_eq!(send(control, removed("remove-upgrade", upgrade)).await, 200);
    }
    assert!(text(&chat(control, channel("status")).await).contains("connected for your team"));

    // Removed from the team: its channels end, and the person stays linked.
    assert_eq!(send(control, removed("remove", channel(""))).await, 200);
    assert_eq!(told(&ide).await.kind, ActivityKind::ChannelDisconnected);
    assert!(text(&chat(control, channel("status")).await).contains("not connected"));
    chat(control, channel("connect")).await;
    assert_eq!(told(&ide).await.kind, ActivityKind::ChannelConnected);

    assert!(text(&chat(control, channel("uninstall")).await).contains("our personal chat"));
    let answer = chat(control, personal("uninstall")).await;
    assert!(text(&answer).contains("You are signed out"), "{answer}");
    assert_eq!(told(&ide).await.kind, ActivityKind::ChannelDisconnected);
    assert!(text(&chat(control, personal("status")).await).contains("not signed in"));

    // The app is taken out of the personal chat without a word.
    link(&scene, &user, |activity| activity).await;
    assert_eq!(send(control, removed("remove", personal(""))).await, 200);
    let answer = chat(control, personal("status")).await;
    assert!(text(&answer).contains("not signed in"), "{answer}");
    ide.finish().await;
}
