//! Connects that are refused: each with its code, each told to the agent at once, none half-stored.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use codestream_protocol::id::CodeId;
use serde_json::json;

use super::bench::{Bench, Third, json_answer};
use crate::broker::issue_start_code;
use crate::store::{End, Handshake};

/// A connect whose third party was told what to do, brought back with these parameters beside the state.
async fn refused(change: impl FnOnce(&mut Third), parameters: &[(&str, &str)]) -> (Bench, CodeId, String) {
    let bench = Bench::new().await;
    bench.tell(change);
    let (code_id, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    let with_state = [parameters, &[("state", state.as_str())]].concat();
    let error = browser.come_back("github", &with_state).await.error();
    drop(browser);
    (bench, code_id, error)
}

async fn assert_told(bench: &Bench, code_id: CodeId, code: &str, step: &str) {
    let ends = bench.ends().await;
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].code_id, code_id);
    assert_eq!(ends[0].code.as_deref(), Some(code));
    assert_eq!(ends[0].step.as_deref(), Some(step));
    assert_eq!(ends[0].provider.as_deref(), Some("github"));
    assert!(
        ends[0]
            .message
            .as_deref()
            .is_some_and(|message| message.ends_with('.'))
    );
    let account = bench
        .app
        .store
        .account(&bench.key("github"))
        .await
        .expect("a store");
    assert_eq!(account, None, "nothing is stored");
}

#[tokio::test]
async fn declining_is_told_at_once() {
    let (bench, code_id, error) = refused(|_| {}, &[("error", "access_denied")]).await;
    assert_eq!(error, "PRVD-1006");
    assert_told(&bench, code_id, "PRVD-1006", "authorize").await;
    assert_eq!(
        bench.ends().await[0].message.as_deref(),
        Some("You declined. Nothing was changed.")
    );
}

#[tokio::test]
async fn any_other_error_of_the_service_names_its_code_and_nothing_else_of_the_query() {
    let parameters = [
        ("error", "application_suspended"),
        ("error_description", "<b>call 555</b>"),
    ];
    let (bench, code_id, error) = refused(|_| {}, &parameters).await;
    assert_eq!(error, "PRVD-1001");
    assert_told(&bench, code_id, "PRVD-1001", "authorize").await;
    let message = bench.ends().await.remove(0).message.expect("a message");
    assert!(
        message.contains("application_suspended") && !message.contains("555"),
        "{message}"
    );
}

#[tokio::test]
async fn an_answer_without_code_and_error_is_refused() {
    let (bench, code_id, error) = refused(|_| {}, &[]).await;
    assert_eq!(error, "PRVD-1001");
    assert_told(&bench, code_id, "PRVD-1001", "callback").await;
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused_before_the_exchange() {
    let (bench, code_id, error) = refused(|_| {}, &[("code", "good"), ("iss", "https://evil.test")]).await;
    assert_eq!(error, "AUTH-1002");
    assert_told(&bench, code_id, "AUTH-1002", "callback").await;
    assert!(bench.tell(|third| third.exchanges.is_empty()));
}

#[tokio::test]
async fn a_refused_exchange_is_one_whatever_its_status() {
    for status in [200, 400] {
        let answer = json_answer(status, &json!({ "error": "bad_verification_code" }));
        let (bench, code_id, error) = refused(|third| third.token = answer, &[("code", "bad")]).await;
        assert_eq!(error, "PRVD-1001", "{status}");
        assert_told(&bench, code_id, "PRVD-1001", "exchange").await;
    }
}

#[tokio::test]
async fn a_token_answer_that_cannot_be_read_says_so() {
    let large = format!("{{\"access_token\":\"{}\"}}", "x".repeat(2 << 20));
    for answer in [
        (
            200,
            "application/x-www-form-urlencoded",
            "access_token=gho_1".to_owned(),
        ),
        (200, "text/html", "<html>".to_owned()),
        (200, "application/json", large),
        (200, "application/json", "{}".to_owned()),
        (503, "text/plain", "later".to_owned()),
        (302, "text/plain", String::new()),
    ] {
        let shown = format!("{} {}", answer.0, answer.1);
        let (bench, code_id, error) = refused(|third| third.token = answer, &[("code", "good")]).await;
        assert_eq!(error, "PRVD-1007", "{shown}");
        assert_told(&bench, code_id, "PRVD-1007", "exchange").await;
    }
}

#[tokio::test]
async fn a_token_whose_owner_is_not_told_is_revoked_again() {
    for (status, code, step) in [(401, "PRVD-1001", "exchange"), (500, "PRVD-1007", "identity")] {
        let user = (status, json!({ "message": "no" }));
        let (bench, code_id, error) = refused(|third| third.user = user, &[("code", "good")]).await;
        assert_eq!(error, code);
        assert_told(&bench, code_id, code, step).await;
        bench.until(|third| third.revoked == ["gho_1"]).await;
    }
}

/// RFC 9700 §4.7 and CWE-352: whatever another browser brings back, with the right state, changes nothing.
#[tokio::test]
async fn another_browser_cannot_finish_and_ends_nothing() {
    let bench = Bench::new().await;
    let (code_id, start) = bench.press_connect("github").await;
    let owner = bench.browser();
    let state = owner.state(&start).await;
    let state = ("state", state.as_str());
    let stranger = bench.browser();
    for brought in [
        vec![("code", "good"), state],
        vec![("error", "access_denied"), state],
        vec![("error", "application_suspended"), state],
        vec![state],
        vec![("code", "good"), ("iss", "https://evil.test"), state],
    ] {
        let page = stranger.come_back("github", &brought).await;
        assert_eq!(page.error(), "RAPI-1009", "{brought:?}");
    }
    assert!(bench.told().await.is_empty());
    let landed = owner.come_back("github", &[("code", "good"), state]).await;
    assert_eq!(
        landed.location(),
        format!("/web/provider-connected/github?id={code_id}")
    );
}

/// CWE-384: whoever opens a leaked link second gets no state of it, and the IDE hears of it.
#[tokio::test]
async fn a_start_link_is_the_first_browsers_alone() {
    let bench = Bench::new().await;
    let (code_id, start) = bench.press_connect("github").await;
    let owner = bench.browser();
    let state = owner.state(&start).await;
    let stranger = bench.browser();
    for _ in 0..2 {
        assert_eq!(stranger.get(&start).await.error(), "RAPI-1009");
    }
    let told = bench.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["attemptNoted"]["codeId"], json!(code_id));
    let note = told[0]["attemptNoted"]["note"].as_str().expect("a note");
    assert!(note.contains("second browser"), "{note}");
    assert_ne!(owner.state(&start).await, state, "a state for each time");
    let landed = owner
        .come_back("github", &[("code", "good"), ("state", &state)])
        .await;
    assert!(landed.location().starts_with("/web/provider-connected/"));
}

/// The service stands in the link, where whoever has it can change it.
#[tokio::test]
async fn a_start_link_for_another_service_ends_nothing() {
    let bench = Bench::new().await;
    let (code_id, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let other = start.replace("/github?", "/nope?");
    assert_eq!(browser.get(&other).await.error(), "PRVD-1000");
    let elsewhere = browser.get(&format!("{start}&host=git.example.com")).await;
    assert_eq!(elsewhere.error(), "PRVD-1003");
    assert!(bench.ends().await.is_empty());
    let told = bench.told().await;
    assert_eq!(told.len(), 1, "its IDE is told why nothing happens: {told:?}");
    assert_eq!(told[0]["attemptNoted"]["codeId"], json!(code_id));
    assert!(
        browser
            .approve(&start)
            .await
            .location()
            .starts_with("/web/provider-connected/")
    );
}

#[tokio::test]
async fn a_state_is_used_once_and_its_browser_is_answered_alike_again() {
    let bench = Bench::new().await;
    let (code_id, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    let parameters = [("code", "good"), ("state", state.as_str())];
    for _ in 0..3 {
        assert_eq!(
            browser.come_back("github", &parameters).await.location(),
            format!("/web/provider-connected/github?id={code_id}")
        );
    }
    let other = [("error", "access_denied"), ("state", state.as_str())];
    let page = browser.come_back("github", &other).await;
    assert!(page.location().starts_with("/web/provider-connected/"));
    assert_eq!(
        bench.browser().come_back("github", &parameters).await.error(),
        "RAPI-1009"
    );
    assert_eq!(bench.ends().await.len(), 1, "the good end stays the only one");
    assert_eq!(bench.tell(|third| third.exchanges.len()), 1);
}

/// A browser whose answer was lost has not kept the cookie that came with it either.
#[tokio::test]
async fn a_repeated_callback_brings_what_the_lost_answer_brought() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    let before = browser.cookies.lock().expect("no panic holds it").clone();
    let parameters = [("code", "good"), ("state", state.as_str())];
    browser.come_back("github", &parameters).await;
    *browser.cookies.lock().expect("no panic holds it") = before;
    let landed = browser.come_back("github", &parameters).await;
    let page = browser.get(landed.location()).await;
    assert!(page.body.contains("This was not me"), "{}", page.body);
}

#[tokio::test]
async fn a_callback_that_is_repeated_while_the_first_one_runs_waits_for_its_answer() {
    let bench = Bench::new().await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    bench.tell(|third| third.gate = Some(gate.clone()));
    let (_, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    let parameters = [("code", "good"), ("state", state.as_str())];
    let (first, second, ()) = tokio::join!(
        browser.come_back("github", &parameters),
        async {
            bench.until(|third| !third.exchanges.is_empty()).await;
            browser.come_back("github", &parameters).await
        },
        async {
            bench.until(|third| !third.exchanges.is_empty()).await;
            gate.add_permits(1);
        }
    );
    assert!(first.location().starts_with("/web/provider-connected/"));
    assert_eq!(second.location(), first.location());
    assert_eq!(bench.tell(|third| third.exchanges.len()), 1);
}

#[tokio::test]
async fn a_refused_callback_is_answered_alike_again() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    let denied = [("error", "access_denied"), ("state", state.as_str())];
    for _ in 0..2 {
        assert_eq!(browser.come_back("github", &denied).await.error(), "PRVD-1006");
    }
    assert_eq!(bench.ends().await.len(), 1);
}

/// RFC 9110 §9.2.1: neither HEAD nor a prefetch does anything, wherever a GET or POST would.
#[tokio::test]
async fn prefetches_and_head_change_nothing_on_any_route_of_the_browser() {
    use axum::http::Method;
    let bench = Bench::new().await;
    let (code_id, start) = bench.press_connect("github").await;
    let owner = bench.browser();
    let (_, other) = bench.press_connect("github").await;
    let state = owner.state(&other).await;
    let callback = format!("/no-auth/provider-token/github?error=access_denied&state={state}");
    let routes = [
        (Method::GET, start.as_str()),
        (Method::GET, &start.replace("/web/", "/no-auth/")),
        (Method::GET, &callback),
        (Method::GET, "/~nrlogin/jti?auth_code=c"),
        (Method::GET, "/web/provider-confirm?id=x"),
        (Method::POST, "/web/provider-confirm"),
        (Method::POST, "/web/provider-not-me"),
        (Method::POST, "/no-auth/provider-token/trello"),
    ];
    for (method, path) in &routes {
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("x-moz", "prefetch"),
        ] {
            let request = Request::builder().method(method).uri(*path).header(name, value);
            let page = owner.send(request, Body::empty()).await;
            assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{method} {path}");
            assert_eq!(page.header("cache-control"), "no-store", "{method} {path}");
            assert_eq!(page.header("set-cookie"), "", "{method} {path}");
        }
        if *method == Method::GET {
            let page = owner.send(Request::head(*path), Body::empty()).await;
            assert_eq!(page.status, StatusCode::NO_CONTENT, "HEAD {path}");
            assert_eq!(page.header("cache-control"), "no-store", "HEAD {path}");
        }
    }
    assert!(bench.told().await.is_empty(), "no attempt has heard of it");
    let handshake = bench.app.store.handshake(code_id).await.expect("a store");
    assert_eq!(
        handshake.expect("there").opened_at,
        None,
        "nobody owns the link yet"
    );
    assert!(
        owner
            .approve(&start)
            .await
            .location()
            .starts_with("/web/provider-connected/")
    );
    assert_eq!(
        owner.get(&callback).await.error(),
        "PRVD-1006",
        "its state was still unused"
    );
}

/// A GET of the API that does something is no more touched by HEAD.
#[tokio::test]
async fn head_makes_no_start_code() {
    let bench = Bench::new().await;
    let path = format!("/provider-auth-code?teamId={}", bench.team.id);
    let (status, _) = bench.call("HEAD", &path, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(bench.app.store.next_expiry().await.expect("a store"), None);
}

#[tokio::test]
async fn a_state_that_cannot_be_read_ends_nothing() {
    let bench = Bench::new().await;
    let (code_id, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    let code = ("code", "good");
    let foreign = state.replacen("local!", "other!", 1);
    let tampered = format!(
        "{}{}",
        &state[..state.len() - 2],
        if state.ends_with("AA") { "BB" } else { "AA" }
    );
    for bad in [
        "",
        "junk",
        "local!a.b.c",
        &foreign,
        &tampered,
        &format!("{state}!x!y"),
    ] {
        let page = browser.come_back("github", &[code, ("state", bad)]).await;
        assert_eq!(page.error(), "AUTH-1002", "{bad}");
    }
    assert_eq!(browser.come_back("github", &[code]).await.error(), "AUTH-1002");
    let start_code = start.split_once("code=").expect("a code").1;
    let as_state = format!("local!{start_code}");
    assert_eq!(
        browser
            .come_back("github", &[code, ("state", &as_state)])
            .await
            .error(),
        "AUTH-1002"
    );
    assert!(bench.told().await.is_empty());
    let handshake = bench
        .app
        .store
        .handshake(code_id)
        .await
        .expect("a store")
        .expect("there");
    assert_eq!(handshake.end, None);
}

#[tokio::test]
async fn a_state_of_another_service_is_not_ours() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("trello").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    let page = browser
        .come_back("github", &[("code", "good"), ("state", &state)])
        .await;
    assert_eq!(page.error(), "AUTH-1002");
    assert!(bench.told().await.is_empty());
}

#[tokio::test]
async fn an_expired_state_is_refused_with_auth_1005() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    bench.app.clock.advance(Duration::from_mins(5));
    let page = browser
        .come_back("github", &[("code", "good"), ("state", &state)])
        .await;
    assert_eq!(page.error(), "AUTH-1005");
    assert!(bench.tell(|third| third.exchanges.is_empty()));
}

#[tokio::test]
async fn repeated_and_differently_cased_parameters_are_a_bad_request() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    for extra in [
        ("state", state.as_str()),
        ("State", "x"),
        ("code", "good"),
        ("CODE", "x"),
    ] {
        let page = browser
            .come_back("github", &[("code", "good"), ("state", &state), extra])
            .await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{extra:?}");
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(!page.body.contains(&state));
    }
    assert!(bench.told().await.is_empty());
}

#[tokio::test]
async fn a_link_that_is_first_opened_late_is_dead_and_its_attempt_goes_on() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("github").await;
    bench.app.clock.advance(Duration::from_secs(121));
    for _ in 0..2 {
        assert_eq!(bench.browser().get(&start).await.error(), "AUTH-1005");
    }
    assert!(bench.ends().await.is_empty());
    let (_, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    browser.open(&start).await;
    bench.app.clock.advance(Duration::from_secs(121));
    browser.open(&start).await;
}

#[tokio::test]
async fn a_link_is_dead_once_its_handshake_has_failed() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let (first, second) = (browser.state(&start).await, browser.state(&start).await);
    browser
        .come_back("github", &[("error", "access_denied"), ("state", &first)])
        .await;
    assert_eq!(browser.get(&start).await.error(), "AUTH-1002");
    let late = browser
        .come_back("github", &[("code", "good"), ("state", &second)])
        .await;
    assert_eq!(late.error(), "AUTH-1002");
    assert_eq!(bench.ends().await.len(), 1);
}

#[tokio::test]
async fn services_that_are_not_offered_are_told_apart() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("nope").await;
    assert_eq!(bench.browser().get(&start).await.error(), "PRVD-1000");
    let page = bench
        .browser()
        .come_back("nope", &[("code", "c"), ("state", "s")])
        .await;
    assert_eq!(page.error(), "PRVD-1000");
}

#[tokio::test]
async fn start_codes_that_are_not_ours_are_refused() {
    let bench = Bench::new().await;
    let (code_id, start) = bench.press_connect("github").await;
    let browser = bench.browser();
    let state = browser.state(&start).await;
    let jwt = state.split_once('!').expect("a state").1;
    for bad in ["junk", "a.b.c", jwt] {
        let page = browser
            .get(&format!("/web/provider-auth/github?code={bad}"))
            .await;
        assert_eq!(page.error(), "AUTH-1002", "{bad}");
    }
    assert_eq!(
        browser.get("/web/provider-auth/github").await.error(),
        "RAPI-1001"
    );
    let handshake = bench
        .app
        .store
        .handshake(code_id)
        .await
        .expect("a store")
        .expect("there");
    let unknown = Handshake {
        code_id: CodeId(bench.app.random.uuid()),
        ..handshake
    };
    let code = issue_start_code(&bench.app.keys.signer, &unknown);
    let page = browser
        .get(&format!("/web/provider-auth/github?code={}", code.expose()))
        .await;
    assert_eq!(page.error(), "AUTH-1002");
}

#[tokio::test]
async fn a_failure_is_kept_with_its_handshake() {
    let (bench, code_id, _) = refused(|_| {}, &[("error", "access_denied")]).await;
    let handshake = bench
        .app
        .store
        .handshake(code_id)
        .await
        .expect("a store")
        .expect("there");
    assert!(matches!(handshake.end, Some(End::Failed(_))), "{handshake:?}");
}

#[tokio::test]
async fn one_address_comes_back_only_so_often() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let peer = |last: u8| ConnectInfo(SocketAddr::from(([10, 0, 0, last], 5)));
    let request = |last| Request::get("/no-auth/provider-token/github?state=x").extension(peer(last));
    let mut limited = None;
    for _ in 0..200 {
        let page = browser.send(request(1), Body::empty()).await;
        if page.status == StatusCode::TOO_MANY_REQUESTS {
            limited = Some(page);
            break;
        }
    }
    assert_eq!(limited.expect("limited").header("retry-after"), "1");
    let other = browser.send(request(2), Body::empty()).await;
    assert_eq!(other.error(), "AUTH-1002");
}
