//! Its change of keys.

use std::time::Duration;

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::LogoutReason;
use e2e::methods::LoggedOut;
use e2e::{Cluster, FaultProxy, HeadlessIde, Kept, Socket, Stub, StubBuilder, TestBrowser};
use serde_json::json;

use super::{KEY as OLD, toml};
use crate::scene::{listening, sign_in};

const NEW: &str = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

/// The keys of a line of the chapter, as the environment takes them.
fn rotated(name: &str) -> String {
    let line = toml("new key")
        .lines()
        .find(|line| line.starts_with(name))
        .expect("its line");
    let names = line.split('"').skip(1).step_by(2);
    let keys = names.map(|name| if name == "new key" { NEW } else { OLD });
    keys.collect::<Vec<_>>().join(",")
}

/// A server whose keys change, behind one address; its third parties are a server of their own, which keeps its keys.
struct Rotating {
    kept: Kept,
    proxy: FaultProxy,
    third_parties: Stub,
    stub: Option<Stub>,
}

impl Rotating {
    async fn new() -> Self {
        let proxy = FaultProxy::start().await;
        let third_parties = Self::node(&proxy).start().await;
        Self {
            kept: Kept::new(),
            proxy,
            third_parties,
            stub: None,
        }
    }

    fn node(proxy: &FaultProxy) -> StubBuilder {
        let apps = ["GITHUB", "GITLAB"];
        let stub = Stub::builder().single().args(["--public-url", &proxy.url()]);
        apps.iter().fold(stub, |stub, app| {
            let name = format!("CODESTREAM_PROVIDER_{app}_CLIENT");
            stub.env(&format!("{name}_ID"), "app")
                .env(&format!("{name}_SECRET"), "hush")
        })
    }

    /// Restarts it with these keys.
    async fn with(&mut self, signing: &str, encryption: &str) {
        if let Some(stub) = self.stub.take() {
            assert_eq!(stub.stop().await.0, Some(0));
        }
        let stub = Self::node(&self.proxy)
            .keeping(&self.kept)
            .sharing_sandbox_of(&self.third_parties)
            .env("CODESTREAM_SIGNING_KEYS", signing)
            .env("CODESTREAM_ENCRYPTION_KEYS", encryption)
            .start()
            .await;
        self.proxy.forward_to(stub.api());
        self.stub = Some(stub);
    }

    fn stub(&self) -> &Stub {
        self.stub.as_ref().expect("it runs")
    }

    /// A channel token, as it is given now.
    async fn channel_token(&self, session: &str) -> String {
        let login = self
            .stub()
            .http()
            .put(&self.stub().url("/login"), Some(session), &json!({}))
            .await;
        let login = login.json();
        let mut socket = Socket::dial(&self.stub().ready().channel).await;
        socket.call(1, "#handshake", json!({"authToken": null})).await;
        let auth = json!({"token": login["broadcasterToken"], "uid": login["user"]["id"]});
        socket
            .send(&json!({"event": "auth", "data": auth, "cid": 2}).to_string())
            .await;
        let given = socket.find(|packet| packet["event"] == "#setAuthToken").await;
        given["data"]["token"].as_str().expect("a token").to_owned()
    }

    /// Whether a channel token is accepted.
    async fn accepts(&self, token: &str) -> bool {
        let mut socket = Socket::dial(&self.stub().ready().channel).await;
        let answer = socket.call(1, "#handshake", json!({"authToken": token})).await;
        answer["data"]["isAuthenticated"] == true
    }
}

async fn connect(ide: &HeadlessIde, browser: &mut TestBrowser, service: &str) {
    let started = ide.connect(service).await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
}

#[tokio::test]
async fn keys_are_changed_as_the_chapter_says() {
    let mut server = Rotating::new().await;
    server.with(OLD, OLD).await;
    let mut browser = TestBrowser::new();
    // Whoever has lost its server again and again asks for it again after 20 s at the latest.
    let ide = HeadlessIde::builder(&server.proxy.url())
        .droppable()
        .patience(Duration::from_secs(40))
        .start()
        .await;
    let started = ide.sign_up("github").await.expect("a link");
    let login = sign_in(&ide, &mut browser, started).await;
    let session = login.session.token.expose().to_owned();
    let old_token = server.channel_token(&session).await;
    connect(&ide, &mut browser, "gitlab").await;
    // On its way while the keys change.
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let page = browser.consent_page(&started.url, None).await;

    server
        .with(&rotated("signingKeys"), &rotated("encryptionKeys"))
        .await;
    browser.press(&page, "approve").await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::Connected, "an old state verifies: {end:?}");
    listening(&ide).await;
    assert!(ide.me("gitlab").await.is_ok(), "what was sealed before opens");
    assert!(server.accepts(&old_token).await);
    let new_token = server.channel_token(&session).await;

    // A day later.
    server.with(NEW, &rotated("encryptionKeys")).await;
    listening(&ide).await;
    assert!(!server.accepts(&old_token).await, "its key was taken out");
    assert!(server.accepts(&new_token).await, "the new key signs");
    assert!(ide.me("github").await.is_ok() && ide.me("gitlab").await.is_ok());

    // The old encryption key has leaked.
    server.with(NEW, NEW).await;
    let out = ide.await_notification::<LoggedOut>(|_| true).await;
    assert_eq!(out.reason, LogoutReason::SessionEnded);
    let started = ide.sign_in("github").await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    assert!(ide.me("github").await.is_ok(), "the sign-in connected it again");
    let account = ide.account("gitlab").await.expect("it is still listed");
    assert!(
        account.error.is_some(),
        "it says that it must be connected again: {account:?}"
    );
    connect(&ide, &mut browser, "gitlab").await;
    assert!(ide.me("gitlab").await.is_ok());
    ide.kill().await;
}

#[tokio::test]
async fn keys_of_several_nodes_are_changed_one_node_after_the_other() {
    let (behind, in_front) = (format!("{OLD},{NEW}"), format!("{NEW},{OLD}"));
    let keys = |keys| {
        [
            ("CODESTREAM_SIGNING_KEYS", keys),
            ("CODESTREAM_ENCRYPTION_KEYS", keys),
            ("CODESTREAM_PROVIDER_GITHUB_CLIENT_ID", "app"),
            ("CODESTREAM_PROVIDER_GITHUB_CLIENT_SECRET", "hush"),
        ]
    };
    for steps in [[OLD, &behind], [&behind, &in_front]] {
        let [before, after] = steps.map(keys);
        let Some(cluster) = Cluster::of(&[&before, &after]).await else {
            return;
        };
        let mut browser = TestBrowser::new();
        let ide = HeadlessIde::builder(&cluster.url()).start().await;
        let started = ide.sign_up("github").await.expect("a link");
        sign_in(&ide, &mut browser, started).await;
        for _ in 0..2 {
            connect(&ide, &mut browser, "github").await;
            assert!(ide.me("github").await.is_ok());
        }
        ide.finish().await;
    }
}
