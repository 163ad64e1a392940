//! What the server's command line promises.

use std::process::Stdio;

use e2e::{Home, Output, Stub, bin, run};
use serde_json::json;

async fn stub(home: &Home, arguments: &[&str]) -> Output {
    let mut command = home.command(&bin("codestream-server-stub"));
    command.args(arguments).stdin(Stdio::null());
    run(command).await
}

#[tokio::test]
async fn the_ready_line_says_where_everything_is() {
    let stub = Stub::builder().single().start().await;
    let ready = stub.ready();
    assert!(ready.api.starts_with("http://127.0.0.1:"), "{ready:?}");
    assert_eq!(
        ready.channel,
        format!("{}/socketcluster/", ready.api.replacen("http", "ws", 1))
    );
    assert!(
        stub.sandbox().starts_with("http://localhost:"),
        "the sandbox is another site: {ready:?}"
    );
    let http = stub.http();
    let status = http.get(&stub.url("/no-auth/status"), None).await;
    assert_eq!((status.status.as_u16(), status.text.as_str()), (200, "OK"));
    let capabilities = http.get(&stub.url("/no-auth/capabilities"), None).await.json();
    assert!(capabilities["capabilities"].is_object() && capabilities["providers"]["github*com"].is_object());
    assert!(stub.printed().is_empty());
}

#[tokio::test]
async fn sigterm_ends_it_with_0_even_while_requests_are_held() {
    let stub = Stub::start().await;
    let http = stub.http();
    let body = json!({"token": "7d1c1f3e-4f0e-4c58-9a53-0a2b8f3d7c11", "codeVerifier": "a".repeat(43)});
    let held = http
        .request(reqwest::Method::PUT, &stub.url("/no-auth/check-signup"))
        .header("Prefer", "wait=25")
        .json(&body)
        .send();
    let (code, log) = tokio::select! {
        ended = stub.stop() => ended,
        answer = async { held.await.map(|_| ()).ok(); std::future::pending::<()>().await } => {
            unreachable!("{answer:?}")
        }
    };
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn bad_options_are_one_line_and_exit_2() {
    let home = Home::new();
    let missing = home.path().join("missing.toml").display().to_string();
    let malformed = home.path().join("malformed.toml");
    std::fs::write(&malformed, "[apiServer\npublicApiUrl = 7").expect("a file");
    let malformed = malformed.display().to_string();
    for arguments in [
        &["--no-such-option"][..],
        &["--sandbox", "--listen", "nowhere"],
        &["--sandbox", "--public-url", "not a url"],
        &["--sandbox", "--public-url", "https://example.com/with/path"],
        &["--sandbox", "--database", "mysql://x"],
        &["--sandbox", "--environment", "With Spaces"],
        &["--sandbox", "--confirm-sign-in", "perhaps"],
        &["--sandbox", "--config", &missing],
        &["--sandbox", "--config", &malformed],
        &["check-config", "--config", &malformed],
        &["no-such-command"],
        // Without a sandbox somebody must say which keys to use.
        &["--database", "sqlite::memory:"],
    ] {
        let output = stub(&home, arguments).await;
        assert_eq!(output.code, Some(2), "{arguments:?}: {output:?}");
        assert_eq!(
            output.stderr.trim_end().lines().count(),
            1,
            "{arguments:?}: {}",
            output.stderr
        );
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", output.stdout);
    }
}

#[tokio::test]
async fn a_port_in_use_is_said_and_exits_1() {
    let taken = Stub::start().await;
    let address = taken.api().trim_start_matches("http://").to_owned();
    let output = stub(
        &Home::new(),
        &[
            "--sandbox",
            "--listen",
            &address,
            "--sandbox-listen",
            "127.0.0.1:0",
        ],
    )
    .await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains(&address), "{}", output.stderr);
}

#[tokio::test]
async fn a_good_configuration_passes_the_check() {
    let output = stub(&Home::new(), &["check-config", "--sandbox"]).await;
    assert_eq!(output.code, Some(0), "{output:?}");
}

#[tokio::test]
async fn the_sandbox_makes_users_with_ids_and_sessions() {
    let stub = Stub::start().await;
    let users = stub.control().users(3).await;
    assert_eq!(users.len(), 3);
    for user in &users {
        let login = stub
            .http()
            .put(&stub.url("/login"), Some(&user.access_token), &json!({}))
            .await;
        assert_eq!(login.status.as_u16(), 200, "{}", login.text);
        let login = login.json();
        assert_eq!(login["user"]["id"], user.user_id.as_str());
        assert_eq!(login["user"]["email"], user.email);
        assert_eq!(login["teamId"], user.team_id.as_str());
        assert_eq!(login["broadcasterToken"], user.broadcaster_token);
    }
}

#[tokio::test]
async fn refusals_have_their_status_code_and_request_id() {
    let stub = Stub::start().await;
    let user = stub.control().user().await;
    let bearer = Some(user.access_token.as_str());
    let http = stub.http();
    for (path, bearer, status, code) in [
        ("/users/me", None, 401, "AUTH-1001"),
        ("/users/me", Some("no-such-session"), 401, ""),
        ("/provider-auth-code", None, 401, "AUTH-1001"),
        ("/provider-auth-code", bearer, 403, "RAPI-1001"),
        (
            "/provider-auth-code?teamId=0123456789abcdef01234567",
            bearer,
            403,
            "USRC-1012",
        ),
        ("/provider-auth-code?teamId=x", bearer, 403, "RAPI-1012"),
        (
            "/provider-refresh/gopher?teamId=0123456789abcdef01234567",
            bearer,
            403,
            "PRVD-1000",
        ),
        ("/no-such-route", bearer, 404, "RAPI-1003"),
    ] {
        let answer = http.get(&stub.url(path), bearer).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        assert!(
            code.is_empty() || answer.code() == code,
            "{path}: {}",
            answer.text
        );
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert!(
            !answer.json()["message"].as_str().unwrap_or("").is_empty(),
            "{path}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_stock_client_that_asks_without_a_verifier_needs_legacy_sign_ups() {
    let token = "7d1c1f3e-4f0e-4c58-9a53-0a2b8f3d7c11";
    for (legacy, expected) in [(true, 200), (false, 403)] {
        let flags: &[&str] = if legacy { &["--allow-legacy-sign-up"] } else { &[] };
        let stub = Stub::builder().args(flags.iter().copied()).start().await;
        let url = stub.url(&format!("/web/provider-auth/github?signupToken={token}"));
        e2e::TestBrowser::new().approve(&url).await;
        let body = json!({ "token": token });
        let first = stub
            .http()
            .put(&stub.url("/no-auth/check-signup"), None, &body)
            .await;
        assert_eq!(first.status.as_u16(), expected, "{}", first.text);
        if legacy {
            let second = stub
                .http()
                .put(&stub.url("/no-auth/check-signup"), None, &body)
                .await;
            assert_eq!(second.status.as_u16(), 403, "single use: {}", second.text);
        }
    }
}

#[tokio::test]
async fn a_grant_belongs_to_its_verifier_and_repeats_until_it_is_used() {
    use codestream_protocol::secret::CodeVerifier;
    let stub = Stub::start().await;
    let token = "7d1c1f3e-4f0e-4c58-9a53-0a2b8f3d7c11";
    let verifier = CodeVerifier::from_entropy([7; 32]);
    let challenge = verifier.challenge();
    let url = stub.url(&format!(
        "/web/provider-auth/github?signupToken={token}&codeChallenge={}",
        challenge.as_str()
    ));
    e2e::TestBrowser::new().approve(&url).await;
    let ask = |verifier: String| {
        let (http, url) = (stub.http(), stub.url("/no-auth/check-signup"));
        async move {
            http.put(&url, None, &json!({"token": token, "codeVerifier": verifier}))
                .await
        }
    };
    assert_eq!(ask("b".repeat(43)).await.code(), "AUTH-1006", "another verifier");
    assert_ne!(
        ask("short".to_owned()).await.status.as_u16(),
        200,
        "a verifier that is none"
    );
    let first = ask(verifier.expose().to_owned()).await;
    assert_eq!(first.status.as_u16(), 200, "{}", first.text);
    let second = ask(verifier.expose().to_owned()).await;
    assert_eq!(
        second.json()["accessToken"],
        first.json()["accessToken"],
        "the same grant"
    );
    let session = first.json()["accessToken"].as_str().expect("a token").to_owned();
    assert_eq!(
        stub.http()
            .get(&stub.url("/users/me"), Some(&session))
            .await
            .status
            .as_u16(),
        200
    );
    assert_ne!(
        ask(verifier.expose().to_owned()).await.status.as_u16(),
        200,
        "used"
    );
}

#[tokio::test]
async fn polls_are_limited_with_retry_after() {
    let stub = Stub::start().await;
    let body = json!({"token": "7d1c1f3e-4f0e-4c58-9a53-0a2b8f3d7c11", "codeVerifier": "a".repeat(43)});
    // All at once: two are let through each second, however slow the machine is.
    let (http, url) = (stub.http(), stub.url("/no-auth/check-signup"));
    let polls = (0..60).map(|_| http.put(&url, None, &body));
    let mut statuses = Vec::new();
    for answer in futures_util::future::join_all(polls).await {
        statuses.push(answer.status.as_u16());
        if answer.status.as_u16() == 429 {
            let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!((1..=30).contains(&seconds), "{seconds}");
        }
    }
    assert!(
        statuses.iter().filter(|status| **status == 403).count() >= 5,
        "a burst of five: {statuses:?}"
    );
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [403, 429].contains(status)),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own_and_name_nobody() {
    let stub = Stub::builder()
        .single()
        .args(["--metrics-listen", "127.0.0.1:0"])
        .start()
        .await;
    let user = stub.control().user().await;
    let me = stub
        .http()
        .get(&stub.url("/users/me"), Some(&user.access_token))
        .await;
    assert_eq!(me.status.as_u16(), 200);
    assert_eq!(
        stub.http().get(&stub.url("/metrics"), None).await.status.as_u16(),
        404
    );
    let origin = stub.ready().metrics.as_deref().expect("it says where they are");
    let metrics = stub.http().get(&format!("{origin}/metrics"), None).await.text;
    for line in [
        "codestream_requests_total{method=\"GET\",route=\"/users/me\",status=\"200\"} 1",
        "codestream_channel_connections 0",
        "codestream_draining 0",
    ] {
        assert!(metrics.lines().any(|one| one == line), "no {line} in\n{metrics}");
    }
    for secret in [user.access_token.as_str(), user.user_id.as_str(), "127.0.0.1"] {
        assert!(!metrics.contains(secret), "{secret} in\n{metrics}");
    }
}
