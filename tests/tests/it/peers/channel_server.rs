//! The stock SocketCluster server, with CodeStream's `auth` and `history` on top, against our agent.
//!
//! It stands in front of the API: HTTP goes through it, the me-channel is its own. Each message pushes a team named after its
//! id to the me-object's list, so that what is told twice, not at all or out of order shows in the list.

use codestream_protocol::TeamId;
use codestream_protocol::channel::{PART_BYTES, split};
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::{ConnectionStatus, DataType};
use e2e::methods::{ConnectionChanged, DataChanged};
use e2e::peer::Peer;
use e2e::{Fault, HeadlessIde, SandboxUser, Stub};
use serde_json::{Value, json};

use crate::scene::{Scene, listening};

const KEY: &str = "a key that outlives the process";

/// The agent's servers: the proxy, the stock server, the API.
struct Stage {
    scene: Scene,
    broadcaster: Peer,
}

impl Stage {
    /// `None` where the stock server cannot be had.
    async fn new(options: Value) -> Option<Self> {
        let scene = Scene::behind_proxy(Stub::builder()).await;
        let broadcaster = broadcaster(&scene, KEY, &options).await?;
        let stage = Self { scene, broadcaster };
        stage.open();
        Some(stage)
    }

    async fn signed_in(&mut self) -> (HeadlessIde, SandboxUser) {
        let (ide, user) = self.scene.signed_in().await;
        self.broadcaster.event("auth", |_| true).await;
        (ide, user)
    }

    async fn publish(&mut self, user: &SandboxUser, ids: &[&str]) {
        self.broadcaster.ok("publish", messages(user, ids)).await;
    }

    async fn miss(&mut self, user: &SandboxUser, ids: &[&str]) {
        self.broadcaster.ok("miss", messages(user, ids)).await;
    }

    /// Nobody can reach the channel, and those who had are gone.
    async fn cut(&self, ide: &HeadlessIde) {
        self.scene
            .proxy()
            .fault("/socketcluster/", Fault::Refuse, usize::MAX);
        self.scene.proxy().cut();
        lost(ide).await;
    }

    /// Another process in its place.
    async fn restart(&mut self, key: &str, user: &SandboxUser, missed: &[&str]) {
        let new = broadcaster(&self.scene, key, &json!({})).await;
        drop(std::mem::replace(
            &mut self.broadcaster,
            new.expect("it was there before"),
        ));
        self.miss(user, missed).await;
        self.open();
    }

    /// The agent finds the stock server where it looks for the API.
    fn open(&self) {
        let port = &self.broadcaster.ready()["port"];
        self.scene.proxy().forward_to(&format!("http://127.0.0.1:{port}"));
    }
}

/// Starts the stock server in front of the scene's API.
async fn broadcaster(scene: &Scene, key: &str, options: &Value) -> Option<Peer> {
    let options = options.to_string();
    Peer::start("socketcluster-server.mjs", &[scene.stub.api(), key, &options]).await
}

fn message(user: &SandboxUser, id: &str) -> Value {
    json!({"messageId": id, "user": {"id": user.user_id, "$push": {"teamIds": team(id)}}})
}

/// A team id that spells a word of at most twelve letters.
fn team(word: &str) -> String {
    let mut id = [0; 12];
    id[..word.len()].copy_from_slice(word.as_bytes());
    TeamId::from_bytes(id).to_string()
}

/// Whether the me-object was told exactly these, after the user's own team.
fn has_teams(user: &Value, ids: &[&str]) -> bool {
    let teams = user["teamIds"].as_array().map(Vec::as_slice).unwrap_or_default();
    let told = teams.iter().skip(1).filter_map(Value::as_str);
    told.eq(ids.iter().map(|id| team(id)))
}

fn messages(user: &SandboxUser, ids: &[&str]) -> Value {
    let messages: Vec<_> = ids.iter().map(|id| message(user, id)).collect();
    json!({"channel": format!("user-{}", user.user_id), "messages": messages})
}

/// Waits for the me-object to have been told exactly these, in this order.
async fn told(ide: &HeadlessIde, ids: &[&str]) {
    ide.await_notification::<DataChanged>(|change| {
        change.kind == DataType::Users && has_teams(&change.data[0], ids)
    })
    .await;
}

async fn lost(ide: &HeadlessIde) {
    ide.await_notification::<ConnectionChanged>(|change| change.status != ConnectionStatus::Reconnected)
        .await;
}

#[tokio::test]
async fn live_messages_are_told_once_and_in_order() {
    let Some(mut stage) = Stage::new(json!({})).await else {
        return;
    };
    let (ide, user) = stage.signed_in().await;
    let ids: Vec<_> = (0..60).map(|n| format!("live-{n}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    stage.publish(&user, &ids).await;
    told(&ide, &ids).await;
    // A connect is told the same way: through a server that knows nothing of handshakes.
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    stage.scene.browser.approve(&started.url).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}

#[tokio::test]
async fn what_a_cut_made_it_miss_is_caught_up_once_and_in_order() {
    let Some(mut stage) = Stage::new(json!({})).await else {
        return;
    };
    let (ide, user) = stage.signed_in().await;
    stage.publish(&user, &["a", "b"]).await;
    told(&ide, &["a", "b"]).await;
    stage.cut(&ide).await;
    stage.miss(&user, &["c", "d"]).await;
    stage.scene.proxy().heal();
    listening(&ide).await;
    told(&ide, &["a", "b", "c", "d"]).await;
    stage.publish(&user, &["e"]).await;
    told(&ide, &["a", "b", "c", "d", "e"]).await;
    assert_eq!(
        stage.broadcaster.count("auth"),
        0,
        "the JWT is good for the way back"
    );
    ide.finish().await;
}

#[tokio::test]
async fn more_than_history_holds_is_fetched_anew() {
    let Some(mut stage) = Stage::new(json!({})).await else {
        return;
    };
    let (ide, user) = stage.signed_in().await;
    stage.cut(&ide).await;
    let ids: Vec<_> = (0..100).map(|n| format!("missed-{n}")).collect();
    stage
        .miss(&user, &ids.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    stage.scene.proxy().heal();
    ide.await_notification::<ConnectionChanged>(|change| change.reset == Some(true))
        .await;
    stage.publish(&user, &["after"]).await;
    told(&ide, &["after"]).await;
    ide.finish().await;
}

#[tokio::test]
async fn a_restart_of_the_server_needs_no_new_auth() {
    let Some(mut stage) = Stage::new(json!({})).await else {
        return;
    };
    let (ide, user) = stage.signed_in().await;
    stage.publish(&user, &["before"]).await;
    told(&ide, &["before"]).await;
    stage.restart(KEY, &user, &["between"]).await;
    lost(&ide).await;
    listening(&ide).await;
    stage.publish(&user, &["after"]).await;
    told(&ide, &["before", "between", "after"]).await;
    assert_eq!(stage.broadcaster.count("auth"), 0);
    ide.finish().await;
}

#[tokio::test]
async fn a_restart_with_another_jwt_key_leads_to_a_new_auth() {
    let Some(mut stage) = Stage::new(json!({})).await else {
        return;
    };
    let (ide, user) = stage.signed_in().await;
    stage.publish(&user, &["before"]).await;
    told(&ide, &["before"]).await;
    stage.restart("another key", &user, &["between"]).await;
    lost(&ide).await;
    stage.broadcaster.event("auth", |_| true).await;
    listening(&ide).await;
    stage.publish(&user, &["after"]).await;
    told(&ide, &["before", "between", "after"]).await;
    ide.finish().await;
}

#[tokio::test]
async fn frames_in_batches_are_read_packet_by_packet() {
    let Some(mut stage) = Stage::new(json!({"batchOnHandshake": true, "batchInterval": 20})).await else {
        return;
    };
    let (ide, user) = stage.signed_in().await;
    stage.broadcaster.ok("batch", json!({})).await;
    stage.publish(&user, &["a", "b", "c"]).await;
    told(&ide, &["a", "b", "c"]).await;
    stage
        .broadcaster
        .event("batch", |batch| batch["packets"].as_i64() >= Some(3))
        .await;
    ide.finish().await;
}

#[tokio::test]
async fn messages_in_parts_are_joined() {
    let Some(mut stage) = Stage::new(json!({})).await else {
        return;
    };
    let (ide, user) = stage.signed_in().await;
    let mut large = message(&user, "large");
    let text = "ä".repeat(PART_BYTES);
    large["user"]["$set"] = json!({"text": text, "username": "renamed"});
    let mut parts = split("large", large);
    assert!(parts.len() > 2, "{}", parts.len());
    // Another message comes between, and the last part comes first.
    parts.insert(1, message(&user, "small"));
    parts.reverse();
    let channel = format!("user-{}", user.user_id);
    stage
        .broadcaster
        .ok("publish", json!({"channel": channel, "messages": parts}))
        .await;
    ide.await_notification::<DataChanged>(|change| {
        change.kind == DataType::Users
            && has_teams(&change.data[0], &["small", "large"])
            && change.data[0]["username"] == "renamed"
    })
    .await;
    ide.finish().await;
}

#[tokio::test]
async fn a_dead_link_is_noticed_and_what_it_swallowed_is_caught_up() {
    let Some(mut stage) = Stage::new(json!({"pingInterval": 500, "pingTimeout": 2000})).await else {
        return;
    };
    let (ide, user) = stage.signed_in().await;
    stage.publish(&user, &["before"]).await;
    told(&ide, &["before"]).await;
    stage.scene.proxy().freeze();
    stage.publish(&user, &["swallowed"]).await;
    lost(&ide).await;
    listening(&ide).await;
    told(&ide, &["before", "swallowed"]).await;
    stage.publish(&user, &["after"]).await;
    told(&ide, &["before", "swallowed", "after"]).await;
    ide.finish().await;
}

#[tokio::test]
async fn a_kick_is_no_end_while_the_session_stands() {
    let Some(mut stage) = Stage::new(json!({})).await else {
        return;
    };
    let (ide, user) = stage.signed_in().await;
    let channel = format!("user-{}", user.user_id);
    stage
        .broadcaster
        .ok("kick", json!({"uid": user.user_id, "channel": channel}))
        .await;
    stage.broadcaster.event("auth", |_| true).await;
    ide.await_notification::<ConnectionChanged>(|change| change.reset == Some(true))
        .await;
    listening(&ide).await;
    stage.publish(&user, &["after"]).await;
    told(&ide, &["after"]).await;
    ide.finish().await;
}
