//! The channel over real sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use codestream_protocol::channel::{ChannelName, Message, close};
use codestream_protocol::secret::BroadcasterToken;
use codestream_protocol::{TeamId, UserId};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::*;
use crate::config::{Config, ConfirmSignIn, Database, Key, KeyRing};
use crate::listen;
use crate::serve::{Listeners, Sites, api_router, app};
use crate::store::{NewUser, SessionId};

/// A server, until it is dropped.
struct Bench {
    app: Arc<App>,
    address: SocketAddr,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.app.lifecycle.stop();
    }
}

struct Somebody {
    user: UserId,
    team: TeamId,
    session: SessionId,
    token: BroadcasterToken,
}

fn config() -> Config {
    let ring = |byte| KeyRing::new(Key::new([byte; 32]), Vec::new());
    Config {
        environment: "local".to_owned(),
        public_url: None,
        auth_origin: None,
        success_url: None,
        trusted_proxies: crate::config::TrustedProxies::default(),
        limits: crate::config::Limits::default(),
        quotas: crate::config::Quotas::default(),
        sessions: crate::config::SessionLife::default(),
        allow_hosts: crate::config::AllowHosts::default(),
        database: Database::SqliteMemory,
        sandbox: false,
        sandbox_url: None,
        long_poll: true,
        allow_legacy_sign_up: false,
        confirm_sign_in: ConfirmSignIn::Never,
        providers: std::collections::BTreeMap::new(),
        signing_keys: ring(1),
        encryption_keys: ring(2),
    }
}

async fn bench() -> Bench {
    let api = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = api.local_addr().expect("an address");
    let listeners = Listeners {
        api,
        sandbox: None,
        metrics: None,
    };
    let app = app(&listeners, config()).await.expect("an app");
    start(&app);
    let site = Sites::new(&app, 1).api(api_router(&app));
    let lifecycle = app.lifecycle.clone();
    app.lifecycle.spawn(async move {
        let served = listen::serve(listeners.api, site, lifecycle.stopping());
        served.await.expect("served");
    });
    Bench { app, address }
}

impl Bench {
    async fn somebody(&self, name: &str) -> Somebody {
        let new = NewUser {
            email: format!("{name}@example.com"),
            username: name.to_owned(),
            full_name: name.to_owned(),
            signed_up_with: None,
        };
        let made = self.app.store.create_user_and_team(new).await.expect("stored");
        let (user, team) = made.expect("a new user");
        let opened = self
            .app
            .store
            .open_session(&user.id, Some(&team.id), None)
            .await
            .expect("a session");
        Somebody {
            user: user.id,
            team: team.id,
            session: opened.session.id,
            token: opened.session.broadcaster_token,
        }
    }

    async fn dial(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        let url = format!("ws://{}{PATH}?x=1", self.address);
        let (socket, _) = client_async(url, stream).await.expect("an upgrade");
        Client { socket, cid: 0 }
    }

    /// Connected, handshaken and authenticated.
    async fn signed_in(&self, who: &Somebody) -> Client {
        let mut client = self.dial().await;
        client.call("#handshake", json!({ "authToken": null })).await;
        client.auth(who).await;
        client
    }

    async fn publish(&self, channel: &ChannelName, value: Value) -> String {
        let stored = self.app.store.publish(channel, value).await;
        stored.expect("stored").id
    }
}

struct Client {
    socket: WebSocketStream<TcpStream>,
    cid: u64,
}

impl Client {
    async fn send(&mut self, text: impl Into<String>) {
        let frame = Frame::text(text.into());
        self.socket.send(frame).await.expect("sent");
    }

    /// The next frame that is no ping; pings are answered.
    async fn next(&mut self) -> Value {
        loop {
            match self.socket.next().await.expect("a frame").expect("a frame") {
                Frame::Text(text) if text.is_empty() => self.send("").await,
                Frame::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                other => panic!("no text: {other:?}"),
            }
        }
    }

    async fn call(&mut self, event: &str, data: Value) -> Value {
        self.cid += 1;
        let cid = self.cid;
        self.send(json!({ "event": event, "data": data, "cid": cid }).to_string())
            .await;
        let answer = self.next().await;
        assert_eq!(answer["rid"], cid, "{answer}");
        answer
    }

    async fn auth(&mut self, who: &Somebody) -> String {
        let data = json!({ "token": who.token, "uid": who.user });
        let answer = self.call("auth", data).await;
        assert!(answer.get("error").is_none(), "{answer}");
        let set = self.next().await;
        assert_eq!(set["event"], "#setAuthToken");
        set["data"]["token"].as_str().expect("a JWT").to_owned()
    }

    async fn subscribe(&mut self, channel: &ChannelName) -> Value {
        self.call("#subscribe", json!({ "channel": channel })).await
    }

    async fn closed(&mut self) -> u16 {
        loop {
            match self.socket.next().await {
                Some(Ok(Frame::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(Frame::Close(None))) => return 1005,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return 1006,
            }
        }
    }
}

fn message(answer: &Value) -> &str {
    answer["error"]["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_message_reaches_every_window_of_its_user_and_nobody_else() {
    let bench = bench().await;
    let (ann, bob) = (bench.somebody("ann").await, bench.somebody("bob").await);
    let channel = ChannelName::User(ann.user.clone());
    let mut windows = [bench.signed_in(&ann).await, bench.signed_in(&ann).await];
    for window in &mut windows {
        assert!(window.subscribe(&channel).await.get("error").is_none());
        assert!(
            window.subscribe(&channel).await.get("error").is_none(),
            "twice is once"
        );
    }
    let mut other = bench.signed_in(&bob).await;
    assert_eq!(
        message(&other.subscribe(&channel).await),
        format!("not authorized for channel {channel}: user mismatch")
    );
    let id = bench.publish(&channel, json!({ "user": { "x": 1 } })).await;
    for window in &mut windows {
        let publish = window.next().await;
        assert_eq!(publish["event"], "#publish");
        assert_eq!(publish["data"]["channel"], json!(channel));
        assert_eq!(publish["data"]["data"]["messageId"], json!(id));
        assert!(publish.get("cid").is_none());
    }
    // What would have been delivered to the other client would come before this answer.
    let own = ChannelName::User(bob.user.clone());
    assert!(other.subscribe(&own).await.get("error").is_none());
}

#[tokio::test]
async fn auth_needs_the_sessions_own_token() {
    let bench = bench().await;
    let (ann, bob) = (bench.somebody("ann").await, bench.somebody("bob").await);
    let mut client = bench.dial().await;
    client.call("#handshake", Value::Null).await;
    for (token, uid, expected) in [
        (
            bob.token.expose(),
            ann.user.as_str(),
            "AuthError: invalid token".to_owned(),
        ),
        ("x", ann.user.as_str(), "AuthError: invalid token".to_owned()),
        ("x", "API", "AuthError: user API not found".to_owned()),
    ] {
        let answer = client.call("auth", json!({ "token": token, "uid": uid })).await;
        assert_eq!(message(&answer), expected);
    }
    client.auth(&ann).await;
}

#[tokio::test]
async fn an_address_that_guesses_tokens_has_to_wait() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let mut client = bench.dial().await;
    client.call("#handshake", Value::Null).await;
    let guess = json!({ "token": "x", "uid": ann.user });
    let mut answers = Vec::new();
    for _ in 0..25 {
        answers.push(client.call("auth", guess.clone()).await);
    }
    assert_eq!(message(&answers[0]), "AuthError: invalid token");
    assert!(message(&answers[24]).contains("too many failed attempts"));
    bench.app.clock.advance(Duration::from_mins(1));
    client.auth(&ann).await;
}

#[tokio::test]
async fn a_jwt_signs_a_later_connection_in_while_its_session_lasts() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let mut first = bench.dial().await;
    first.call("#handshake", Value::Null).await;
    let jwt = first.auth(&ann).await;
    let mut second = bench.dial().await;
    let answer = second.call("#handshake", json!({ "authToken": jwt })).await;
    assert_eq!(answer["data"]["isAuthenticated"], true);
    assert_eq!(answer["data"]["id"].as_str().map(str::len), Some(20));
    let channel = ChannelName::User(ann.user.clone());
    assert!(second.subscribe(&channel).await.get("error").is_none());
    bench.app.store.end_session(ann.session).await.expect("ended");
    let mut third = bench.dial().await;
    let answer = third.call("#handshake", json!({ "authToken": jwt })).await;
    assert_eq!(answer["data"]["isAuthenticated"], false);
    assert_eq!(answer["data"]["authError"]["name"], "AuthTokenInvalidError");
    assert_eq!(third.next().await["event"], "#removeAuthToken");
    assert_eq!(message(&third.subscribe(&channel).await), "missing credentials");
}

#[tokio::test]
async fn an_expired_jwt_is_told_so() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let mut client = bench.dial().await;
    client.call("#handshake", Value::Null).await;
    let jwt = client.auth(&ann).await;
    bench.app.clock.advance(Duration::from_hours(24));
    let mut later = bench.dial().await;
    let answer = later.call("#handshake", json!({ "authToken": jwt })).await;
    assert_eq!(answer["data"]["authError"]["name"], "AuthTokenExpiredError");
}

#[tokio::test]
async fn the_end_of_a_session_kicks_and_closes_for_good() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let channel = ChannelName::User(ann.user.clone());
    let mut client = bench.signed_in(&ann).await;
    client.subscribe(&channel).await;
    bench.app.store.end_session(ann.session).await.expect("ended");
    let kick = client.next().await;
    assert_eq!(kick["event"], "#kickOut");
    assert_eq!(kick["data"]["channel"], json!(channel));
    assert_eq!(client.next().await["event"], "#removeAuthToken");
    assert_eq!(client.closed().await, close::DO_NOT_COME_BACK);
}

#[tokio::test]
async fn who_is_taken_out_of_a_team_hears_it_no_more() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let (team, mine) = (
        ChannelName::Team(ann.team.clone()),
        ChannelName::User(ann.user.clone()),
    );
    let mut client = bench.signed_in(&ann).await;
    client.subscribe(&team).await;
    client.subscribe(&mine).await;
    let store = &bench.app.store;
    store.remove_member(&ann.user, &ann.team).await.expect("removed");
    let kick = client.next().await;
    assert_eq!(
        (&kick["event"], &kick["data"]["channel"]),
        (&json!("#kickOut"), &json!(team))
    );
    bench.publish(&team, json!({ "secret": 1 })).await;
    let id = bench.publish(&mine, json!({})).await;
    assert_eq!(client.next().await["data"]["data"]["messageId"], json!(id));
    assert_eq!(
        message(&client.subscribe(&team).await),
        format!("not authorized for channel {team}: user not in team")
    );
}

#[tokio::test]
async fn a_delivery_looks_at_membership_itself() {
    let bench = bench().await;
    let (ann, bob) = (bench.somebody("ann").await, bench.somebody("bob").await);
    let mut client = bench.signed_in(&bob).await;
    let channel = ChannelName::User(ann.user.clone());
    // As if the subscription had been allowed and the news of its end were still on its way.
    let line = {
        client.subscribe(&ChannelName::User(bob.user.clone())).await;
        bench.app.channel.hub.only_line()
    };
    let subscriber = hub::Subscriber {
        session: bob.session,
        user: bob.user.clone(),
    };
    bench.app.channel.hub.subscribe(line, &channel, subscriber);
    bench.publish(&channel, json!({ "secret": 1 })).await;
    assert_eq!(client.next().await["event"], "#kickOut");
}

#[tokio::test]
async fn history_gives_the_newest_hundred_first() {
    let bench = bench().await;
    let (ann, bob) = (bench.somebody("ann").await, bench.somebody("bob").await);
    let channel = ChannelName::User(ann.user.clone());
    let mut ids = Vec::new();
    for number in 0..102 {
        ids.push(bench.publish(&channel, json!({ "n": number })).await);
    }
    let mut client = bench.signed_in(&ann).await;
    let since = |since: i64| json!({ "channels": [channel], "requestId": "r", "since": since });
    let answer = client.call("history", since(0)).await;
    let messages = answer["data"]["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 100);
    assert_eq!(answer["data"]["requestId"], "r");
    assert_eq!(messages[0]["message"]["messageId"], json!(ids[101]));
    assert_eq!(messages[99]["message"]["messageId"], json!(ids[2]));
    let last = messages[0]["timestamp"].as_i64().expect("a time");
    let newest = client.call("history", since(last)).await;
    let newest = newest["data"]["messages"].as_array().expect("messages");
    assert!(
        newest
            .iter()
            .any(|row| row["message"]["messageId"] == json!(ids[101]))
    );
    assert_eq!(
        client.call("history", since(last + 1)).await["data"]["messages"],
        json!([])
    );
    let mut other = bench.signed_in(&bob).await;
    assert_eq!(
        message(&other.call("history", since(0)).await),
        format!("history request r not authorized: unauthorized user channel: {channel}")
    );
}

#[tokio::test]
async fn a_large_message_comes_in_parts_that_join() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let channel = ChannelName::User(ann.user.clone());
    let mut client = bench.signed_in(&ann).await;
    client.subscribe(&channel).await;
    let text = "é".repeat(100_000);
    let id = bench.publish(&channel, json!({ "text": text })).await;
    let mut joined = String::new();
    loop {
        let publish = client.next().await;
        let part: Message = serde_json::from_value(publish["data"]["data"].clone()).expect("a message");
        assert_eq!(part.message_id, id);
        let part = part.part.expect("a part");
        joined.push_str(&part.text);
        if part.number + 1 == part.of {
            break;
        }
    }
    let whole: Value = serde_json::from_str(&joined).expect("JSON");
    assert_eq!(whole["text"], json!(text));
}

#[tokio::test]
async fn frames_of_any_shape_leave_the_connection_usable() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let mut client = bench.signed_in(&ann).await;
    for text in [
        "junk",
        "null",
        "[]",
        "[[]]",
        "{\"event\":{}}",
        "#1",
        "\u{0}",
        r##"{"event":"#subscribe","data":{"channel":7}}"##,
    ] {
        client.send(text).await;
    }
    client.socket.send(Frame::binary(Vec::new())).await.expect("sent");
    client
        .socket
        .send(Frame::binary(vec![0xff, 0xfe]))
        .await
        .expect("sent");
    let json = json!({ "event": "#subscribe", "data": { "channel": "echo" }, "cid": 77 });
    let binary = Frame::binary(json.to_string().into_bytes());
    client.socket.send(binary).await.expect("sent");
    assert_eq!(
        client.next().await,
        json!({ "rid": 77 }),
        "JSON counts in a binary frame"
    );
}

#[tokio::test]
async fn a_frame_that_is_too_large_closes_with_1009() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    for kibibytes in [65, 255] {
        let mut client = bench.signed_in(&ann).await;
        client.send("x".repeat(kibibytes * 1024)).await;
        assert_eq!(client.closed().await, close::TOO_LARGE, "{kibibytes} KiB");
    }
}

#[tokio::test]
async fn other_paths_and_plain_requests_are_refused_with_400() {
    let bench = bench().await;
    for path in ["/socketcluster", PATH] {
        let url = format!("http://{}{path}", bench.address);
        let answer = bench
            .app
            .http
            .own(&bench.app.origins.public)
            .get(url)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 400, "{path}");
    }
}

#[tokio::test]
async fn shutdown_says_that_the_server_goes_away() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let mut client = bench.signed_in(&ann).await;
    bench.app.lifecycle.stop();
    assert_eq!(client.closed().await, close::GOING_AWAY);
}

#[tokio::test]
async fn a_cut_connection_ends_without_a_word() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let mut client = bench.signed_in(&ann).await;
    bench.app.channel.cut_all();
    assert_eq!(client.closed().await, 1006);
}

#[tokio::test]
async fn whoever_cannot_keep_up_is_told_to_catch_up() {
    let bench = bench().await;
    let ann = bench.somebody("ann").await;
    let channel = ChannelName::User(ann.user.clone());
    let mut client = bench.signed_in(&ann).await;
    client.subscribe(&channel).await;
    bench.app.channel.hub.end_all(End::Behind);
    assert_eq!(client.closed().await, close::BEHIND);
}

#[tokio::test]
async fn a_client_that_is_silent_is_pinged_and_then_given_up() {
    let bench = bench().await;
    let mut client = bench.dial().await;
    client.call("#handshake", Value::Null).await;
    // From here on time runs only while nothing else does: 20 s take no time, and nothing is exact but the order.
    tokio::time::pause();
    let from = tokio::time::Instant::now();
    for _ in 0..2 {
        let frame = client.socket.next().await.expect("a frame").expect("a frame");
        assert_eq!(frame, Frame::text(""));
    }
    assert_eq!(client.closed().await, close::NO_PONG);
    assert!(from.elapsed() >= Duration::from_secs(19), "{:?}", from.elapsed());
}

#[tokio::test]
async fn without_a_handshake_the_server_hangs_up() {
    let bench = bench().await;
    let mut client = bench.dial().await;
    tokio::time::pause();
    let from = tokio::time::Instant::now();
    assert_eq!(client.closed().await, close::NO_HANDSHAKE);
    assert!(from.elapsed() >= Duration::from_secs(9), "{:?}", from.elapsed());
}
