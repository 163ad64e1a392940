//! Microsoft Teams calls the API: the Connector's token is checked claim by claim, and the bot does what it is told.

use std::time::Duration;

use codestream_protocol::activity::{Activity, ActivityKind};
use codestream_protocol::lsp::notification::DataType;
use e2e::methods::DataChanged;
use e2e::{Control, HeadlessIde, Http, SandboxUser, Stub};
use reqwest::Method;
use serde_json::{Value, json};

use crate::scene::Scene;

const GENERAL: &str = "19:general@thread.skype";

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
    let requests = control.requests("msteams").await;
    let connector = |one: &Value| {
        one["path"]
            .as_str()
            .is_some_and(|path| path.contains("/connector/"))
    };
    requests
        .into_iter()
        .filter(|one| connector(one) && one["status"] == 201)
        .map(|one| one["body"].clone())
        .collect()
}

async fn answer(control: &Control, before: usize) -> Value {
    let answered = async {
        loop {
            if let Some(message) = said(control).await.into_iter().nth(before) {
                return message;
            }
        }
    };
    tokio::time::timeout(e2e::PATIENCE, answered)
        .await
        .expect("the bot answers")
}

async fn connect_code(stub: &Stub, user: &SandboxUser) -> String {
    let url = stub.url("/msteams/generate-connect-code");
    let answer = Http::new()
        .call(Method::POST, &url, Some(&user.access_token), &Value::Null)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["connectCode"].as_str().expect("a code").to_owned()
}

async fn told(ide: &HeadlessIde) -> Activity {
    let change = ide
        .await_notification::<DataChanged>(|change| change.kind == DataType::Activities)
        .await;
    let activities: Vec<Activity> = serde_json::from_value(change.data).expect("activities");
    activities.into_iter().next().expect("one")
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
    let scene = Scene::new().await;
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
