//! A small API on a real socket: a session, one third party below `/gh/`, a me-channel that tests publish on.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use codestream_protocol::channel::{Packet, decode};
use codestream_protocol::secret::SessionToken;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::fake;

pub(super) const USER: &str = "0123456789abcdef01234567";
pub(super) const TEAM: &str = "abcdef0123456789abcdef01";
const JWT: &str = "e30.eyJ1aWQiOiJ1IiwiaWF0IjoxNzAwMDAwMDAwfQ.sig";

struct Inner {
    port: u16,
    user: Value,
    /// What routes answer before their usual answer: path, status, body.
    scripted: VecDeque<(String, u16, Value)>,
    asked: Vec<String>,
    codes: Vec<Uuid>,
    good_token: String,
    /// Requests of this path are answered once it is released.
    held: Option<String>,
}

/// The server; clones share it.
#[derive(Clone)]
pub(super) struct FakeApi {
    inner: Arc<Mutex<Inner>>,
    published: broadcast::Sender<Value>,
}

impl FakeApi {
    pub(super) async fn start() -> Self {
        let (published, _) = broadcast::channel(16);
        let inner = Inner {
            port: 0,
            user: json!({"id": USER, "email": "a@b.test", "version": 1, "providerInfo": {}}),
            scripted: VecDeque::new(),
            asked: Vec::new(),
            codes: Vec::new(),
            good_token: "t1".to_owned(),
            held: None,
        };
        let api = Self {
            inner: Arc::new(Mutex::new(inner)),
            published,
        };
        let router = Router::new()
            .route("/socketcluster/", get(upgrade))
            .fallback(serve)
            .with_state(api.clone());
        let address = fake::serve(router).await;
        api.with(|inner| inner.port = address.port());
        api
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Inner) -> T) -> T {
        use_it(&mut self.inner.lock().expect("no test panics while it holds this"))
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.with(|inner| inner.port))
    }

    /// The next request of `path` gets this instead.
    pub(super) fn script(&self, path: &str, status: u16, body: Value) {
        self.with(|inner| inner.scripted.push_back((path.to_owned(), status, body)));
    }

    /// How often `path` was asked for.
    pub(super) fn count(&self, path: &str) -> usize {
        self.with(|inner| inner.asked.iter().filter(|one| *one == path).count())
    }

    /// Answers to requests of `path` wait for [`release`](Self::release).
    pub(super) fn hold(&self, path: &str) {
        self.with(|inner| inner.held = Some(path.to_owned()));
    }

    pub(super) fn release(&self) {
        self.with(|inner| inner.held = None);
    }

    /// Ends once `path` was asked for.
    pub(super) async fn asked(&self, path: &str) {
        let asked = async {
            while self.count(path) == 0 {
                tokio::task::yield_now().await;
            }
        };
        let patience = std::time::Duration::from_secs(10);
        tokio::time::timeout(patience, asked)
            .await
            .expect("it is asked for");
    }

    /// The handshakes that were begun, in order.
    pub(super) fn codes(&self) -> Vec<Uuid> {
        self.with(|inner| inner.codes.clone())
    }

    /// The third party takes only this token from now on.
    pub(super) fn accept_only(&self, token: &str) {
        self.with(|inner| token.clone_into(&mut inner.good_token));
    }

    /// Changes the me-object and gives the directive that says so.
    pub(super) fn change(&self, set: &Value) -> Value {
        self.with(|inner| {
            let before = inner.user["version"].as_i64().expect("a version");
            let directive =
                json!({"id": USER, "$set": set, "$version": {"before": before, "after": before + 1}});
            let typed: codestream_protocol::directive::Directive =
                serde_json::from_value(directive.clone()).expect("a directive");
            typed.apply(&mut inner.user);
            directive
        })
    }

    /// The account as the callback stores it.
    pub(super) fn connect_github(&self, token: &str) -> Value {
        self.change(&json!({
            format!("providerInfo.{TEAM}.github.accessToken"): token,
            format!("providerInfo.{TEAM}.github.since"): 1,
        }))
    }

    pub(super) fn publish(&self, mut message: Value) {
        message["messageId"] = Uuid::new_v4().to_string().into();
        // Nobody listens yet in some tests.
        let _ = self.published.send(message);
    }

    pub(super) fn login(&self) -> Value {
        self.with(|inner| {
            let row = json!({"id": "github*com", "name": "github", "displayName": "GitHub", "host": "github.com",
                "apiBase": format!("http://127.0.0.1:{}/gh/", inner.port), "canSignUp": true});
            json!({
                "user": inner.user, "accessToken": "session", "teams": [{"id": TEAM, "name": "t"}], "teamId": TEAM,
                "providers": {"github*com": row}, "broadcasterToken": "bt",
                "socketCluster": {"host": "127.0.0.1", "port": inner.port.to_string(), "ignoreHttps": true},
            })
        })
    }

    fn answer(&self, path: &str, authorization: &str) -> (u16, Value) {
        match path {
            "/no-auth/capabilities" => (
                200,
                json!({"capabilities": {}, "providers": self.login()["providers"]}),
            ),
            "/login" => (200, self.login()),
            "/logout" => (200, json!({})),
            "/users/me" => (200, json!({"user": self.login()["user"]})),
            "/no-auth/check-signup" => {
                let mut login = self.login();
                login["signupStatus"] = "teamCreated".into();
                (200, login)
            }
            "/provider-auth-code" => {
                let code = Uuid::new_v4();
                self.with(|inner| inner.codes.push(code));
                let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_millis();
                (
                    200,
                    json!({"code": format!("c-{code}"), "codeId": code, "expiresAt": now + 300_000, "channelTime": now}),
                )
            }
            "/provider-refresh/github" => {
                let directive =
                    self.change(&json!({format!("providerInfo.{TEAM}.github.accessToken"): "t2"}));
                (200, json!({"user": directive}))
            }
            "/gh/user"
                if authorization == format!("Bearer {}", self.with(|inner| inner.good_token.clone())) =>
            {
                (200, json!({"id": 1, "login": "mona"}))
            }
            "/gh/user" => (401, json!({"message": "Bad credentials"})),
            _ => (
                404,
                json!({"code": "RAPI-1003", "message": "There is nothing here."}),
            ),
        }
    }

    async fn channel(self, mut socket: WebSocket) {
        let mut published = self.published.subscribe();
        loop {
            let frame = tokio::select! {
                frame = socket.recv() => frame,
                message = published.recv() => {
                    let data = json!({"channel": format!("user-{USER}"), "data": message.expect("a publisher")});
                    let event = json!({"event": "#publish", "data": data});
                    if socket.send(Message::text(event.to_string())).await.is_err() {
                        return;
                    }
                    continue;
                }
            };
            let Some(Ok(frame)) = frame else { return };
            let Message::Text(text) = frame else { continue };
            for packet in decode(&text) {
                let Packet::Call { event, cid, data } = packet else {
                    continue;
                };
                let answer = match event.as_str() {
                    "#handshake" => {
                        json!({"id": "OKZVFn3HetdpNd64AAAA", "pingTimeout": 20_000, "isAuthenticated": false})
                    }
                    "history" => {
                        json!({"requestId": data["requestId"], "channels": data["channels"], "messages": []})
                    }
                    _ => Value::Null,
                };
                if event == "auth" {
                    let set = json!({"event": "#setAuthToken", "data": {"token": JWT}});
                    let _ = socket.send(Message::text(set.to_string())).await;
                }
                let _ = socket
                    .send(Message::text(json!({"rid": cid, "data": answer}).to_string()))
                    .await;
            }
        }
    }
}

async fn upgrade(State(api): State<FakeApi>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| api.channel(socket))
}

async fn serve(State(api): State<FakeApi>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let header = request.headers().get("authorization");
    let authorization = header
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let scripted = api.with(|inner| {
        inner.asked.push(path.clone());
        let at = inner.scripted.iter().position(|(one, ..)| *one == path)?;
        inner.scripted.remove(at)
    });
    while api.with(|inner| inner.held.as_ref() == Some(&path)) {
        tokio::task::yield_now().await;
    }
    let (status, body) = match scripted {
        Some((_, status, body)) => (status, body),
        None => api.answer(&path, &authorization),
    };
    let status = StatusCode::from_u16(status).expect("a status");
    (status, Json(body)).into_response()
}

/// The session that the fake server knows.
pub(super) fn token() -> SessionToken {
    SessionToken::new("session")
}
