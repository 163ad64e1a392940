//! OAuth mix-up (RFC 9700 4.4): a host in the victim's team sends the victim's browser on to the service's own cloud, with the
//! state of the victim's handshake at the host, so that the cloud's code would be exchanged at the host.

use std::sync::{Arc, Mutex};

use codestream_protocol::lsp::attempt::Outcome;
use e2e::{HeadlessIde, Http, Page, Stub, TestBrowser};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

use crate::scene::Scene;

const APP_ID: &str = "app-of-the-cloud";

/// A host that is asked to authorize, and says that the cloud does that.
struct Hostile {
    /// `127.0.0.1:PORT`.
    host: String,
    /// Whatever else it is asked, by request line.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    /// Sends browsers on to `authorize`, there with this redirect URI, or with the one that it was given.
    async fn start(authorize: String, redirect_uri: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read_buf(&mut head).await {
                        Ok(1..) => {}
                        Ok(0) | Err(_) => break,
                    }
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let line = head.lines().next().unwrap_or_default().to_owned();
                let target = line.split(' ').nth(1).unwrap_or_default();
                let answer = match target.split_once('?') {
                    Some((path, query)) if path.ends_with("/authorize") => {
                        let onward = onward(&authorize, query, redirect_uri.as_deref());
                        format!("HTTP/1.1 302 Found\r\nLocation: {onward}\r\n")
                    }
                    _ => {
                        seen.lock().expect("whole").push(line);
                        "HTTP/1.1 400 Bad Request\r\n".to_owned()
                    }
                };
                let answer = format!("{answer}Content-Length: 0\r\nConnection: close\r\n\r\n");
                // A browser may have gone away.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { host, asked }
    }

    fn id(&self) -> String {
        self.host.replace('.', "*")
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("whole").clone()
    }
}

/// The authorization request for the host as one for the cloud's app: with the same state.
fn onward(authorize: &str, query: &str, redirect_uri: Option<&str>) -> Url {
    let mut url: Url = authorize.parse().expect("a URL");
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = match (&*key, redirect_uri) {
            ("client_id", _) => APP_ID.to_owned(),
            ("redirect_uri", Some(other)) => other.to_owned(),
            _ => value.into_owned(),
        };
        url.query_pairs_mut().append_pair(&key, &value);
    }
    url
}

/// A scene in which the cloud knows our app by a known id.
async fn scene(service: &str) -> (Scene, e2e::Home) {
    let home = e2e::Home::new();
    let file = home.path().join("stub.toml");
    let text = format!("[providers.{service}]\nclientId = \"{APP_ID}\"\nclientSecret = \"hush\"\n");
    std::fs::write(&file, text).expect("a file");
    let scene = Scene::of(Stub::builder().args(["--config", &file.display().to_string()])).await;
    (scene, home)
}

/// The victim, in whose team the host is.
async fn victim(scene: &Scene, service: &str, hostile: &Hostile) -> HeadlessIde {
    let user = scene.control().user().await;
    let url = format!("/provider-host/{service}/{}", user.team_id);
    let body = json!({
        "host": format!("http://{}", hostile.host), "appClientId": "app-of-the-host", "appClientSecret": "x",
    });
    let added = Http::new()
        .put(&scene.stub.url(&url), Some(&user.access_token), &body)
        .await;
    assert_eq!(
        added.json()["redirectUri"],
        scene
            .stub
            .url(&format!("/no-auth/provider-token/{service}/{}", hostile.id())),
        "{}",
        added.text
    );
    scene.window(scene.ide(), &user).await
}

fn refused(page: &Page) {
    assert!(page.text().contains("AUTH-1002"), "{}: {}", page.url, page.text());
}

#[tokio::test]
async fn a_hostile_host_gets_no_code_of_the_cloud() {
    let (mut scene, _home) = scene("gitlab").await;
    let cloud = scene.stub.url("/no-auth/provider-token/gitlab");
    let authorize = format!("{}/sandbox/gitlab/oauth/authorize", scene.stub.sandbox());
    let hostile = Hostile::start(authorize, Some(cloud.clone())).await;
    let ide = victim(&scene, "gitlab", &hostile).await;

    let started = ide.connect(&hostile.id()).await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    assert!(callback.as_str().starts_with(&format!("{cloud}?")), "{callback}");
    let code = callback
        .query_pairs()
        .find_map(|(key, value)| (key == "code").then(|| value.into_owned()))
        .expect("the cloud's code, with the state of the host");
    refused(&scene.browser.open(callback.as_str()).await);
    assert_eq!(
        hostile.asked(),
        Vec::<String>::new(),
        "the code was sent to the host"
    );

    // The answer of another issuer said nothing about the handshake, which goes on.
    ide.cancel(started.attempt_id)
        .await
        .expect("it was still running");
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Cancelled);

    // Even who has the code has nothing: it is bound to the victim's verifier (RFC 9700 4.5.3).
    let (attacker, _) = scene.signed_in().await;
    let started = attacker.connect("gitlab").await.expect("a link");
    attacker.opened().await;
    let mut browser = TestBrowser::new();
    let consent = browser.consent_page(&started.url, None).await;
    let mut own = browser.press_and_stop(&consent, "approve").await;
    let pairs: Vec<_> = own
        .query_pairs()
        .filter(|(key, _)| key != "code")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    own.query_pairs_mut()
        .clear()
        .extend_pairs(pairs)
        .append_pair("code", &code);
    browser.open(own.as_str()).await;
    assert_eq!(attacker.end_of(started.attempt_id).await.outcome, Outcome::Failed);
    assert!(!attacker.summary("gitlab").await.connected);
    ide.finish().await;
    attacker.finish().await;
}

/// GitHub takes a redirect URI below the registered one, so that the cloud's code comes back where a host's does. Its `iss` tells
/// them apart (RFC 9207 2.4).
#[tokio::test]
async fn a_code_of_the_cloud_at_a_hosts_own_redirect_uri_is_refused_by_its_issuer() {
    let (mut scene, _home) = scene("github").await;
    let authorize = format!("{}/sandbox/github/login/oauth/authorize", scene.stub.sandbox());
    let hostile = Hostile::start(authorize, None).await;
    let ide = victim(&scene, "github", &hostile).await;
    let started = ide.connect(&hostile.id()).await.expect("a link");
    ide.opened().await;
    let page = scene.browser.approve(&started.url).await;
    refused(&page);
    let at_host = format!("/no-auth/provider-token/github/{}", hostile.id());
    let trail = scene.browser.trail();
    assert!(
        trail.iter().any(|hop| hop.url.path() == at_host),
        "a browser leaves every character of the path as it is: {trail:?}"
    );
    assert_eq!(
        hostile.asked(),
        Vec::<String>::new(),
        "the code was sent to the host"
    );
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Failed);
    ide.finish().await;
}

/// The other way round: an answer at a host's redirect URI, with the state of a handshake at the cloud.
#[tokio::test]
async fn a_state_of_the_cloud_is_refused_at_a_hosts_redirect_uri_and_ends_nothing() {
    let (mut scene, _home) = scene("gitlab").await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("gitlab").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    for host in [
        "git*example*com",
        "git*example*com:8443/git",
        "Git",
        "a//b",
        "%0a",
    ] {
        let mut elsewhere = callback.clone();
        elsewhere.set_path(&format!("{}/{host}", callback.path()));
        let page = scene.browser.open(elsewhere.as_str()).await;
        let text = page.text();
        assert!(
            text.contains("AUTH-1002") || text.contains("PRVD-1003"),
            "{host}: {text}"
        );
    }
    let page = scene.browser.open(callback.as_str()).await;
    assert!(page.status.is_success(), "{}", page.text());
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    ide.finish().await;
}
