//! Secrets never show: not in a log at its loudest, not in an error, not in a database file.

mod harvest;

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::DID_LOGIN;
use e2e::methods::{Configure, LoginOtc, LoginToken};
use e2e::{HeadlessIde, Home, Http, Kept, Stub, run};
use reqwest::Method;
use serde_json::{Value, json};

use self::harvest::{Harvest, IN_FRAGMENT};
use crate::scene::{Scene, listening};

/// What the sandbox's GitHub begins its tokens with.
const GITHUB_TOKENS: [&str; 3] = ["gho_", "ghu_", "ghr_"];

/// A secret that somebody put where it does not belong.
const CANARY: &str = "c4nary-9b1d-do-not-show";

fn clean(place: &str, text: &str, secrets: &Harvest) {
    for (name, secret) in secrets.iter() {
        assert!(
            !text.contains(secret),
            "{place} shows {name}:\n{}",
            around(text, secret)
        );
    }
    for secret in GITHUB_TOKENS.into_iter().chain([CANARY]) {
        assert!(
            !text.contains(secret),
            "{place} shows {secret}…:\n{}",
            around(text, secret)
        );
    }
}

/// The lines that a secret is in, without it.
fn around(text: &str, secret: &str) -> String {
    let lines = text.lines().filter(|line| line.contains(secret)).take(5);
    lines
        .map(|line| line.replace(secret, "[here]"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn no_secret_of_the_handshakes_shows_anywhere() {
    let kept = Kept::new();
    let mut scene = Scene::behind_proxy(Stub::builder().env("RUST_LOG", "trace").keeping(&kept)).await;
    scene
        .control()
        .fault(json!({"tokens": {"provider": "github", "expiring": true}}))
        .await;
    let ide = scene
        .ide()
        .option("traceLevel", "trace")
        .env("RUST_LOG", "trace")
        .start()
        .await;

    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    listening(&ide).await;
    scene.connect(&ide, "trello").await;
    scene
        .control()
        .fault(json!({"tokens": {"provider": "github", "expireAll": true}}))
        .await;
    for provider in ["github", "trello"] {
        ide.me(provider).await.expect("who it is");
    }
    // One of every way to fail, and a handshake left half-way.
    scene
        .control()
        .fault(json!({"exchange": {"provider": "github", "failNext": 1}}))
        .await;
    let refused = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&refused.url).await;
    ide.end_of(refused.attempt_id).await;
    let denied = ide.connect("trello").await.expect("a link");
    ide.opened().await;
    scene.browser.deny(&denied.url).await;
    ide.end_of(denied.attempt_id).await;
    ide.disconnect("trello").await.expect("it is disconnected");
    let open = ide.connect("trello").await.expect("a link");
    ide.opened().await;
    scene.browser.consent_page(&open.url, None).await;
    ide.cancel(open.attempt_id).await.expect("it is cancelled");
    ide.end_of(open.attempt_id).await;

    let secrets = Harvest::of(&scene.proxy().exchanges(), scene.browser.trail());
    for wanted in [
        "accessToken",
        "broadcasterToken",
        "codeVerifier",
        "signupToken",
        "code",
        "state",
        "cookie",
        IN_FRAGMENT,
    ] {
        assert!(
            secrets.has(wanted),
            "the handshakes had no {wanted}: {:?}",
            secrets.names()
        );
    }
    in_no_url(&scene, &secrets);
    told(&ide, &secrets);
    let agent_log = ide.finish().await;
    assert!(
        agent_log.len() > 1000,
        "at trace level the agent says something:\n{agent_log}"
    );
    clean("the agent's log", &agent_log, &secrets);
    let (_, server_log) = scene.stub.stop().await;
    assert!(
        server_log.len() > 1000,
        "at trace level the server says something:\n{server_log}"
    );
    clean("the server's log", &server_log, &secrets);
    clean("the store", &kept.at_rest(), &secrets);
}

/// What came in a fragment is in no URL that our server was asked for, nor in one that it sent a browser to.
fn in_no_url(scene: &Scene, secrets: &Harvest) {
    let ours = scene.api();
    let asked = scene.browser.trail().iter().map(|hop| {
        let mut url = hop.url.clone();
        url.set_fragment(None);
        url.to_string()
    });
    let exchanges = scene.proxy().exchanges();
    let seen = exchanges.iter().flat_map(|one| {
        let reply = one.reply.iter().flat_map(|reply| &reply.headers);
        let sent_to = reply
            .filter(|(name, _)| name == "location")
            .map(|(_, to)| to.clone());
        std::iter::once(format!("{ours}{}?{}", one.path, one.query)).chain(sent_to)
    });
    let urls: Vec<_> = asked.filter(|url| url.starts_with(&ours)).chain(seen).collect();
    assert!(urls.iter().any(|url| url.contains("/provider-token/trello")));
    for token in secrets.all(IN_FRAGMENT) {
        assert!(!urls.iter().any(|url| url.contains(token)), "a token in a URL");
    }
}

/// Only `didLogin` holds the session token, and nothing that the agent says holds a third party's.
fn told(ide: &HeadlessIde, secrets: &Harvest) {
    for message in ide.said().iter().filter(|one| one["method"] != DID_LOGIN) {
        let text = message.to_string();
        for name in ["accessToken", "broadcasterToken", "refreshToken", "codeVerifier"] {
            for secret in secrets.all(name) {
                assert!(!text.contains(secret), "{name} in {}", e2e::redact(message));
            }
        }
        assert!(
            !GITHUB_TOKENS.iter().any(|prefix| text.contains(prefix)),
            "{}",
            e2e::redact(message)
        );
    }
}

#[tokio::test]
async fn a_secret_in_a_wrong_place_is_not_repeated() {
    let scene = Scene::of(Stub::builder().env("RUST_LOG", "trace")).await;
    let user = scene.control().user().await;
    let ide = scene
        .ide()
        .option("traceLevel", "trace")
        .session(&user.access_token)
        .start()
        .await;
    ide.logged_in().await;
    let (api, http) = (scene.stub.api(), scene.stub.http());

    let mut answers = Vec::new();
    for (method, path, body) in [
        (
            Method::GET,
            format!("/no-auth/provider-token/github?code={CANARY}&state={CANARY}"),
            Value::Null,
        ),
        (
            Method::GET,
            format!("/no-auth/provider-token/github?error={CANARY}&state=local!{CANARY}"),
            Value::Null,
        ),
        (
            Method::GET,
            format!("/web/provider-auth/github?code={CANARY}"),
            Value::Null,
        ),
        (
            Method::GET,
            format!("/web/provider-auth/github?signupToken={CANARY}"),
            Value::Null,
        ),
        (
            Method::GET,
            format!("/web/error?code={CANARY}&state={CANARY}"),
            Value::Null,
        ),
        (Method::GET, format!("/no-such-route?token={CANARY}"), Value::Null),
        (
            Method::POST,
            "/no-auth/provider-token/trello".to_owned(),
            json!({"state": CANARY, "token": CANARY}),
        ),
        (
            Method::PUT,
            "/no-auth/check-signup".to_owned(),
            json!({"token": CANARY, "codeVerifier": CANARY.repeat(2)}),
        ),
        (
            Method::PUT,
            "/no-auth/check-signup".to_owned(),
            json!({"token": [CANARY]}),
        ),
        (
            Method::PUT,
            "/provider-set-token/github".to_owned(),
            json!({"teamId": CANARY, "token": CANARY}),
        ),
        (Method::PUT, "/login".to_owned(), json!({})),
    ] {
        let request = http
            .request(method, &format!("{api}{path}"))
            .bearer_auth(CANARY)
            .header("cookie", format!("cs-browser={CANARY}"));
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let answer = Http::send(request).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
        answers.push(format!("{:?} {}", answer.headers, answer.text));
    }
    let token = json!({"token": {"url": api, "email": "a@example.com", "value": CANARY}});
    let token = serde_json::from_value(token).expect("a stored token");
    answers.push(format!("{:?}", ide.request::<LoginToken>(token).await));
    let code = serde_json::from_value(json!({ "code": CANARY })).expect("a code");
    answers.push(format!("{:?}", ide.request::<LoginOtc>(code).await));
    let configure = json!({"providerId": "github", "data": {"accessToken": CANARY}, "verify": true});
    let configure = serde_json::from_value(configure).expect("what to configure");
    answers.push(format!("{:?}", ide.request::<Configure>(configure).await));
    for params in [
        json!({"providerId": CANARY}),
        json!({"providerId": "github", "method": "GET", "path": "user", "headers": {"Authorization": CANARY}}),
        json!({"providerId": "github", "method": CANARY, "path": format!("../{CANARY}")}),
        json!({"providerId": {"accessToken": CANARY}}),
    ] {
        // A name that the person typed may come back to them; it must not reach the log.
        let _ = ide.call("codestream/provider/request", &params).await;
    }
    for answer in &answers {
        clean("an answer", answer, &Harvest::default());
    }
    ide.take_unread();
    clean("the agent's log", &ide.finish().await, &Harvest::default());
    clean(
        "the server's log",
        &scene.stub.stop().await.1,
        &Harvest::default(),
    );
}

#[tokio::test]
async fn a_proxys_password_and_a_wrong_option_do_not_show() {
    let scene = Scene::new().await;
    let proxy = format!("http://user:{CANARY}@127.0.0.1:9");
    let ide = scene
        .ide()
        .option("traceLevel", "trace")
        .option("proxy", json!({"url": proxy, "strictSSL": true}))
        .option("accessToken", json!({"token": CANARY}))
        .start()
        .await;
    // It comes when it comes: after the answer below, too.
    ide.message("window/showMessage", |params| {
        params.to_string().contains("accessToken")
    })
    .await;
    ide.status().await;
    let said = Value::from(ide.said()).to_string();
    clean("the agent", &said, &Harvest::default());
    ide.take_unread();
    clean("the agent's log", &ide.finish().await, &Harvest::default());

    let home = Home::new();
    let mut command = home.command(&e2e::bin("codestream-agent"));
    command.args(["doctor", "--server", scene.stub.api()]);
    command
        .env("HTTPS_PROXY", &proxy)
        .env("HTTP_PROXY", &proxy)
        .env("RUST_LOG", "trace");
    let output = run(command).await;
    clean(
        "doctor",
        &format!("{}{}", output.stdout, output.stderr),
        &Harvest::default(),
    );
}

/// What a list of its bytes would show of the canary.
fn bytes_of(secret: &str) -> String {
    format!("{:?}", secret.as_bytes())
        .trim_matches(['[', ']'])
        .to_owned()
}

/// CWE-532, CWE-209: whatever is read from a file or a setting may be a secret in the wrong place.
#[tokio::test]
async fn no_file_and_no_setting_that_cannot_be_read_is_repeated() {
    let scene = Scene::new().await;
    let home = Home::new();
    let bundle = home.path().join("bundle.pem");
    std::fs::write(&bundle, format!("-----BEGIN PRIVATE KEY----- {CANARY}\n")).expect("a file");
    let bundle = bundle.display().to_string();
    let mut told = Vec::new();

    let ide = scene
        .ide()
        .option("traceLevel", "trace")
        .option("extraCerts", bundle.as_str())
        .start()
        .await;
    told.push(format!(
        "{:?}",
        ide.call("codestream/provider/list", &json!({})).await
    ));
    told.push(format!(
        "{:?}",
        ide.call("codestream/login/token", &json!({"token": CANARY}))
            .await
    ));
    told.push(Value::from(ide.said()).to_string());
    ide.take_unread();
    told.push(ide.finish().await);

    let mut doctor = home.command(&e2e::bin("codestream-agent"));
    doctor
        .args(["doctor", "--server", scene.stub.api(), "--extra-certs", &bundle])
        .env("RUST_LOG", "trace");
    let output = run(doctor).await;
    assert!(output.stdout.contains("extraCerts"), "{}", output.stdout);
    told.push(format!("{}{}", output.stdout, output.stderr));

    let config = home.path().join("config.toml");
    for text in [
        format!("[providers.github]\nclientSecret = '{CANARY}\n"),
        format!("[providers.github]\nclientSecret = '{CANARY}' {CANARY}\n"),
        format!("[providers.github]\ncallback = '{CANARY}'\n"),
        format!("[apiServer]\npublicApiUrl = 'https://user:{CANARY}@codestream.example.com'\n"),
        format!("[apiServer]\ndatabase = 'mysql://user:{CANARY}@db/codestream'\n"),
        format!("[apiServer]\ndatabase = 'postgres://user:{CANARY}@/'\n"),
        format!("[apiServer]\ntrustedProxies = ['{CANARY}']\n"),
        format!("[secrets]\nsigningKeys = ['{CANARY}']\n"),
    ] {
        std::fs::write(&config, &text).expect("a file");
        let mut check = home.command(&e2e::bin("codestream-server-stub"));
        check.args(["check-config", "--sandbox", "--config"]).arg(&config);
        let output = run(check).await;
        assert_eq!(output.code, Some(2), "{text}");
        told.push(format!("{}{}", output.stdout, output.stderr));
    }
    for text in &told {
        clean("an output", text, &Harvest::default());
        assert!(
            !text.contains(&bytes_of(CANARY)),
            "a list of bytes is the secret, too"
        );
    }
}
