//! A server, a signed-in user, a browser and a third party that answers as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use codestream_protocol::channel::{AttemptEnded, ChannelName};
use codestream_protocol::id::CodeId;
use codestream_protocol::secret::{ClientSecret, CodeVerifier, SessionToken, SignupToken};
use codestream_protocol::{TeamId, UnixMillis, UserId};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use url::Url;

use crate::app::App;
use crate::broker::issue_start_code;
use crate::config::{Config, ConfirmSignIn, Database, Key, KeyRing, ProviderApp};
use crate::serve::{Listeners, api_router, app};
use crate::store::{
    Account, AccountKey, HandshakeKind, NewHandshake, NewUser, OpenedSession, SignUpKey, SignUpStatus, Team,
    User,
};

pub(super) const PUBLIC: &str = "http://api.test";

/// What the third party answers, and what it was asked.
pub(super) struct Third {
    /// At the token endpoint.
    pub(super) token: (u16, &'static str, String),
    pub(super) user: (u16, Value),
    pub(super) emails: Value,
    /// At Trello's `members/me`.
    pub(super) member: (u16, Value),
    pub(super) revoke_status: u16,
    /// Forms that came to the token endpoint, with its `Accept`.
    pub(super) exchanges: Vec<(String, BTreeMap<String, String>)>,
    /// Tokens that were revoked.
    pub(super) revoked: Vec<String>,
    /// Answers at the token endpoint wait for this.
    pub(super) gate: Option<Arc<tokio::sync::Semaphore>>,
}

impl Third {
    fn new() -> Self {
        Self {
            token: json_answer(200, &json!({ "access_token": "gho_1", "token_type": "bearer" })),
            user: (200, json!({ "id": 583_231, "login": "octocat", "name": "Mona" })),
            emails: json!([
                { "email": "old@example.com", "primary": false, "verified": true },
                { "email": "Mona@example.com", "primary": true, "verified": true },
            ]),
            member: (
                200,
                json!({ "id": "5abb", "username": "mona", "fullName": "Mona" }),
            ),
            revoke_status: 204,
            exchanges: Vec::new(),
            revoked: Vec::new(),
            gate: None,
        }
    }
}

pub(super) fn json_answer(status: u16, body: &Value) -> (u16, &'static str, String) {
    (status, "application/json", body.to_string())
}

type Shared = Arc<Mutex<Third>>;

fn third_party(shared: Shared) -> Router {
    Router::new()
        .route("/sandbox/github/login/oauth/access_token", post(token))
        .route("/sandbox/github/api/user", get(user))
        .route("/sandbox/github/api/user/emails", get(emails))
        .route("/sandbox/github/api/applications/{client}/token", delete(revoke))
        .route("/sandbox/intercom/api/auth/eagle/token", post(token))
        .route("/sandbox/intercom/api/me", get(admin))
        .route("/sandbox/intercom/api/eu/auth/uninstall", post(uninstall))
        .route("/sandbox/trello/api/1/members/me", get(member))
        .route("/sandbox/trello/api/1/tokens/{token}", delete(revoke_trello))
        .with_state(shared)
}

async fn token(State(shared): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let (answer, gate) = {
        let mut third = shared.lock().expect("no panic holds it");
        let accept = headers
            .get(header::ACCEPT)
            .map_or("", |value| value.to_str().expect("text"));
        let form = url::form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        third.exchanges.push((accept.to_owned(), form));
        (third.token.clone(), third.gate.clone())
    };
    if let Some(gate) = gate {
        gate.acquire().await.expect("open").forget();
    }
    let (status, media_type, body) = answer;
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(header::CONTENT_TYPE, media_type)], body).into_response()
}

fn answer((status, body): (u16, Value)) -> Response {
    (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response()
}

async fn user(State(shared): State<Shared>) -> Response {
    answer(shared.lock().expect("no panic holds it").user.clone())
}

async fn emails(State(shared): State<Shared>) -> Response {
    Json(shared.lock().expect("no panic holds it").emails.clone()).into_response()
}

async fn member(State(shared): State<Shared>) -> Response {
    answer(shared.lock().expect("no panic holds it").member.clone())
}

async fn revoke(State(shared): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
    let mut third = shared.lock().expect("no panic holds it");
    let basic = headers.get(header::AUTHORIZATION).expect("credentials");
    assert!(basic.to_str().expect("text").starts_with("Basic "));
    third
        .revoked
        .push(body["access_token"].as_str().expect("a token").to_owned());
    StatusCode::from_u16(third.revoke_status).expect("a status")
}

/// Of a workspace in Europe.
async fn admin() -> Json<Value> {
    let app = json!({ "id_code": "acme", "name": "Acme", "region": "EU" });
    Json(json!({ "id": "7", "email": "mona@example.com", "email_verified": true, "app": app }))
}

async fn uninstall(State(shared): State<Shared>, headers: HeaderMap) -> StatusCode {
    let bearer = headers.get(header::AUTHORIZATION).expect("a token");
    let token = bearer.to_str().expect("text").trim_start_matches("Bearer ");
    let mut third = shared.lock().expect("no panic holds it");
    third.revoked.push(token.to_owned());
    StatusCode::OK
}

async fn revoke_trello(State(shared): State<Shared>, Path(token): Path<String>) -> StatusCode {
    let mut third = shared.lock().expect("no panic holds it");
    third.revoked.push(token);
    StatusCode::OK
}

/// All of it.
pub(super) struct Bench {
    pub(super) app: Arc<App>,
    pub(super) router: Router,
    pub(super) third: Shared,
    pub(super) user: User,
    pub(super) team: Team,
    pub(super) session: OpenedSession,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let listen = || TcpListener::bind("127.0.0.1:0");
        let mut config = config();
        change(&mut config);
        let imitations = listen().await.expect("a port");
        let mut listeners = Listeners {
            api: listen().await.expect("a port"),
            sandbox: config.sandbox.then_some(imitations),
            metrics: None,
        };
        let app = app(&listeners, config).await.expect("an app");
        let third = Arc::new(Mutex::new(Third::new()));
        if let Some(listener) = listeners.sandbox.take() {
            let serving = third_party(third.clone());
            app.lifecycle.spawn(async move {
                axum::serve(listener, serving).await.expect("a server");
            });
        }
        let new = NewUser {
            email: "ada@example.com".to_owned(),
            username: "ada".to_owned(),
            full_name: "Ada".to_owned(),
            signed_up_with: Some("trello".to_owned()),
        };
        let created = app.store.create_user_and_team(new).await.expect("a store");
        let (user, team) = created.expect("the address is free");
        let session = app
            .store
            .open_session(&user.id, Some(&team.id), None)
            .await
            .expect("a session");
        Self {
            router: api_router(&app),
            app,
            third,
            user,
            team,
            session,
        }
    }

    pub(super) fn tell<T>(&self, change: impl FnOnce(&mut Third) -> T) -> T {
        change(&mut self.third.lock().expect("no panic holds it"))
    }

    /// A connect that the user's agent has asked for: its name and its start URL for `provider`.
    pub(super) async fn press_connect(&self, provider: &str) -> (CodeId, String) {
        let now = self.app.clock.now();
        let new = NewHandshake {
            code_id: CodeId(self.app.random.uuid()),
            kind: HandshakeKind::Connect {
                user_id: self.user.id.clone(),
                team_id: self.team.id.clone(),
            },
            ide: Some("VS Code".to_owned()),
            machine: Some("ada-laptop".to_owned()),
            agent_address: Some("10.0.0.1".to_owned()),
            open_by: now + Duration::from_mins(2),
            expires_at: now + Duration::from_mins(5),
        };
        let handshake = self.app.store.open_handshake(new).await.expect("a handshake");
        let code = issue_start_code(&self.app.keys.signer, &handshake);
        (
            handshake.code_id,
            format!("/web/provider-auth/{provider}?code={}", code.expose()),
        )
    }

    /// What the me-channel was told, oldest first.
    pub(super) async fn told(&self) -> Vec<Value> {
        let channel = ChannelName::User(self.user.id.clone());
        let messages = self
            .app
            .store
            .messages_since(&[channel], UnixMillis(0), 100)
            .await;
        let messages = messages.expect("a store");
        messages
            .into_iter()
            .rev()
            .map(|message| message.payload)
            .collect()
    }

    /// The ends that the me-channel was told.
    pub(super) async fn ends(&self) -> Vec<AttemptEnded> {
        let told = self.told().await.into_iter();
        told.filter_map(|message| serde_json::from_value(message.get("attemptEnded")?.clone()).ok())
            .collect()
    }

    pub(super) fn key(&self, provider: &str) -> AccountKey {
        account_key(&self.user.id, &self.team.id, provider)
    }

    /// Ends when the third party has been asked what the test waits for.
    pub(super) async fn until(&self, done: impl Fn(&Third) -> bool) {
        eventually(async || self.tell(|third| done(third))).await;
    }
}

/// Waits for background work; a test that waits in vain fails.
pub(super) async fn eventually(done: impl AsyncFn() -> bool) {
    let waiting = async {
        while !done().await {
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    ended.expect("it never came");
}

pub(super) fn account_key(user: &UserId, team: &TeamId, provider: &str) -> AccountKey {
    AccountKey {
        user_id: user.clone(),
        team_id: team.clone(),
        provider: provider.to_owned(),
        host: None,
        sub_id: None,
    }
}

fn config() -> Config {
    let ring = |byte| KeyRing::new(Key::new([byte; 32]), Vec::new());
    let app = || ProviderApp {
        client_id: Some("client".to_owned()),
        client_secret: Some(ClientSecret::new("hush")),
        ..ProviderApp::default()
    };
    Config {
        environment: "local".to_owned(),
        public_url: Some(PUBLIC.parse().expect("a URL")),
        auth_origin: None,
        success_url: None,
        trusted_proxies: crate::config::TrustedProxies::default(),
        limits: crate::config::Limits::default(),
        quotas: crate::config::Quotas::default(),
        sessions: crate::config::SessionLife::default(),
        allow_hosts: crate::config::AllowHosts::default(),
        database: Database::SqliteMemory,
        sandbox: true,
        sandbox_url: None,
        long_poll: true,
        allow_legacy_sign_up: false,
        confirm_sign_in: ConfirmSignIn::Never,
        providers: ["github", "trello"].map(|name| (name.to_owned(), app())).into(),
        signing_keys: ring(1),
        encryption_keys: ring(2),
    }
}

/// An answer, read.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Page {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// Where it redirects to.
    pub(super) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::FOUND, "{self:?}");
        self.header("location")
    }

    /// The code of the error page that it redirects to.
    pub(super) fn error(&self) -> String {
        let url = Url::parse(PUBLIC)
            .and_then(|base| base.join(self.location()))
            .expect("a URL");
        assert_eq!(url.path(), "/web/error", "{url}");
        assert!(!url.as_str().contains("state="), "{url}");
        query(&url).remove("code").expect("a code")
    }
}

pub(super) fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// A browser with its cookies.
pub(super) struct Browser<'a> {
    bench: &'a Bench,
    pub(super) cookies: Mutex<BTreeMap<String, String>>,
}

impl Bench {
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser {
            bench: self,
            cookies: Mutex::default(),
        }
    }
}

impl Browser<'_> {
    pub(super) async fn get(&self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    pub(super) async fn post_form(&self, path: &str, body: &str) -> Page {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, "null")
            .header("sec-fetch-site", "same-origin");
        self.send(request, Body::from(body.to_owned())).await
    }

    pub(super) async fn send(&self, request: axum::http::request::Builder, body: Body) -> Page {
        let cookies: Vec<String> = {
            let cookies = self.cookies.lock().expect("no panic holds it");
            cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect()
        };
        let request = request.header(header::COOKIE, cookies.join("; ")).body(body);
        let response = self
            .bench
            .router
            .clone()
            .oneshot(request.expect("a request"))
            .await;
        let (parts, body) = response.expect("infallible").into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("text");
            let (pair, rest) = text.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            let mut cookies = self.cookies.lock().expect("no panic holds it");
            if rest.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
        Page {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    /// Opens a start URL and gives the authorization request that it leads to.
    pub(super) async fn open(&self, start: &str) -> Url {
        let page = self.get(start).await;
        page.location().parse().expect("an absolute URL")
    }

    /// Opens a start URL and gives the state.
    pub(super) async fn state(&self, start: &str) -> String {
        let url = self.open(start).await;
        if let Some(state) = query(&url).remove("state") {
            return state;
        }
        let back: Url = query(&url)["return_url"].parse().expect("a URL");
        query(&back).remove("state").expect("a state")
    }

    /// The third party's redirect.
    pub(super) async fn come_back(&self, provider: &str, parameters: &[(&str, &str)]) -> Page {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        self.get(&format!("/no-auth/provider-token/{provider}?{}", query.finish()))
            .await
    }

    /// Opens a start URL and approves.
    pub(super) async fn approve(&self, start: &str) -> Page {
        let state = self.state(start).await;
        self.come_back("github", &[("code", "good"), ("state", &state)])
            .await
    }
}

/// A call of the user's agent.
impl Bench {
    pub(super) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.session.token.expose()),
            )
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let page = self.browser().send(request, body).await;
        (
            page.status,
            serde_json::from_str(&page.body).unwrap_or(Value::Null),
        )
    }

    /// Connects GitHub with these tokens.
    pub(super) async fn connect(&self, tokens: Value) {
        self.tell(|third| third.token = json_answer(200, &tokens));
        let (_, start) = self.press_connect("github").await;
        let landed = self.browser().approve(&start).await;
        assert!(landed.location().starts_with("/web/provider-connected/"));
        self.tell(|third| third.exchanges.clear());
    }

    pub(super) async fn account(&self, provider: &str) -> Option<Account> {
        self.app
            .store
            .account(&self.key(provider))
            .await
            .expect("a store")
    }
}

/// A sign-up that an agent waits for.
pub(super) struct SignUp {
    pub(super) token: SignupToken,
    pub(super) verifier: CodeVerifier,
}

impl Bench {
    pub(super) fn press_sign_up(&self) -> SignUp {
        SignUp {
            token: SignupToken::new(self.app.random.uuid().to_string()),
            verifier: CodeVerifier::from_entropy(self.app.random.bytes()),
        }
    }

    pub(super) async fn poll(&self, sign_up: &SignUp) -> SignUpStatus {
        let key = SignUpKey::of_poll(&sign_up.token, Some(&sign_up.verifier));
        self.app.store.redeem_sign_up(&key, None).await.expect("a store")
    }

    /// The user whose session this token is.
    pub(super) async fn user_of(&self, token: &SessionToken) -> Option<UserId> {
        let session = self.app.store.use_session(token, None).await.expect("a store");
        session.map(|session| session.user_id)
    }
}

impl SignUp {
    pub(super) fn start(&self, provider: &str, rest: &str) -> String {
        format!(
            "/web/provider-auth/{provider}?signupToken={}&codeChallenge={}&expiresIn=300000&ide=IDEA&machine=box{rest}",
            self.token.expose(),
            self.verifier.challenge().as_str()
        )
    }
}
