//! A token in the fragment: the page that reads it, and the post that brings it.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use super::bench::{Bench, Browser, PUBLIC, Page};

const POST: &str = "/no-auth/provider-token/trello";

async fn post(browser: &Browser<'_>, origin: &str, body: impl Into<Body>) -> Page {
    let request = Request::post(POST)
        .header(header::ORIGIN, origin)
        .header(header::CONTENT_TYPE, "application/json");
    browser.send(request, body.into()).await
}

fn redirect(page: &Page) -> String {
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let answer: Value = serde_json::from_str(&page.body).expect("JSON");
    answer["redirect"].as_str().expect("a redirect").to_owned()
}

#[tokio::test]
async fn the_page_repeats_nothing_and_allows_our_static_script_alone() {
    let bench = Bench::new().await;
    let page = bench
        .browser()
        .get(&format!("{POST}?state=%3Cscript%3Ealert(1)%3C/script%3E"))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("alert(1)"));
    assert!(page.body.contains("<noscript>") && page.body.contains("/web/static/fragment.js"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'; connect-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(page.header("cache-control"), "no-store");
    let script = bench.browser().get("/web/static/fragment.js").await;
    assert!(script.header("content-type").starts_with("text/javascript"));
    let twice = bench.browser().get(&format!("{POST}?state=a&state=b")).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_posted_token_connects() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let (code_id, start) = bench.press_connect("trello").await;
    let state = browser.state(&start).await;
    let body = json!({ "state": state, "token": "ATTAf00" }).to_string();
    let page = post(&browser, PUBLIC, body).await;
    assert_eq!(
        redirect(&page),
        format!("/web/provider-connected/trello?id={code_id}")
    );
    let account = bench
        .app
        .store
        .account(&bench.key("trello"))
        .await
        .expect("a store")
        .expect("connected");
    assert_eq!(account.access_token.expect("a token").expose(), "ATTAf00");
    assert_eq!(account.data, json!({ "apiKey": "client" }));
    assert!(browser.get(&redirect(&page)).await.body.contains("mona"));
    assert_eq!(bench.ends().await[0].code, None);
}

#[tokio::test]
async fn what_the_fragment_says_else_is_told() {
    for (body, code) in [
        (json!({ "error": "Token request rejected" }), "PRVD-1006"),
        (json!({ "error": "no_token" }), "PRVD-1001"),
        (json!({ "token": "a\"b" }), "PRVD-1001"),
        (json!({ "token": "" }), "PRVD-1001"),
    ] {
        let bench = Bench::new().await;
        let browser = bench.browser();
        let (_, start) = bench.press_connect("trello").await;
        let mut body = body;
        body["state"] = browser.state(&start).await.into();
        let page = post(&browser, PUBLIC, body.to_string()).await;
        assert!(
            redirect(&page).starts_with(&format!("/web/error?code={code}&")),
            "{page:?}"
        );
        assert_eq!(bench.ends().await[0].code.as_deref(), Some(code));
    }
}

#[tokio::test]
async fn a_token_that_trello_does_not_know_is_refused() {
    let bench = Bench::new().await;
    bench.tell(|third| third.member = (401, json!("invalid token")));
    let browser = bench.browser();
    let (_, start) = bench.press_connect("trello").await;
    let state = browser.state(&start).await;
    let page = post(
        &browser,
        PUBLIC,
        json!({ "state": state, "token": "abc" }).to_string(),
    )
    .await;
    assert!(redirect(&page).contains("PRVD-1001"), "{page:?}");
}

#[tokio::test]
async fn only_our_page_may_post_and_only_little() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let (_, start) = bench.press_connect("trello").await;
    let state = browser.state(&start).await;
    let body = json!({ "state": state, "token": "abc" }).to_string();
    for origin in [
        "http://evil.test",
        "null",
        "http://api.test:81",
        "http://api.test.evil.test",
    ] {
        let page = post(&browser, origin, body.clone()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{origin}");
    }
    let none = browser.send(Request::post(POST), Body::from(body.clone())).await;
    assert_eq!(none.status, StatusCode::FORBIDDEN);
    let large = body.clone() + &" ".repeat(5000);
    let page = post(&browser, PUBLIC, large).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.body.contains("RAPI-1015"), "{page:?}");
    for junk in ["", "{", "[]", "{\"state\":1}", "null"] {
        let page = post(&browser, PUBLIC, junk).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{junk}");
        assert!(page.body.contains("RAPI-1005"), "{page:?}");
    }
    let unread = post(
        &browser,
        PUBLIC,
        json!({ "state": "junk", "token": "abc" }).to_string(),
    )
    .await;
    assert!(redirect(&unread).contains("AUTH-1002"));
    assert!(bench.told().await.is_empty(), "none of it ended the handshake");
}

#[tokio::test]
async fn a_service_with_an_exchange_takes_no_posted_token() {
    let bench = Bench::new().await;
    let request = Request::post("/no-auth/provider-token/github").header(header::ORIGIN, PUBLIC);
    let page = bench.browser().send(request, Body::from("{}")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn another_browser_cannot_post_the_token() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("trello").await;
    let state = bench.browser().state(&start).await;
    let body = json!({ "state": state, "token": "abc" }).to_string();
    let page = post(&bench.browser(), PUBLIC, body).await;
    assert!(redirect(&page).contains("RAPI-1009"), "{page:?}");
}
