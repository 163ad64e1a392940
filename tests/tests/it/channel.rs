//! The me-channel: any frame is survived, nobody reads what is not theirs, and no message is lost on the way.

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::ConnectionStatus;
use e2e::methods::ConnectionChanged;
use e2e::{Socket, Stub};
use serde_json::json;

use crate::scene::{Scene, listening};

#[tokio::test]
async fn frames_of_any_shape_are_survived() {
    let stub = Stub::start().await;
    let user = stub.control().user().await;
    let mut raw = Socket::of(&stub.ready().channel, &user).await;
    let deep = "[".repeat(60_000);
    for junk in [
        "x",
        "{",
        "{}",
        "[]",
        "null",
        "7",
        "\"text\"",
        "[1,null,{}]",
        "#1",
        "#2",
        deep.as_str(),
        "{\"event\":7}",
        "{\"event\":\"#subscribe\"}",
        "{\"event\":\"#subscribe\",\"data\":7,\"cid\":90}",
        "{\"event\":\"auth\",\"data\":null,\"cid\":91}",
        "{\"event\":\"history\",\"data\":[],\"cid\":92}",
        "{\"rid\":99,\"data\":1}",
        "{\"event\":\"no such procedure\",\"cid\":93}",
        "{\"event\":\"#unsubscribe\",\"data\":{\"a\":1}}",
        "{\"event\":\"#publish\",\"data\":7}",
        "{\"event\":\"#authenticate\",\"data\":\"a.b.c\",\"cid\":94}",
    ] {
        raw.send(junk).await;
    }
    // It may have forgotten who this is, after a JWT that was none.
    let auth = json!({"token": user.broadcaster_token, "uid": user.user_id});
    raw.call(10, "auth", auth).await;
    let channel = format!("user-{}", user.user_id);
    let answer = raw.call(11, "#subscribe", json!({ "channel": channel })).await;
    assert!(answer["error"].is_null(), "{answer}");
    let sent = stub
        .control()
        .publish(&channel, json!({"marker": "after the junk"}))
        .await;
    let got = raw.find(|packet| packet["event"] == "#publish").await;
    assert_eq!(got["data"]["channel"], channel.as_str());
    assert_eq!(got["data"]["data"]["marker"], "after the junk");
    assert_eq!(got["data"]["data"]["messageId"], sent["messageId"]);
}

#[tokio::test]
async fn a_frame_that_is_too_large_is_refused_in_good_form_and_the_next_connection_is_served() {
    let stub = Stub::start().await;
    let user = stub.control().user().await;
    let mut raw = Socket::of(&stub.ready().channel, &user).await;
    raw.send(&"[".repeat(200_000)).await;
    assert_eq!(raw.closed().await, 1009);
    Socket::of(&stub.ready().channel, &user).await;
}

#[tokio::test]
async fn who_is_taken_out_of_a_team_hears_it_no_more() {
    let stub = Stub::start().await;
    let user = stub.control().user().await;
    let mut raw = Socket::of(&stub.ready().channel, &user).await;
    let team = format!("team-{}", user.team_id);
    let answer = raw.call(3, "#subscribe", json!({ "channel": team })).await;
    assert!(answer["error"].is_null(), "{answer}");
    stub.control().remove(&user).await;
    let kick = raw.find(|packet| packet["event"] == "#kickOut").await;
    assert_eq!(kick["data"]["channel"], team.as_str());
    let answer = raw.call(4, "#subscribe", json!({ "channel": team })).await;
    assert!(answer["error"].is_object(), "{answer}");
}

#[tokio::test]
async fn nobody_reads_or_writes_what_is_not_theirs() {
    let stub = Stub::start().await;
    let users = stub.control().users(2).await;
    let mut raw = Socket::of(&stub.ready().channel, &users[0]).await;
    for (cid, channel) in [
        (20, format!("user-{}", users[1].user_id)),
        (21, format!("team-{}", users[1].team_id)),
        (22, "user-".to_owned()),
        (23, format!("user-{} ", users[0].user_id)),
        (24, "*".to_owned()),
    ] {
        let answer = raw.call(cid, "#subscribe", json!({ "channel": channel })).await;
        assert!(!answer["error"].is_null(), "{channel}: {answer}");
        let asked = json!({"channels": [channel], "requestId": "r", "since": 0});
        let answer = raw.call(cid + 20, "history", asked).await;
        assert!(
            !answer["error"].is_null() || answer["data"]["messages"] == json!([]),
            "{channel}: {answer}"
        );
    }
    let own = format!("user-{}", users[0].user_id);
    raw.call(60, "#subscribe", json!({ "channel": own })).await;
    let answer = raw
        .call(61, "#publish", json!({"channel": own, "data": {"forged": true}}))
        .await;
    assert!(!answer["error"].is_null(), "clients cannot publish: {answer}");
    let wrong = raw
        .call(
            62,
            "auth",
            json!({"token": users[1].broadcaster_token, "uid": users[0].user_id}),
        )
        .await;
    assert!(!wrong["error"].is_null(), "another user's token: {wrong}");
}

#[tokio::test]
async fn a_logout_closes_the_socket_for_good() {
    let stub = Stub::start().await;
    let user = stub.control().user().await;
    let mut raw = Socket::of(&stub.ready().channel, &user).await;
    raw.call(
        3,
        "#subscribe",
        json!({"channel": format!("user-{}", user.user_id)}),
    )
    .await;
    let out = stub
        .http()
        .put(&stub.url("/logout"), Some(&user.access_token), &json!({}))
        .await;
    assert_eq!(out.status.as_u16(), 200, "{}", out.text);
    let code = raw.closed().await;
    assert!(code >= 4500, "{code}");
}

#[tokio::test]
async fn what_happens_while_the_channel_is_down_is_caught_up() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    scene
        .proxy()
        .fault("/socketcluster/", e2e::Fault::Refuse, usize::MAX);
    scene.proxy().cut();
    ide.await_notification::<ConnectionChanged>(|change| change.status != ConnectionStatus::Reconnected)
        .await;
    let page = scene.browser.press(&consent, "approve").await;
    assert!(page.status.is_success(), "{}", page.text());
    scene.proxy().heal();
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[tokio::test]
async fn a_server_that_drops_every_socket_loses_nothing() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    for provider in ["github", "trello"] {
        scene.control().fault(json!({"channel": {"dropAll": true}})).await;
        scene.connect(&ide, provider).await;
    }
    assert!(ide.me("trello").await.is_ok());
    ide.finish().await;
}

#[tokio::test]
async fn a_server_that_dies_after_the_commit_still_tells_the_ide() {
    let kept = e2e::Kept::new();
    let proxy_stub = || Stub::builder().single().keeping(&kept);
    let mut scene = Scene::behind_proxy(proxy_stub().any_exit()).await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let callback = {
        let consent = scene.browser.consent_page(&started.url, None).await;
        scene.browser.press_and_stop(&consent, "approve").await
    };
    scene
        .control()
        .fault(json!({"publish": {"abortBefore": true}}))
        .await;
    scene.come_back_fatally(&callback).await;
    assert_eq!(scene.stub.ended().await, Some(137));

    let proxy = scene.proxy.take().expect("a proxy");
    let stub = proxy_stub().args(["--public-url", &proxy.url()]).start().await;
    proxy.forward_to(stub.api());
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    listening(&ide).await;
    ide.finish().await;
}
