//! A stock LSP client, `vscode-languageserver-protocol`, sends every request of the protocol, by its own name and as a
//! command; what goes over the wire is checked against the TypeScript types by the TypeScript compiler.

use std::collections::BTreeSet;

use codestream_protocol::lsp::{command_of, notification, request};
use e2e::peer::Peer;
use e2e::{Stub, TestBrowser, bin};
use serde_json::{Value, json};

/// Each request, the type of its params and that of its result.
const REQUESTS: &[(&str, &str, &str)] = &[
    (request::CONNECT, "ProviderParams", "Started"),
    (request::LOGIN_SSO, "SsoParams", "Started"),
    (request::ATTEMPT_CANCEL, "AttemptParams", "Empty"),
    (request::ATTEMPT_REOPEN, "ReopenParams", "Reopened"),
    (request::ATTEMPT_CONFIRM, "AttemptParams", "Empty"),
    (request::LOGIN_LINK, "LinkParams", "Started"),
    (request::LOGIN_IDENTITIES, "Empty", "Identities"),
    (request::LOGIN_UNLINK, "UnlinkParams", "Empty"),
    (request::SESSION_LIST, "Empty", "SessionList"),
    (request::SESSION_END, "SessionEnd", "SessionsEnded"),
    (request::LOGIN_OTC, "OtcParams", "LoginResult"),
    (request::LOGIN_TOKEN, "TokenParams", "LoginResult"),
    (request::LOGOUT, "Empty", "Empty"),
    (request::PROVIDER_LIST, "Empty", "ProviderList"),
    (request::PROVIDER_DISCONNECT, "ProviderParams", "Disconnected"),
    (request::PROVIDER_CONFIGURE, "ConfigureParams", "Empty"),
    (request::PROVIDER_ADD, "AddParams", "Added"),
    (request::PROVIDER_REMOVE, "RemoveParams", "Empty"),
    (request::PROVIDER_ME, "ProviderParams", "Person"),
    (request::PROVIDER_REQUEST, "CallParams", "Called"),
    (request::STATUS, "Empty", "Status"),
];

/// Each notification and the type of its params.
const NOTIFICATIONS: &[(&str, &str)] = &[
    (notification::ATTEMPT_DID_CHANGE, "AttemptDidChange"),
    (notification::DID_LOGIN, "DidLogin"),
    (notification::DID_LOGOUT, "DidLogout"),
    (notification::DID_CHANGE_DATA, "DidChangeData"),
    (
        notification::DID_CHANGE_CONNECTION_STATUS,
        "DidChangeConnectionStatus",
    ),
];

/// How a request is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ByName,
    /// `workspace/executeCommand`.
    AsCommand,
}

struct Client {
    peer: Peer,
    way: Way,
    sent: BTreeSet<&'static str>,
    /// What was seen: `{type, value}`.
    seen: Vec<Value>,
}

impl Client {
    /// Initialized; `None` where the client cannot be had.
    async fn new(stub: &Stub, way: Way) -> Option<Self> {
        let agent = bin("codestream-agent").display().to_string();
        let mut peer = Peer::start("lsp-client.mjs", &[&agent, "--stdio"]).await?;
        let options = json!({
            "serverUrl": stub.api(),
            "extension": {"version": "1.0.0"},
            "ide": {"name": "Stock client", "version": "3.17"},
            "machineName": "test-machine",
            "traceLevel": "info",
        });
        let answer = peer.ok("initialize", json!({ "options": options })).await;
        let commands: Vec<_> = request::METHODS
            .iter()
            .filter_map(|name| command_of(name))
            .collect();
        assert_eq!(
            answer["capabilities"]["executeCommandProvider"]["commands"],
            json!(commands)
        );
        Some(Self {
            peer,
            way,
            sent: BTreeSet::new(),
            seen: vec![json!({"type": "InitializationOptions", "value": options})],
        })
    }

    async fn try_call(&mut self, method: &'static str, params: Value) -> Result<Value, Value> {
        let (_, params_type, answer_type) = *REQUESTS.iter().find(|row| row.0 == method).expect(method);
        self.sent.insert(method);
        self.saw(params_type, &params);
        let answer = match self.way {
            Way::ByName => {
                self.peer
                    .call("request", json!({"method": method, "params": params}))
                    .await
            }
            Way::AsCommand => {
                let command = command_of(method).expect(method);
                self.peer
                    .call("command", json!({"command": command, "params": params}))
                    .await
            }
        };
        match &answer {
            Ok(answer) => self.saw(answer_type, answer),
            Err(error) => self.saw("ErrorData", &error["data"]),
        }
        answer
    }

    async fn call(&mut self, method: &'static str, params: Value) -> Value {
        self.try_call(method, params)
            .await
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn saw(&mut self, shape: &str, value: &Value) {
        self.seen.push(json!({"type": shape, "value": value}));
    }

    /// The link that the client was asked to open.
    async fn shown(&mut self) -> String {
        let asked = self.peer.event("showDocument", |_| true).await;
        assert_eq!(asked["params"]["external"], true, "{asked}");
        asked["params"]["uri"].as_str().expect("a link").to_owned()
    }

    /// The attempt that `started` names ends like this.
    async fn ends(&mut self, started: &Value, outcome: &str) -> Value {
        let change = self
            .peer
            .event(notification::ATTEMPT_DID_CHANGE, |event| {
                let attempt = &event["params"]["attempt"];
                attempt["attemptId"] == started["attemptId"] && !attempt["end"].is_null()
            })
            .await;
        let end = &change["params"]["attempt"]["end"];
        assert_eq!(end["outcome"], outcome, "{end}");
        end.clone()
    }

    /// Everything that was seen has its shape, and nothing of the protocol was left out.
    async fn everything_fits(mut self) {
        let mut told = BTreeSet::new();
        let notifications = self.peer.ok("notifications", json!({})).await;
        for one in notifications.as_array().expect("a list") {
            let method = one["method"].as_str().expect("a name");
            let (name, shape) = *NOTIFICATIONS.iter().find(|row| row.0 == method).expect(method);
            told.insert(name);
            self.saw(shape, &one["params"]);
        }
        assert_eq!(
            told,
            NOTIFICATIONS.iter().map(|row| row.0).collect(),
            "every notification was sent"
        );
        assert_eq!(
            self.sent,
            request::METHODS.iter().copied().collect(),
            "every request was sent"
        );
        let mismatches = self.peer.ok("mismatches", json!({"values": self.seen})).await;
        assert_eq!(mismatches, json!([]), "{mismatches:#}");
        self.peer.ok("quit", json!({})).await;
        let exit = self.peer.event("exit", |_| true).await;
        assert_eq!(exit["code"], 0, "{exit}");
    }
}

fn none() -> Value {
    json!({})
}

fn github() -> Value {
    json!({"providerId": "github*com"})
}

fn trello() -> Value {
    json!({"providerId": "trello"})
}

/// Sends every request at least once, in an order that lets each succeed where it can.
async fn journey(stub: &Stub, mut client: Client) -> Client {
    let mut browser = TestBrowser::new();
    sign_up(&mut client, &mut browser).await;
    connect(&mut client, &mut browser).await;
    call(&mut client).await;
    link(&mut client, &mut browser).await;
    take_away(&mut client).await;
    leave_and_enter(&mut client, stub).await;
    client
}

async fn sign_up(client: &mut Client, browser: &mut TestBrowser) {
    client.call(request::STATUS, none()).await;
    let refused = client
        .try_call(request::CONNECT, github())
        .await
        .expect_err("nobody is signed in");
    assert_eq!(
        (&refused["code"], &refused["data"]["kind"]),
        (&json!(-32803), &json!("notSignedIn"))
    );

    let started = client
        .call(request::LOGIN_SSO, json!({"provider": "github", "signup": true}))
        .await;
    let link = client.shown().await;
    assert_eq!(started["url"], link.as_str());
    browser.approve(&link).await;
    client.ends(&started, "signedIn").await;
    client.peer.event(notification::DID_LOGIN, |_| true).await;
    let up = |event: &Value| event["params"]["status"] == "reconnected";
    client
        .peer
        .event(notification::DID_CHANGE_CONNECTION_STATUS, up)
        .await;
    let status = client.call(request::STATUS, none()).await;
    assert_eq!(status["connection"], "reconnected", "{status}");
    client.call(request::PROVIDER_LIST, none()).await;
}

/// Cancelled, declined, approved.
async fn connect(client: &mut Client, browser: &mut TestBrowser) {
    let started = client.call(request::CONNECT, trello()).await;
    client.shown().await;
    let attempt = json!({"attemptId": started["attemptId"]});
    let reopened = client.call(request::ATTEMPT_REOPEN, attempt.clone()).await;
    assert_eq!(reopened["url"], client.shown().await.as_str());
    client.call(request::ATTEMPT_CANCEL, attempt).await;
    client.ends(&started, "cancelled").await;

    let declined = client.call(request::CONNECT, trello()).await;
    let link = client.shown().await;
    let consent = browser.consent_page(&link, None).await;
    browser.press(&consent, "deny").await;
    client.ends(&declined, "failed").await;

    let started = client.call(request::CONNECT, trello()).await;
    let link = client.shown().await;
    browser.approve(&link).await;
    let end = client.ends(&started, "connected").await;
    let person = client.call(request::PROVIDER_ME, trello()).await;
    assert!(
        !end["account"].is_null() && !person["name"].is_null(),
        "{end} {person}"
    );
    let list = client.call(request::PROVIDER_LIST, none()).await;
    assert!(
        list["providers"].to_string().contains("\"connected\":true"),
        "{list}"
    );
}

/// Adds a way to sign in and removes it again; looks at the sessions.
async fn link(client: &mut Client, browser: &mut TestBrowser) {
    let started = client
        .call(request::LOGIN_LINK, json!({"provider": "gitlab"}))
        .await;
    let link = client.shown().await;
    browser.approve(&link).await;
    let asked = |event: &Value| event["params"]["attempt"]["step"] == "confirming";
    client.peer.event(notification::ATTEMPT_DID_CHANGE, asked).await;
    let attempt = json!({"attemptId": started["attemptId"]});
    client.call(request::ATTEMPT_CONFIRM, attempt).await;
    client.ends(&started, "connected").await;
    let listed = client.call(request::LOGIN_IDENTITIES, none()).await;
    let identities = listed["identities"].as_array().expect("a list");
    let added = identities.iter().find(|identity| identity["origin"] == "linked");
    let id = &added.expect("the new one")["identityId"];
    client
        .call(request::LOGIN_UNLINK, json!({ "identityId": id }))
        .await;
    let sessions = client.call(request::SESSION_LIST, none()).await;
    assert_eq!(sessions["sessions"][0]["current"], true, "{sessions}");
    let ended = client.call(request::SESSION_END, none()).await;
    assert_eq!(ended["ended"], 0, "there is no other one");
}

async fn call(client: &mut Client) {
    let call = json!({
        "providerId": "github", "method": "GET", "path": "user", "query": {"page": "1"},
        "headers": {"accept": "application/json"}, "timeoutMs": 10_000,
    });
    let answer = client.call(request::PROVIDER_REQUEST, call).await;
    assert_eq!(
        (&answer["status"], &answer["body"]["login"]),
        (&json!(200), &json!("mona"))
    );
    let missing = json!({"providerId": "github", "method": "GET", "path": "no/such/thing"});
    assert_eq!(
        client.call(request::PROVIDER_REQUEST, missing).await["status"],
        404
    );
}

/// Disconnects, and what a person types in.
async fn take_away(client: &mut Client) {
    for provider in [trello(), github()] {
        let gone = client.call(request::PROVIDER_DISCONNECT, provider).await;
        assert_eq!(gone["revoked"], "yes", "{gone}");
    }
    let by_hand = json!({"providerId": "github", "data": {"accessToken": "ghp_byHand"}, "verify": false});
    client.call(request::PROVIDER_CONFIGURE, by_hand).await;
    let wrong = json!({"providerId": "github", "data": {"accessToken": "ghp_wrong"}, "verify": true});
    let refused = client
        .try_call(request::PROVIDER_CONFIGURE, wrong)
        .await
        .expect_err("it is no token");
    assert_eq!(refused["code"], -32803, "{refused}");

    // Hosts of one's own are refused until a service offers them; a refusal has its shape too.
    let add = json!({"providerId": "github", "host": "git.example.com", "data": {"accessToken": "x"}});
    for (method, params) in [(request::PROVIDER_ADD, add), (request::PROVIDER_REMOVE, github())] {
        if let Err(refused) = client.try_call(method, params).await {
            assert_eq!(refused["code"], -32803, "{refused}");
        }
    }
}

async fn leave_and_enter(client: &mut Client, stub: &Stub) {
    client.call(request::LOGOUT, none()).await;
    client.peer.event(notification::DID_LOGOUT, |_| true).await;
    let unknown = client
        .call(
            request::LOGIN_OTC,
            json!({"code": "7d1c1f3e-4f0e-4c58-9a53-0a2b8f3d7c11"}),
        )
        .await;
    assert!(unknown["error"].is_string(), "{unknown}");
    let user = stub.control().user().await;
    let token = json!({"url": stub.api(), "email": user.email, "value": user.access_token});
    let entered = client.call(request::LOGIN_TOKEN, json!({ "token": token })).await;
    assert_eq!(entered["state"]["userId"], json!(user.user_id), "{entered}");
}

#[tokio::test]
async fn every_request_and_notification_has_its_documented_shape() {
    let stub = Stub::start().await;
    let Some(client) = Client::new(&stub, Way::ByName).await else {
        return;
    };
    journey(&stub, client).await.everything_fits().await;
}

#[tokio::test]
async fn every_request_is_a_command_with_the_same_shapes() {
    let stub = Stub::start().await;
    let Some(client) = Client::new(&stub, Way::AsCommand).await else {
        return;
    };
    journey(&stub, client).await.everything_fits().await;
}

#[tokio::test]
async fn refusals_come_by_their_codes() {
    let stub = Stub::start().await;
    let Some(mut client) = Client::new(&stub, Way::ByName).await else {
        return;
    };
    let user = stub.control().user().await;
    let token = json!({"url": stub.api(), "email": user.email, "value": user.access_token});
    client.call(request::LOGIN_TOKEN, json!({ "token": token })).await;
    for (op, arguments, code) in [
        (
            "request",
            json!({"method": request::CONNECT, "params": {}}),
            -32602,
        ),
        (
            "request",
            json!({"method": request::CONNECT, "params": {"providerId": 7}}),
            -32602,
        ),
        (
            "request",
            json!({"method": "codestream/no/such", "params": {}}),
            -32601,
        ),
        (
            "command",
            json!({"command": "codestream.agent.no.such", "params": {}}),
            -32601,
        ),
        (
            "command",
            json!({"command": "codestream.agent.provider.connect", "params": {}}),
            -32602,
        ),
    ] {
        let shown = arguments.to_string();
        let error = client.peer.call(op, arguments).await.expect_err("it is refused");
        assert_eq!(error["code"], code, "{op} {shown}: {error}");
        assert_ne!(error["message"], "", "{op} {shown}");
    }
    stub.control()
        .fault(json!({"route": {"path": "/provider-auth-code", "delayMs": 5000}}))
        .await;
    let connect = json!({"method": request::CONNECT, "params": {"providerId": "github"}});
    let error = client
        .peer
        .call("cancelled", connect)
        .await
        .expect_err("it was cancelled");
    assert_eq!(error["code"], -32800, "{error}");
}

#[tokio::test]
async fn what_does_not_fit_is_found() {
    let stub = Stub::start().await;
    let Some(mut client) = Client::new(&stub, Way::ByName).await else {
        return;
    };
    let started = json!({"attemptId": "a", "url": "u", "expiresAt": 1});
    let edited = |key: &str, value: Value| {
        let mut edited = started.clone();
        edited[key] = value;
        json!({"type": "Started", "value": edited})
    };
    let values = [
        json!({"type": "Started", "value": started}),
        edited("expiresAt", json!("1")),
        edited("more", json!(1)),
        json!({"type": "Started", "value": {"attemptId": "a"}}),
        json!({"type": "Empty", "value": {"a": 1}}),
        json!({"type": "Person", "value": {"id": "1", "name": "n", "login": null}}),
        json!({"type": "Disconnected", "value": {"revoked": "perhaps"}}),
    ];
    let found = client.peer.ok("mismatches", json!({ "values": values })).await;
    assert_eq!(
        found.as_array().map(Vec::len),
        Some(values.len() - 1),
        "{found:#}"
    );
    client.peer.ok("quit", json!({})).await;
}
