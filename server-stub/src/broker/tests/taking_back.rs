//! *This was not me*.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};

use super::bench::{Bench, Browser, Page, account_key};
use crate::broker::undo::PATH;
use crate::store::{Identity, SignUpStatus};

async fn press(browser: &Browser<'_>, landed: &Page) -> Page {
    let (_, id) = landed.location().split_once("id=").expect("an id");
    browser.post_form(PATH, &format!("id={id}")).await
}

fn octocat() -> Identity {
    Identity {
        provider: "github".to_owned(),
        host: None,
        subject: "583231".to_owned(),
    }
}

#[tokio::test]
async fn a_connect_is_disconnected_and_revoked_once() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    let landed = browser.approve(&start).await;
    let page = press(&browser, &landed).await;
    assert!(
        page.body.contains("Undone") && page.body.contains("confirmed"),
        "{}",
        page.body
    );
    assert_eq!(bench.tell(|third| third.revoked.clone()), ["gho_1"]);
    let account = bench
        .app
        .store
        .account(&bench.key("github"))
        .await
        .expect("a store");
    assert_eq!(account, None);
    assert!(bench.told().await.last().expect("published")["user"]["$unset"].is_object());
    let again = press(&browser, &landed).await;
    assert_eq!(again.body, page.body, "pressed again, it is answered alike");
    assert_eq!(bench.tell(|third| third.revoked.len()), 1, "and done once");
    assert!(!browser.get(landed.location()).await.body.contains("octocat"));
}

#[tokio::test]
async fn a_double_press_is_done_once_and_answered_twice() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    let landed = browser.approve(&start).await;
    let (first, second) = tokio::join!(press(&browser, &landed), press(&browser, &landed));
    assert!(first.body.contains("Undone"), "{}", first.body);
    assert_eq!(first.body, second.body);
    assert_eq!(bench.tell(|third| third.revoked.len()), 1);
}

#[tokio::test]
async fn a_sign_in_loses_its_session_and_stays_a_way_to_sign_in() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let sign_up = bench.press_sign_up();
    let landed = browser.approve(&sign_up.start("github", "")).await;
    let SignUpStatus::Granted(grant) = bench.poll(&sign_up).await else {
        panic!("not granted");
    };
    assert_eq!(bench.user_of(&grant.token).await.as_ref(), Some(&grant.user.id));
    let page = press(&browser, &landed).await;
    assert!(page.body.contains("was signed out"), "{}", page.body);
    assert_eq!(bench.user_of(&grant.token).await, None);
    let key = account_key(&grant.user.id, &grant.user.team_ids[0], "github");
    assert_eq!(bench.app.store.account(&key).await.expect("a store"), None);
    let known = bench
        .app
        .store
        .user_by_identity(&octocat())
        .await
        .expect("a store");
    assert_eq!(known.expect("still known").id, grant.user.id);
}

#[tokio::test]
async fn only_the_browser_that_approved_can_take_it_back_and_only_for_ten_minutes() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    let landed = browser.approve(&start).await;
    assert!(press(&bench.browser(), &landed).await.body.contains("SWEB-1007"));
    let (_, id) = landed.location().split_once("id=").expect("an id");
    let foreign = Request::post(PATH)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, "http://evil.test");
    let page = browser.send(foreign, Body::from(format!("id={id}"))).await;
    assert!(page.body.contains("SWEB-1007"), "{}", page.body);
    bench.app.clock.advance(Duration::from_mins(10));
    assert!(press(&browser, &landed).await.body.contains("SWEB-1007"));
    assert!(bench.tell(|third| third.revoked.is_empty()));
}

#[tokio::test]
async fn a_service_that_does_not_confirm_is_named_with_its_page() {
    let bench = Bench::new().await;
    bench.tell(|third| third.revoke_status = 503);
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    let landed = browser.approve(&start).await;
    let page = press(&browser, &landed).await;
    assert!(
        page.body.contains("https://github.com/settings/applications"),
        "{}",
        page.body
    );
}
