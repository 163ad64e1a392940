//! Sign-ups and sign-ins.

use codestream_protocol::ServerCode;
use codestream_protocol::http::SignupStatus;
use serde_json::json;

use super::bench::{Bench, SignUp, Third, account_key, json_answer};
use crate::store::{Grant, SignUpStatus};

async fn granted(bench: &Bench, sign_up: &SignUp) -> Grant {
    match bench.poll(sign_up).await {
        SignUpStatus::Granted(grant) => *grant,
        other => panic!("not granted: {other:?}"),
    }
}

#[tokio::test]
async fn somebody_new_is_signed_up_with_the_verified_primary_address() {
    let bench = Bench::new().await;
    let sign_up = bench.press_sign_up();
    assert_eq!(bench.poll(&sign_up).await, SignUpStatus::Unknown);
    let browser = bench.browser();
    let start = sign_up.start("github", "");
    let state = browser.state(&start).await;
    assert_eq!(bench.poll(&sign_up).await, SignUpStatus::Pending { note: None });
    let landed = browser
        .come_back("github", &[("code", "good"), ("state", &state)])
        .await;
    assert!(
        landed
            .location()
            .starts_with("/web/provider-auth-complete/github?id=")
    );

    let grant = granted(&bench, &sign_up).await;
    assert_eq!(grant.status, SignupStatus::TeamCreated);
    assert_eq!(grant.user.email, "mona@example.com");
    assert_eq!(grant.user.full_name, "Mona");
    let key = account_key(&grant.user.id, &grant.user.team_ids[0], "github");
    let account = bench
        .app
        .store
        .account(&key)
        .await
        .expect("a store")
        .expect("connected too");
    assert_eq!(account.access_token.expect("a token").expose(), "gho_1");
    let page = browser.get(landed.location()).await;
    for shown in ["You are signed in", "octocat", "mona@example.com", "IDEA", "box"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let other = SignUp {
        verifier: bench.press_sign_up().verifier,
        ..sign_up
    };
    assert_eq!(
        bench.poll(&other).await,
        SignUpStatus::Unknown,
        "another verifier learns nothing"
    );
}

#[tokio::test]
async fn somebody_known_is_signed_in_whatever_became_of_login_and_address() {
    let bench = Bench::new().await;
    let first = bench.press_sign_up();
    bench.browser().approve(&first.start("github", "")).await;
    let user = granted(&bench, &first).await.user.id;
    bench.tell(|third| {
        third.user.1["login"] = "renamed".into();
        third.emails = json!([{ "email": "new@example.com", "primary": true, "verified": false }]);
    });
    let second = bench.press_sign_up();
    bench
        .browser()
        .approve(&second.start("github", "&noSignup=1"))
        .await;
    let grant = granted(&bench, &second).await;
    assert_eq!((grant.status, grant.user.id), (SignupStatus::SignedIn, user));
}

#[tokio::test]
async fn whoever_takes_over_a_login_is_somebody_else() {
    let bench = Bench::new().await;
    let first = bench.press_sign_up();
    bench.browser().approve(&first.start("github", "")).await;
    let user = granted(&bench, &first).await.user.id;
    let (code, _) = refused(&bench, "", |third| third.user.1["id"] = 7.into()).await;
    assert_eq!(code, ServerCode::AlreadyRegistered, "the address is another's");
    bench.tell(|third| third.emails = primary("new@example.com", true));
    let second = bench.press_sign_up();
    bench.browser().approve(&second.start("github", "")).await;
    let grant = granted(&bench, &second).await;
    assert_eq!(grant.status, SignupStatus::TeamCreated);
    assert_ne!(grant.user.id, user);
}

/// A sign-in that is refused: its code, on the error page and for the poll alike.
async fn refused(bench: &Bench, rest: &str, change: impl FnOnce(&mut Third)) -> (ServerCode, String) {
    bench.tell(change);
    let sign_up = bench.press_sign_up();
    let landed = bench.browser().approve(&sign_up.start("github", rest)).await;
    match bench.poll(&sign_up).await {
        SignUpStatus::Failed(failure) => {
            assert_eq!(landed.error(), failure.code.as_str());
            assert_eq!(failure.step, "identity");
            (failure.code, format!("{} {}", failure.message, landed.location()))
        }
        other => panic!("not refused: {other:?}"),
    }
}

fn primary(email: &str, verified: bool) -> serde_json::Value {
    json!([{ "email": email, "primary": true, "verified": verified }])
}

#[tokio::test]
async fn an_unverified_address_is_refused_in_words() {
    let bench = Bench::new().await;
    let (code, told) = refused(&bench, "", |third| third.emails = primary("x@example.com", false)).await;
    assert_eq!(code, ServerCode::EmailUnverified);
    assert!(told.contains("Verify it at GitHub"), "{told}");
    assert!(
        bench
            .app
            .store
            .user_by_email("x@example.com")
            .await
            .expect("a store")
            .is_none()
    );
    bench.until(|third| third.revoked == ["gho_1"]).await;
}

#[tokio::test]
async fn an_account_without_a_primary_address_is_refused() {
    let bench = Bench::new().await;
    let (code, _) = refused(&bench, "", |third| third.emails = json!([])).await;
    assert_eq!(code, ServerCode::EmailUnverified);
}

#[tokio::test]
async fn a_registered_address_names_the_service_it_was_signed_up_with() {
    let bench = Bench::new().await;
    let (code, told) = refused(&bench, "", |third| {
        third.emails = primary("ADA@example.com", true);
    })
    .await;
    assert_eq!(code, ServerCode::AlreadyRegistered);
    assert!(
        told.contains("Sign in with Trello, then connect GitHub"),
        "{told}"
    );
    assert!(told.contains("&with=trello"), "{told}");
}

#[tokio::test]
async fn nobody_is_made_by_a_sign_in_only() {
    let bench = Bench::new().await;
    let (code, _) = refused(&bench, "&noSignup=1", |_| {}).await;
    assert_eq!(code, ServerCode::NoLoginUnregistered);
    assert!(
        bench
            .app
            .store
            .user_by_email("mona@example.com")
            .await
            .expect("a store")
            .is_none()
    );
}

#[tokio::test]
async fn a_service_that_cannot_prove_an_address_is_refused_before_the_browser_goes_there() {
    let bench = Bench::new().await;
    let sign_up = bench.press_sign_up();
    let page = bench.browser().get(&sign_up.start("trello", "")).await;
    assert_eq!(page.error(), "PRVD-1004");
    match bench.poll(&sign_up).await {
        SignUpStatus::Pending { note: Some(note) } => {
            assert!(note.contains("Trello cannot prove an e-mail address"), "{note}");
        }
        other => panic!("not told: {other:?}"),
    }
}

#[tokio::test]
async fn declining_a_sign_up_ends_its_poll() {
    let bench = Bench::new().await;
    let sign_up = bench.press_sign_up();
    let browser = bench.browser();
    let state = browser.state(&sign_up.start("github", "")).await;
    let page = browser
        .come_back("github", &[("error", "access_denied"), ("state", &state)])
        .await;
    assert_eq!(page.error(), "PRVD-1006");
    assert!(
        matches!(bench.poll(&sign_up).await, SignUpStatus::Failed(failure) if failure.code.as_str() == "PRVD-1006")
    );
}

#[tokio::test]
async fn two_tabs_of_one_sign_up_make_one_session() {
    let bench = Bench::new().await;
    let sign_up = bench.press_sign_up();
    let browser = bench.browser();
    let (one, two) = (
        browser.state(&sign_up.start("github", "")).await,
        browser.state(&sign_up.start("github", "")).await,
    );
    browser
        .come_back("github", &[("code", "good"), ("state", &one)])
        .await;
    let token = granted(&bench, &sign_up).await.token;
    bench.tell(|third| third.token = json_answer(200, &json!({ "access_token": "gho_2" })));
    let late = browser
        .come_back("github", &[("code", "good"), ("state", &two)])
        .await;
    assert!(
        late.location()
            .starts_with("/web/provider-auth-complete/github?id=")
    );
    assert_eq!(granted(&bench, &sign_up).await.token, token);
}

#[tokio::test]
async fn a_challenge_may_be_missing_only_where_that_is_allowed() {
    for (allowed, error) in [(false, Some("RAPI-1001")), (true, None)] {
        let bench = Bench::with(|config| config.allow_legacy_sign_up = allowed).await;
        let token = bench.press_sign_up().token;
        let start = format!("/web/provider-auth/github?signupToken={}", token.expose());
        let page = bench.browser().get(&start).await;
        match error {
            Some(code) => assert_eq!(page.error(), code),
            None => assert!(page.location().contains("/login/oauth/authorize?")),
        }
    }
}

/// A page for whoever opens, or still finishes, a link whose IDE has a newer one.
#[tokio::test]
async fn a_withdrawn_link_says_that_it_was_replaced_and_grants_nothing() {
    let bench = Bench::new().await;
    let browser = bench.browser();
    let sign_up = bench.press_sign_up();
    let start = sign_up.start("github", "");
    let state = browser.state(&start).await;
    let withdraw = async |verifier: &str| {
        let body = serde_json::json!({ "token": sign_up.token.expose(), "codeVerifier": verifier });
        bench.call("PUT", "/no-auth/withdraw-signup", Some(body)).await
    };
    withdraw(&"x".repeat(43)).await;
    assert_eq!(
        bench.poll(&sign_up).await,
        SignUpStatus::Pending { note: None },
        "another verifier's"
    );
    let (status, body) = withdraw(sign_up.verifier.expose()).await;
    assert_eq!((status.as_u16(), body), (200, serde_json::json!({})));
    let landed = browser
        .come_back("github", &[("code", "good"), ("state", &state)])
        .await;
    assert_eq!(landed.error(), "AUTH-1020");
    assert_eq!(browser.get(&start).await.error(), "AUTH-1020");
    let page = browser.get(landed.location()).await;
    assert!(page.body.contains("replaced by a newer one"), "{}", page.body);
    assert!(bench.tell(|third| third.exchanges.is_empty()));
}
