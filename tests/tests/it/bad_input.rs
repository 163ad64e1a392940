//! What bad input gets: a named error for a person, nothing half-stored, both processes alive.

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::CallParams;
use e2e::methods::Call;
use e2e::{Fault, FaultProxy, HeadlessIde, RpcError, ShowDocument, Stub, clock};
use serde_json::{Value, json};

use crate::scene::Scene;

/// A refusal for a person: a kind, and words that say what to do.
fn refusal<T: std::fmt::Debug>(answer: Result<T, RpcError>, kind: ErrorKind) -> RpcError {
    let refused = answer.expect_err("a refusal");
    assert_eq!(refused.code, -32803, "{refused:?}");
    assert_eq!(refused.kind(), kind, "{refused:?}");
    assert!(
        refused.message.contains(' ') && refused.message.ends_with('.'),
        "for a person: {refused:?}"
    );
    refused
}

#[tokio::test]
async fn an_unknown_provider_is_named_as_such() {
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    for name in ["gopher", "gopher*net", "", "GITHUB", "../github", "github*com "] {
        refusal(ide.connect(name).await, ErrorKind::UnknownProvider);
        refusal(ide.sign_up(name).await, ErrorKind::UnknownProvider);
    }
    let mut scene = scene;
    let page = scene
        .browser
        .open(&scene.stub.url("/web/provider-auth/gopher?code=x"))
        .await;
    assert!(page.text().contains("PRVD-1000"), "{}", page.text());
    ide.finish().await;
}

#[tokio::test]
async fn a_provider_that_the_server_has_not_set_up_is_named_as_such() {
    let dir = e2e::Home::new();
    let file = dir.path().join("stub.toml");
    let key = "0123456789abcdef".repeat(4);
    let text = format!("[secrets]\nsigningKeys = [\"{key}\"]\nencryptionKeys = [\"{key}\"]\n");
    std::fs::write(&file, text).expect("a file");
    let kept = e2e::Kept::new();
    let stub = Stub::builder()
        .keeping(&kept)
        .args(["--config", &file.display().to_string()]);
    let scene = Scene::of(stub.without_sandbox()).await;
    let ide = scene.signed_out().await;
    let refused = refusal(ide.sign_up("github").await, ErrorKind::ProviderNotConfigured);
    assert!(
        refused.message.contains("administrator"),
        "it says what to do: {refused:?}"
    );
    let page = e2e::TestBrowser::new()
        .open(
            &scene
                .stub
                .url("/web/provider-auth/github?signupToken=7d1c1f3e-4f0e-4c58-9a53-0a2b8f3d7c11"),
        )
        .await;
    assert!(page.text().contains("PRVD-1009"), "{}", page.text());
    ide.finish().await;
}

#[tokio::test]
async fn a_team_of_others_is_refused() {
    let scene = Scene::new().await;
    let users = scene.control().users(2).await;
    let ide = scene
        .ide()
        .option("teamId", users[1].team_id.as_str())
        .session(&users[0].access_token)
        .start()
        .await;
    ide.logged_in().await;
    refusal(ide.connect("github").await, ErrorKind::NoTeam);
    ide.finish().await;
}

#[tokio::test]
async fn a_refused_code_ends_the_attempt_with_the_step_and_stores_nothing() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    for (fault, codes) in [
        (
            json!({"provider": "github", "failNext": 1, "error": "bad_verification_code"}),
            &["PRVD-1001"][..],
        ),
        (
            json!({"provider": "github", "failNext": 1, "error": "incorrect_client_credentials"}),
            &["PRVD-1001"],
        ),
        (
            json!({"provider": "github", "failNext": 1, "body": "<h1>Unicorn!</h1>"}),
            &["PRVD-1001", "PRVD-1007"],
        ),
        (
            json!({"provider": "github", "failNext": 1, "status": 503, "body": ""}),
            &["PRVD-1001", "PRVD-1007"],
        ),
    ] {
        scene.control().fault(json!({ "exchange": fault })).await;
        let started = ide.connect("github").await.expect("a link");
        ide.opened().await;
        let page = scene.browser.approve(&started.url).await;
        let end = ide.end_of(started.attempt_id).await;
        assert_eq!(
            (end.outcome, end.kind),
            (Outcome::Failed, Some(ErrorKind::ExchangeRefused)),
            "{fault}: {end:?}"
        );
        let code = end.code.expect("a code");
        assert!(codes.contains(&code.as_str()), "{fault}: {code}");
        assert!(page.text().contains(&code), "{fault}: {}", page.text());
        assert!(end.message.is_some_and(|words| words.contains(' ')));
        assert!(!ide.summary("github").await.connected, "{fault}");
    }
    scene.connect(&ide, "github").await;
    ide.finish().await;
}

#[tokio::test]
async fn a_server_url_that_is_none_is_told_once_and_answers_not_configured() {
    for url in [
        json!("not a url"),
        json!("ftp://example.com"),
        json!(""),
        json!(7),
        Value::Null,
    ] {
        let ide = HeadlessIde::builder("")
            .option("serverUrl", url.clone())
            .start()
            .await;
        let told = ide.message("window/showMessage", |_| true).await;
        let words = told.params["message"].as_str().expect("a message");
        assert!(words.contains("serverUrl"), "it names the setting: {words}");
        refusal(ide.connect("github").await, ErrorKind::NotConfigured);
        refusal(ide.sign_up("github").await, ErrorKind::NotConfigured);
        ide.status().await;
        ide.finish().await;
    }
}

#[tokio::test]
async fn options_of_a_wrong_type_are_told_once_by_name() {
    let scene = Scene::new().await;
    let ide = scene
        .ide()
        .option("proxy", "canary-proxy")
        .option("traceLevel", 5)
        .option("unknown", 1)
        .start()
        .await;
    let mut words = String::new();
    for _ in 0..2 {
        words.push_str(
            ide.message("window/showMessage", |_| true).await.params["message"]
                .as_str()
                .unwrap_or(""),
        );
        if words.contains("proxy") && words.contains("traceLevel") {
            break;
        }
    }
    assert!(
        words.contains("proxy") && words.contains("traceLevel") && !words.contains("canary"),
        "{words}"
    );
    ide.sign_up("github").await.expect("the defaults are used");
    ide.opened().await;
    let attempt = ide.status().await.attempts.remove(0);
    ide.cancel(attempt.attempt_id).await.expect("it is cancelled");
    ide.end_of(attempt.attempt_id).await;
    ide.finish().await;
}

#[tokio::test]
async fn a_server_that_is_down_is_unreachable_at_once() {
    let scene = Scene::behind_proxy(Stub::builder()).await;
    let (ide, _) = scene.signed_in().await;
    scene.proxy().break_everything(Fault::Refuse);
    let began = clock::now();
    let refused = refusal(ide.connect("github").await, ErrorKind::ServerUnreachable);
    assert!(began.elapsed().as_secs() < 10, "it took {:?}", began.elapsed());
    assert_eq!(refused.data["retryable"], true, "{refused:?}");
    scene.proxy().heal();
    ide.connect("github").await.expect("a link, now that it is back");
    ide.opened().await;
    let mut ide = ide;
    ide.quit().await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_unreachable_after_ten_seconds() {
    let scene = Scene::behind_proxy(Stub::builder()).await;
    let (ide, _) = scene.signed_in().await;
    scene.proxy().fault("/provider-auth-code", Fault::Stall, 1);
    let began = clock::now();
    refusal(ide.connect("github").await, ErrorKind::ServerUnreachable);
    assert!(
        (9..12).contains(&began.elapsed().as_secs()),
        "it took {:?}",
        began.elapsed()
    );
    ide.finish().await;
}

#[tokio::test]
async fn something_else_at_the_server_url_is_named_as_such() {
    let proxy = FaultProxy::start().await;
    for (status, kind, body) in [
        (200, "text/html", "<h1>Welcome to the hotel</h1>"),
        (200, "application/json", "{}"),
        (404, "text/plain", "no"),
        (200, "application/json", "[1"),
    ] {
        proxy.break_everything(Fault::answer(status, kind, body));
        let ide = HeadlessIde::start(&proxy.url()).await;
        refusal(ide.sign_up("github").await, ErrorKind::NotCodeStream);
        ide.finish().await;
        proxy.heal();
    }
}

#[tokio::test]
async fn a_browser_that_will_not_open_leaves_a_link_to_copy() {
    for how in [
        ShowDocument::Declines,
        ShowDocument::Fails,
        ShowDocument::Unsupported,
    ] {
        let mut scene = Scene::new().await;
        let user = scene.control().user().await;
        let ide = scene.window(scene.ide().show_document(how), &user).await;
        let started = ide.connect("github").await.expect("a link");
        if how != ShowDocument::Unsupported {
            ide.opened().await;
        }
        let asked = ide.message("window/showMessageRequest", |_| true).await;
        let words = asked.params["message"].as_str().expect("a message");
        assert!(
            words.contains(&started.url),
            "{how:?}: the link is in the message: {words}"
        );
        // The attempt goes on: the person may open the link wherever there is a browser.
        scene.browser.approve(&started.url).await;
        assert_eq!(
            ide.end_of(started.attempt_id).await.outcome,
            Outcome::Connected,
            "{how:?}"
        );
        ide.finish().await;
    }
}

#[tokio::test]
async fn without_a_session_every_request_that_needs_one_says_so() {
    let scene = Scene::new().await;
    let ide = scene.signed_out().await;
    refusal(ide.connect("github").await, ErrorKind::NotSignedIn);
    refusal(ide.disconnect("github").await, ErrorKind::NotSignedIn);
    refusal(ide.me("github").await, ErrorKind::NotSignedIn);
    refusal(ide.get("github", "user").await, ErrorKind::NotSignedIn);
    ide.finish().await;
}

fn call(path: &str) -> CallParams {
    CallParams {
        provider_id: "github*com".to_owned(),
        provider_team_id: None,
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: None,
        headers: None,
        body: None,
        timeout_ms: None,
    }
}

#[tokio::test]
async fn direct_calls_stay_below_the_services_base() {
    let mut scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    let seen = scene.control().requests("github").await.len();
    for path in [
        "http://evil.example/",
        "//evil.example/",
        "../../control/users",
        "%2e%2e/%2e%2e/x",
        "/etc",
        "a\\..\\b",
    ] {
        match ide.request::<Call>(call(path)).await {
            Err(refused) => assert!(
                refused.code == -32602 || refused.kind() == ErrorKind::Forbidden,
                "{refused:?}"
            ),
            // What stays below after normalising is an answer of the service itself.
            Ok(called) => assert_eq!(called.answer.status, 404, "{path}: {called:?}"),
        }
    }
    for header in ["Authorization", "cookie", "HOST"] {
        let params = CallParams {
            headers: Some([(header.to_owned(), "x".to_owned())].into()),
            ..call("user")
        };
        assert!(ide.request::<Call>(params).await.is_err(), "{header}");
    }
    let large = CallParams {
        method: "POST".to_owned(),
        body: Some(json!("x".repeat(9 << 20))),
        ..call("user")
    };
    refusal(ide.request::<Call>(large).await, ErrorKind::TooLarge);
    assert!(scene.control().requests("github").await.len() <= seen + 3);
    // Refusals of the service are answers.
    assert_eq!(
        ide.get("github", "no/such/thing")
            .await
            .expect("an answer")
            .status,
        404
    );
    ide.finish().await;
}

#[tokio::test]
async fn bodies_that_are_too_large_or_no_json_are_refused_by_the_server() {
    let scene = Scene::new().await;
    let http = scene.stub.http();
    let user = scene.control().user().await;
    let bearer = Some(user.access_token.as_str());
    let large = json!({"token": "x".repeat(2 << 20)});
    for path in ["/no-auth/check-signup", "/login", "/provider-set-token/github"] {
        let answer = http.put(&scene.stub.url(path), bearer, &large).await;
        assert!(
            answer.status.as_u16() == 413 || answer.status.as_u16() == 400,
            "{path}: {}",
            answer.status
        );
    }
    for body in ["", "{", "[]", "null", "\u{0}"] {
        let request = http
            .request(reqwest::Method::PUT, &scene.stub.url("/no-auth/check-signup"))
            .header("content-type", "application/json")
            .body(body.to_owned());
        let answer = e2e::Http::send(request).await;
        assert!(
            answer.status.is_client_error() && !answer.code().is_empty(),
            "{body:?}: {answer:?}"
        );
        assert!(!answer.header("x-request-id").is_empty());
    }
    let status = http.get(&scene.stub.url("/no-auth/status"), None).await;
    assert_eq!((status.status.as_u16(), status.text.as_str()), (200, "OK"));
}

#[tokio::test]
async fn an_address_that_is_registered_is_told_which_way_to_sign_in() {
    let mut scene = Scene::new().await;
    scene.control().user_with("ada@example.com").await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let page = scene.browser.approve_as(&started.url, "ada").await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Failed, Some(ErrorKind::AlreadyRegistered)),
        "{end:?}"
    );
    assert_eq!(end.code.as_deref(), Some("USRC-1006"));
    assert!(page.text().contains("already"), "{}", page.text());
    assert!(ide.status().await.session.is_none());
    ide.finish().await;
}
