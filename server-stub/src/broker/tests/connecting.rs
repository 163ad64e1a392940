//! Connects that end well.

use axum::http::{Request, StatusCode, header};
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::CodeVerifier;
use serde_json::json;
use url::Url;

use super::bench::{Bench, PUBLIC, eventually, json_answer, query};
use crate::store::{End, Identity};

#[tokio::test]
async fn an_approved_connect_is_stored_published_and_shown() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let (code_id, start) = bench.press_connect("github").await;
    let authorize = browser.open(&start).await;
    let asked = query(&authorize);
    let state = asked["state"].clone();
    let issuer = authorize.join("/sandbox/github/login/oauth").expect("a URL");

    let landed = browser
        .come_back(
            "github",
            &[("code", "good"), ("state", &state), ("iss", issuer.as_str())],
        )
        .await;
    assert_eq!(
        landed.location(),
        format!("/web/provider-connected/github?id={code_id}")
    );

    let (accept, form) = bench.tell(|third| third.exchanges.remove(0));
    assert_eq!(accept, "application/json");
    assert_eq!(form["code"], "good");
    assert_eq!(form["client_id"], "client");
    assert_eq!(form["client_secret"], "hush");
    assert_eq!(
        form["redirect_uri"],
        format!("{PUBLIC}/no-auth/provider-token/github")
    );
    let challenge = CodeChallenge::parse(&asked["code_challenge"]).expect("a challenge");
    assert!(challenge.matches(&CodeVerifier::new(form["code_verifier"].clone())));

    let account = bench
        .app
        .store
        .account(&bench.key("github"))
        .await
        .expect("a store")
        .expect("connected");
    assert_eq!(account.access_token.expect("a token").expose(), "gho_1");
    assert_eq!(account.who.as_deref(), Some("octocat"));
    let told = bench.told().await;
    assert_eq!(told.len(), 1, "one message for change and end: {told:?}");
    let path = format!("providerInfo.{}.github.accessToken", bench.team.id);
    assert_eq!(told[0]["user"]["$set"][path], "gho_1");
    assert_eq!(told[0]["attemptEnded"], json!({ "codeId": code_id }));
    let version = &told[0]["user"]["$version"];
    assert_eq!(version["before"], bench.user.version);
    assert_eq!(version["after"], bench.user.version + 1);

    let page = browser.get(landed.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    for shown in [
        "GitHub is connected",
        "octocat",
        "ada@example.com",
        "VS Code",
        "ada-laptop",
        "This was not me",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!page.body.contains("gho_1"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(!page.header("content-security-policy").contains("script-src"));
    let elsewhere = bench.browser().get(landed.location()).await;
    assert_eq!(elsewhere.status, StatusCode::OK);
    assert!(!elsewhere.body.contains("octocat") && !elsewhere.body.contains("ada@example.com"));
}

#[tokio::test]
async fn every_opening_mints_a_new_state_for_one_browser() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    let first = browser.get(&start).await;
    let cookie = first.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("cs-browser=") && cookie.contains("; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert!(
        cookie.contains("Max-Age=900") && !cookie.contains("Secure"),
        "{cookie}"
    );
    assert_eq!(first.header("cache-control"), "no-store");
    let second = browser.get(&start).await;
    assert_ne!(first.location(), second.location());
    assert_eq!(
        cookie,
        second.header("set-cookie"),
        "the browser keeps its cookie"
    );
    let alias = browser.get(&start.replace("/web/", "/no-auth/")).await;
    assert!(alias.location().contains("/login/oauth/authorize?"));
}

#[tokio::test]
async fn a_second_approval_of_one_connect_is_already_done() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let (code_id, start) = bench.press_connect("github").await;
    let (first, second) = (browser.state(&start).await, browser.state(&start).await);
    browser
        .come_back("github", &[("code", "good"), ("state", &first)])
        .await;
    let again = browser
        .come_back("github", &[("code", "good"), ("state", &second)])
        .await;
    let done = format!("/web/provider-connected/github?id={code_id}");
    assert_eq!(again.location(), done);
    assert_eq!(browser.get(&start).await.location(), done);
    assert_eq!(bench.told().await.len(), 1);
    assert_eq!(bench.tell(|third| third.exchanges.len()), 1);
}

#[tokio::test]
async fn a_browser_that_goes_away_does_not_strand_the_handshake() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    bench.tell(|third| third.gate = Some(gate.clone()));
    let (code_id, start) = bench.press_connect("github").await;
    let state = browser.state(&start).await;
    {
        let parameters = [("code", "good"), ("state", state.as_str())];
        let coming = browser.come_back("github", &parameters);
        tokio::select! {
            _ = coming => panic!("the exchange waits for the gate"),
            () = bench.until(|third| !third.exchanges.is_empty()) => {}
        }
    }
    gate.add_permits(1);
    eventually(async || {
        let handshake = bench.app.store.handshake(code_id).await.expect("a store");
        handshake.expect("there").end == Some(End::Done)
    })
    .await;
}

#[tokio::test]
async fn the_token_of_an_account_that_is_replaced_is_revoked() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    browser.approve(&start).await;
    bench.tell(|third| third.token = json_answer(200, &json!({ "access_token": "gho_2" })));
    let (_, start) = bench.press_connect("github").await;
    browser.approve(&start).await;
    bench.until(|third| third.revoked == ["gho_1"]).await;
    let account = bench
        .app
        .store
        .account(&bench.key("github"))
        .await
        .expect("a store")
        .expect("connected");
    assert_eq!(account.access_token.expect("a token").expose(), "gho_2");
}

#[tokio::test]
async fn an_expiring_token_ends_five_seconds_early_and_its_refresh_token_stays_here() {
    let bench = Bench::new().await;
    let tokens = json!({ "access_token": "gho_1", "expires_in": 28_800, "refresh_token": "ghr_1" });
    bench.tell(|third| third.token = json_answer(200, &tokens));
    let browser = bench.browser();
    let (_, start) = bench.press_connect("github").await;
    browser.approve(&start).await;
    let account = bench
        .app
        .store
        .account(&bench.key("github"))
        .await
        .expect("a store")
        .expect("connected");
    let life = account.expires_at.expect("it ends").since(account.since);
    assert_eq!(life.as_secs(), 28_795);
    assert_eq!(account.refresh_token.expect("kept").expose(), "ghr_1");
    let told = serde_json::to_string(&bench.told().await).expect("JSON");
    assert!(!told.contains("ghr_1"), "{told}");
}

#[tokio::test]
async fn a_connect_is_no_way_to_sign_in() {
    let bench = Bench::new().await;
    let (_, start) = bench.press_connect("github").await;
    bench.browser().approve(&start).await;
    let identity = Identity {
        provider: "github".to_owned(),
        host: None,
        subject: "583231".to_owned(),
    };
    let found = bench
        .app
        .store
        .user_by_identity(&identity)
        .await
        .expect("a store");
    assert_eq!(found, None);
}

#[tokio::test]
async fn a_configured_success_page_is_where_the_browser_ends() {
    let bench =
        Bench::with(|config| config.success_url = Some("https://intranet.test/done".parse().expect("a URL")))
            .await;
    let (_, start) = bench.press_connect("github").await;
    let landed = bench.browser().approve(&start).await;
    assert_eq!(landed.location(), "https://intranet.test/done?provider=github");
}

#[tokio::test]
async fn a_visit_on_another_host_goes_to_the_public_one_before_its_cookie_is_looked_at() {
    let bench =
        Bench::with(|config| config.auth_origin = Some("http://auth.test".parse().expect("a URL"))).await;
    let browser = bench.browser();
    let request =
        |host: &str| Request::get("/no-auth/provider-token/github?code=c&state=s").header(header::HOST, host);
    let sent = browser
        .send(request("auth.test"), axum::body::Body::empty())
        .await;
    assert_eq!(
        sent.location(),
        format!("{PUBLIC}/no-auth/provider-token/github?code=c&state=s")
    );
    let here = browser.send(request("api.test"), axum::body::Body::empty()).await;
    assert_eq!(here.error(), "AUTH-1002");
    let start: Url = format!("{PUBLIC}/web/provider-auth/github?code=c")
        .parse()
        .expect("a URL");
    let request = Request::get(&start[url::Position::BeforePath..]).header(header::HOST, "127.0.0.1:9");
    let sent = browser.send(request, axum::body::Body::empty()).await;
    assert_eq!(sent.location(), format!("{start}&relayed=1"));
}
