//! The stock SocketCluster client against our server, in the oldest and the newest version that anybody uses.

use e2e::peer::Peer;
use e2e::{Kept, SandboxUser, Stub};
use serde_json::{Value, json};

const VERSIONS: [&str; 2] = ["16", "20"];

async fn client(version: &str, stub: &Stub) -> Option<Peer> {
    let port = stub.api().rsplit(':').next().expect("a port");
    Peer::start("socketcluster-client.mjs", &[version, "127.0.0.1", port]).await
}

fn auth(user: &SandboxUser) -> Value {
    json!({"event": "auth", "data": {"token": user.broadcaster_token, "uid": user.user_id}})
}

fn own(user: &SandboxUser) -> String {
    format!("user-{}", user.user_id)
}

/// Opened, authenticated, listening to the own channel.
async fn listening(client: &mut Peer, user: &SandboxUser) {
    client.ok("open", json!({})).await;
    client.ok("invoke", auth(user)).await;
    client.ok("authenticated", json!({})).await;
    client.ok("subscribe", json!({"channel": own(user)})).await;
}

/// The next message on the own channel is this one.
async fn hears(client: &mut Peer, stub: &Stub, user: &SandboxUser, text: &str) {
    let sent = stub.control().publish(&own(user), json!({"text": text})).await;
    let heard = client.event("message", |_| true).await;
    assert_eq!(heard["channel"], own(user).as_str(), "{heard}");
    assert_eq!(
        heard["data"],
        json!({"text": text, "messageId": sent["messageId"]}),
        "whole and in order"
    );
}

async fn refused(client: &mut Peer, op: &str, arguments: Value, message: &str) {
    let shown = arguments.to_string();
    let error = client.call(op, arguments).await.expect_err(message);
    assert_eq!(error["message"], message, "{op} {shown}");
}

#[tokio::test]
async fn it_authenticates_listens_and_catches_up() {
    for version in VERSIONS {
        let stub = Stub::start().await;
        let Some(mut client) = client(version, &stub).await else {
            return;
        };
        let users = stub.control().users(2).await;
        let [user, other] = &users[..] else {
            panic!("{users:?}")
        };

        let hello = client.ok("open", json!({})).await;
        assert_eq!(hello["id"].as_str().map(str::len), Some(20), "{hello}");
        assert_eq!(
            (&hello["pingTimeout"], &hello["isAuthenticated"]),
            (&json!(20_000), &json!(false))
        );
        refused(
            &mut client,
            "subscribe",
            json!({"channel": own(user)}),
            "missing credentials",
        )
        .await;

        let with = |token: &Value, uid: &str| json!({"event": "auth", "data": {"token": token, "uid": uid}});
        let token = json!(user.broadcaster_token);
        let uid = user.user_id.to_string();
        let nobody = "0123456789abcdef01234567";
        for (token, uid, message) in [
            (
                &json!("wrong"),
                uid.as_str(),
                "AuthError: invalid token".to_owned(),
            ),
            (
                &json!(other.broadcaster_token),
                uid.as_str(),
                "AuthError: invalid token".to_owned(),
            ),
            (
                &json!(user.access_token),
                uid.as_str(),
                "AuthError: invalid token".to_owned(),
            ),
            (&token, nobody, format!("AuthError: user {nobody} not found")),
            (
                &json!(null),
                uid.as_str(),
                "AuthError: no auth token provided".to_owned(),
            ),
            (&token, "", "AuthError: no uid provided".to_owned()),
        ] {
            refused(&mut client, "invoke", with(token, uid), &message).await;
        }
        client.ok("invoke", auth(user)).await;
        let jwt = client.ok("authenticated", json!({})).await;
        assert_eq!(jwt["authToken"]["uid"], uid.as_str(), "{jwt}");

        for (channel, reason) in [
            (own(other), "user mismatch"),
            (format!("{}-x", own(user)), "invalid channel"),
            (format!("team-{}", other.team_id), "user not in team"),
            ("user-".to_owned(), "invalid channel"),
        ] {
            let message = format!("not authorized for channel {channel}: {reason}");
            refused(&mut client, "subscribe", json!({ "channel": channel }), &message).await;
        }
        let team = format!("team-{}", user.team_id);
        client.ok("subscribe", json!({"channel": own(user)})).await;
        client.ok("subscribe", json!({ "channel": team })).await;

        hears(&mut client, &stub, user, "first").await;
        let second = stub.control().publish(&team, json!({"text": "second"})).await;
        let heard = client
            .event("message", |heard| heard["channel"] == team.as_str())
            .await;
        assert_eq!(heard["data"]["messageId"], second["messageId"]);
        refused(
            &mut client,
            "publish",
            json!({"channel": own(user), "data": {"forged": true}}),
            "Client publish feature is disabled",
        )
        .await;

        let history = |channel: &str, since: &Value| json!({"event": "history", "data": {"channels": [channel], "requestId": "r1", "since": since}});
        let all = client.ok("invoke", history(&own(user), &json!(0))).await;
        assert_eq!(
            (&all["requestId"], &all["channels"]),
            (&json!("r1"), &json!([own(user)]))
        );
        let messages = all["messages"].as_array().expect("messages");
        assert_eq!(messages.len(), 1, "{all}");
        assert_eq!(messages[0]["message"]["text"], "first");
        let later = json!(messages[0]["timestamp"].as_i64().expect("a time") + 1);
        let later = client.ok("invoke", history(&own(user), &later)).await;
        assert_eq!(later["messages"], json!([]), "{later}");
        let message = format!(
            "history request r1 not authorized: unauthorized user channel: {}",
            own(other)
        );
        refused(&mut client, "invoke", history(&own(other), &json!(0)), &message).await;
    }
}

#[tokio::test]
async fn a_kick_ends_one_subscription_and_the_end_of_the_session_all_of_it() {
    for version in VERSIONS {
        let stub = Stub::start().await;
        let Some(mut client) = client(version, &stub).await else {
            return;
        };
        let user = stub.control().user().await;
        listening(&mut client, &user).await;
        let team = format!("team-{}", user.team_id);
        client.ok("subscribe", json!({ "channel": team })).await;

        stub.control().kick(&user.user_id, &own(&user)).await;
        let kicked = client.event("kickOut", |_| true).await;
        assert_eq!(kicked["data"]["channel"], own(&user).as_str(), "{kicked}");
        let state = client.ok("state", json!({})).await;
        assert_eq!(state["subscriptions"], json!([team]), "{state}");
        stub.control()
            .publish(&own(&user), json!({"text": "unheard"}))
            .await;
        stub.control().publish(&team, json!({"text": "heard"})).await;
        let heard = client.event("message", |_| true).await;
        assert_eq!(heard["data"]["text"], "heard", "{heard}");

        let out = stub
            .http()
            .put(&stub.url("/logout"), Some(&user.access_token), &json!({}))
            .await;
        assert_eq!(out.status.as_u16(), 200, "{}", out.text);
        let closed = client.event("disconnect", |_| true).await;
        assert!(closed["data"]["code"].as_i64() >= Some(4500), "{closed}");
        let state = client.ok("state", json!({})).await;
        assert_eq!(
            (&state["comesBack"], &state["authState"]),
            (&json!(false), &json!("unauthenticated")),
            "it does not come back, and has no JWT to come back with: {state}"
        );
    }
}

#[tokio::test]
async fn it_comes_back_after_a_restart_of_the_server_without_a_new_auth() {
    for version in VERSIONS {
        let kept = Kept::new();
        let stub = Stub::builder().keeping(&kept).start().await;
        let address = stub.api().trim_start_matches("http://").to_owned();
        let Some(mut client) = client(version, &stub).await else {
            return;
        };
        let user = stub.control().user().await;
        listening(&mut client, &user).await;
        client.event("connect", |_| true).await;
        client.event("subscribe", |_| true).await;

        stub.stop().await;
        let next = || Stub::builder().keeping(&kept).listen(&address);
        let again = next().start().await;
        back_again(&mut client, &again, &user, 1001).await;
        // And without a goodbye.
        let mut stub = again;
        stub.kill().await;
        drop(stub);
        let stub = next().start().await;
        back_again(&mut client, &stub, &user, 1006).await;
    }
}

/// The client was disconnected with `code` and has come back by itself with the JWT that it had.
async fn back_again(client: &mut Peer, stub: &Stub, user: &SandboxUser, code: u16) {
    let gone = client.event("disconnect", |_| true).await;
    assert_eq!(gone["data"]["code"], code, "{gone}");
    let back = client.event("connect", |_| true).await;
    assert_eq!(back["data"]["isAuthenticated"], true, "{back}");
    client
        .event("subscribe", |event| {
            event["data"]["channel"] == own(user).as_str()
        })
        .await;
    hears(client, stub, user, "after the restart").await;
}

#[tokio::test]
async fn two_hundred_at_once_each_hear_what_is_theirs() {
    let stub = Stub::start().await;
    let users = stub.control().users(200).await;
    let mut clients = Vec::new();
    for (version, users) in VERSIONS.into_iter().zip(users.chunks(100)) {
        let Some(client) = client(version, &stub).await else {
            return;
        };
        clients.push((client, users));
    }
    let entering = clients.iter_mut().map(|(client, users)| {
        let users: Vec<_> = users
            .iter()
            .map(|user| json!({"uid": user.user_id, "token": user.broadcaster_token}))
            .collect();
        client.ok("crowd", json!({ "users": users }))
    });
    futures_util::future::join_all(entering).await;
    for user in &users {
        stub.control()
            .publish(&own(user), json!({"for": user.user_id}))
            .await;
    }
    for (client, users) in &mut clients {
        for user in *users {
            let uid = user.user_id.to_string();
            let heard = client
                .event("message", |heard| heard["socket"] == uid.as_str())
                .await;
            assert_eq!(heard["channel"], own(user).as_str(), "{heard}");
            assert_eq!(heard["data"]["for"], uid.as_str(), "{heard}");
        }
        assert_eq!(client.count("message"), 0, "nobody hears more than that");
        assert_eq!(client.count("disconnect"), 0, "nobody was lost");
    }
}

#[tokio::test]
async fn pings_keep_it_for_a_minute() {
    let stub = Stub::start().await;
    let users = stub.control().users(2).await;
    let mut clients = Vec::new();
    for (version, user) in VERSIONS.into_iter().zip(&users) {
        let Some(mut client) = client(version, &stub).await else {
            return;
        };
        listening(&mut client, user).await;
        clients.push((client, user));
    }
    // One every eight seconds. A client that misses them for twenty, or a server that misses the answers, would hang up.
    for _ in 0..8 {
        for (client, _) in &mut clients {
            client.event("ping", |_| true).await;
        }
    }
    for (client, user) in &mut clients {
        assert_eq!(client.count("disconnect"), 0);
        hears(client, &stub, user, "after a minute").await;
    }
}
