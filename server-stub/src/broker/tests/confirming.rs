//! The question whether the IDE shows the same code.

use codestream_protocol::match_code;
use serde_json::json;

use super::bench::{Bench, Browser, Page};
use crate::broker::confirm::PATH;
use crate::config::ConfirmSignIn;

async fn asked() -> Bench {
    Bench::with(|config| config.confirm_sign_in = ConfirmSignIn::Always).await
}

async fn answer(browser: &Browser<'_>, landed: &Page, decision: &str) -> Page {
    let (_, id) = landed.location().split_once("id=").expect("an id");
    browser
        .post_form(PATH, &format!("id={id}&decision={decision}"))
        .await
}

#[tokio::test]
async fn nothing_is_exchanged_until_the_code_is_confirmed() {
    let bench = asked().await;
    let browser = bench.browser();
    let (code_id, start) = bench.press_connect("github").await;
    let landed = browser.approve(&start).await;
    assert_eq!(landed.location(), format!("{PATH}?id={code_id}"));
    let page = browser.get(landed.location()).await;
    for shown in [
        match_code::of_handshake(code_id).as_str(),
        "Connect to GitHub",
        "VS Code",
        "ada-laptop",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(bench.tell(|third| third.exchanges.is_empty()));
    let settled = answer(&browser, &landed, "confirm").await;
    assert!(
        settled
            .location()
            .starts_with("/web/provider-connected/github?id=")
    );
    // Pressed again, reloaded, another choice: all lead to what the first press led to.
    for choice in ["confirm", "confirm", "refuse"] {
        let again = answer(&browser, &landed, choice).await;
        assert_eq!(again.location(), settled.location(), "{choice}");
    }
    assert_eq!(
        browser.get(landed.location()).await.location(),
        settled.location()
    );
    assert_eq!(bench.tell(|third| third.exchanges.len()), 1);
    let stranger = bench.browser();
    assert!(stranger.get(landed.location()).await.body.contains("SWEB-1007"));
}

#[tokio::test]
async fn a_double_press_of_continue_exchanges_once_and_answers_twice() {
    let bench = asked().await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    bench.tell(|third| third.gate = Some(gate.clone()));
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    let landed = browser.approve(&start).await;
    let (first, second, ()) = tokio::join!(
        answer(&browser, &landed, "confirm"),
        answer(&browser, &landed, "confirm"),
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
async fn another_code_ends_the_attempt_and_nothing_is_exchanged() {
    let bench = asked().await;
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    let landed = browser.approve(&start).await;
    for choice in ["refuse", "refuse", "confirm"] {
        assert_eq!(
            answer(&browser, &landed, choice).await.error(),
            "PRVD-1006",
            "{choice}"
        );
    }
    assert_eq!(bench.ends().await[0].code.as_deref(), Some("PRVD-1006"));
    assert!(bench.tell(|third| third.exchanges.is_empty()));
}

#[tokio::test]
async fn a_sign_up_shows_the_code_of_its_challenge() {
    let bench = asked().await;
    let browser = bench.browser();
    let sign_up = bench.press_sign_up();
    let landed = browser.approve(&sign_up.start("github", "")).await;
    let page = browser.get(landed.location()).await;
    let code = match_code::of_challenge(&sign_up.verifier.challenge());
    assert!(
        page.body.contains(&code) && page.body.contains("Sign in with GitHub"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn a_posted_token_waits_too_and_another_browser_cannot_confirm() {
    let bench = asked().await;
    let browser = bench.browser();
    let (code_id, start) = bench.press_connect("trello").await;
    let state = browser.state(&start).await;
    let request = axum::http::Request::post("/no-auth/provider-token/trello")
        .header("origin", super::bench::PUBLIC)
        .header("content-type", "application/json");
    let body = json!({ "state": state, "token": "abc" }).to_string();
    let page = browser.send(request, body.into()).await;
    assert!(
        page.body.contains(&format!("{PATH}?id={code_id}")),
        "{}",
        page.body
    );
    assert!(!page.header("set-cookie").contains("abc"), "sealed");
    let form = format!("id={code_id}&decision=confirm");
    assert!(
        bench
            .browser()
            .post_form(PATH, &form)
            .await
            .body
            .contains("SWEB-1007")
    );
    let settled = browser.post_form(PATH, &form).await;
    assert!(
        settled
            .location()
            .starts_with("/web/provider-connected/trello?id=")
    );
}

#[tokio::test]
async fn declining_is_not_asked_about() {
    let bench = asked().await;
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    let state = browser.state(&start).await;
    let page = browser
        .come_back("github", &[("error", "access_denied"), ("state", &state)])
        .await;
    assert_eq!(page.error(), "PRVD-1006");
}
