use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::Asanas;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::testing::{Answer, Bench, CALLBACK, STRANGERS};

const TOKEN: &str = "-/oauth_token";
const REVOKE: &str = "-/oauth_revoke";
const INFO: &str = "-/token_info";
const ME: &str = "api/1.0/users/me";
const USERINFO: &str = "api/1.0/openid_connect/userinfo";
const SCOPE: &str = "openid email profile users:read";

fn bench() -> Bench<Asanas> {
    Bench::with_pkce(
        "-/oauth_authorize",
        &[("response_type", "code"), ("scope", SCOPE)],
    )
    .tokens_at(TOKEN)
}

async fn revoke(bench: &mut Bench<Asanas>, secret: &str, token: &str) -> Answer {
    let fields = [
        ("client_id", "app-1"),
        ("client_secret", secret),
        ("token", token),
    ];
    bench.caller.post(REVOKE, &[], &fields).await
}

#[tokio::test]
async fn a_code_gives_a_pair_and_says_whose_it_is() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let body = bench.exchange(&code, &[]).await.json();
    assert_eq!(
        (&body["token_type"], &body["expires_in"]),
        (&json!("bearer"), &json!(3600))
    );
    assert_eq!(
        body["data"],
        json!({"id": 1_200_000_000_001_001_u64, "gid": "1200000000001001", "name": "Mona Lisa", "email": "mona@example.com"})
    );
    let token = body["access_token"].as_str().expect("a token").to_owned();
    let me = bench.get(ME, &token).await.json();
    assert_eq!(
        (&me["data"]["gid"], &me["data"]["name"]),
        (&json!("1200000000001001"), &json!("Mona Lisa"))
    );
    assert_eq!(me["data"]["workspaces"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn only_userinfo_says_whether_the_address_is_proven() {
    for (person, proven) in [("mona", true), ("newton", false)] {
        let mut bench = bench();
        let (access, _) = bench.pair(person).await;
        let info = bench.get(USERINFO, &access).await.json();
        assert_eq!(info["email"], format!("{person}@example.com"));
        assert_eq!(info["email_verified"], proven, "{person}");
    }
}

#[tokio::test]
async fn declining_goes_back_with_the_state() {
    bench().hears_of_a_denial().await;
}

#[tokio::test]
async fn an_unknown_app_or_callback_is_plain_text_and_never_a_redirect() {
    let said = bench()
        .sends_nobody_to_strangers(STRANGERS, StatusCode::BAD_REQUEST)
        .await;
    for answer in said {
        assert!(
            answer.header("content-type").starts_with("text/plain"),
            "{answer:?}"
        );
        assert!(answer.text.starts_with("invalid_request: "), "{}", answer.text);
    }
}

#[tokio::test]
async fn what_else_is_wrong_is_told_to_the_app() {
    let mut bench = bench();
    for (change, error) in [
        (("response_type", Some("token")), "unsupported_response_type"),
        (("state", None), "invalid_request"),
        (("scope", Some("openid tasks:delete")), "forbidden_scopes"),
        (("scope", None), "forbidden_scopes"),
        (("code_challenge_method", Some("plain")), "invalid_request"),
        (("code_challenge", Some("short")), "invalid_request"),
    ] {
        assert_eq!(bench.refused(&[change]).await["error"], error, "{change:?}");
    }
}

#[tokio::test]
async fn an_exchange_is_refused_with_a_code_alone() {
    let other = "other".repeat(10);
    let refusals = bench()
        .refuses_exchanges(&[
            (("client_secret", "wrong"), 400, "invalid_client"),
            (("client_id", "nobody"), 400, "invalid_client"),
            (("code", "wrong"), 400, "invalid_grant"),
            (
                ("redirect_uri", "http://127.0.0.1:12079/other"),
                400,
                "invalid_grant",
            ),
            (("redirect_uri", ""), 400, "invalid_grant"),
            (("code_verifier", other.as_str()), 400, "invalid_grant"),
            (("code_verifier", ""), 400, "invalid_grant"),
            (("grant_type", "password"), 400, "unsupported_grant_type"),
            (("grant_type", ""), 400, "invalid_request"),
        ])
        .await;
    for refusal in refusals {
        assert_eq!(refusal.json(), json!({ "error": refusal.value("error") }));
    }
}

#[tokio::test]
async fn the_apps_credentials_belong_into_the_body() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let verifier = bench.verifier.expose().to_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", &verifier),
    ];
    // app-1:hush
    let basic = [("authorization", "Basic YXBwLTE6aHVzaA==")];
    let answer = bench.caller.post(TOKEN, &basic, &fields).await;
    assert_eq!(answer.json(), json!({"error": "invalid_client"}));
}

#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes() {
    bench().refuses_old_codes("invalid_grant").await;
}

#[tokio::test]
async fn only_a_form_is_read() {
    bench().reads_a_form_alone().await;
}

#[tokio::test]
async fn a_refresh_names_no_refresh_token_and_the_old_one_stays_good() {
    let mut bench = bench();
    let (first, token) = bench.pair("mona").await;
    for _ in 0..2 {
        let answer = bench.refresh(&token).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(answer.json().get("refresh_token").is_none());
        let fresh = answer.value("access_token");
        assert_ne!(fresh, first);
        assert_eq!(bench.get(ME, &fresh).await.status, StatusCode::OK);
    }
    assert_eq!(
        bench.refresh("wrong").await.json(),
        json!({"error": "invalid_grant"})
    );
}

#[tokio::test]
async fn an_expired_token_is_told_apart_from_one_that_is_none() {
    let mut bench = bench();
    let (access, token) = bench.pair("mona").await;
    bench.clock.advance(Duration::from_hours(1));
    let message = |answer: &Answer| {
        let body = answer.json();
        body["errors"][0]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let expired = bench.get(ME, &access).await;
    assert_eq!(expired.status, StatusCode::UNAUTHORIZED);
    assert!(message(&expired).starts_with("The bearer token has expired."));
    let unknown = bench.get(USERINFO, "nothing").await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert_eq!(message(&unknown), "Not Authorized");
    assert_eq!(bench.refresh(&token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_a_refresh_token_is_revoked_and_its_access_tokens_with_it() {
    let mut bench = bench();
    let (access, token) = bench.pair("mona").await;
    assert_eq!(
        revoke(&mut bench, "wrong", &token).await.json(),
        json!({"error": "invalid_client"})
    );
    assert_eq!(
        revoke(&mut bench, "hush", &access).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(bench.get(ME, &access).await.status, StatusCode::OK);
    assert_eq!(revoke(&mut bench, "hush", &token).await.status, StatusCode::OK);
    assert_eq!(bench.get(ME, &access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.refresh(&token).await.value("error"), "invalid_grant");
    assert_eq!(revoke(&mut bench, "hush", "unknown").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_says_what_it_is_good_for() {
    let mut bench = bench();
    let (access, _) = bench.pair("mona").await;
    let info = bench.caller.post(INFO, &[], &[("token", &access)]).await.json();
    assert_eq!(
        (
            &info["active"],
            &info["scope"],
            &info["client_id"],
            &info["expires_in"]
        ),
        (&json!(true), &json!(SCOPE), &json!("app-1"), &json!(3600))
    );
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    let info = bench.caller.post(INFO, &[], &[("token", &access)]).await.json();
    assert_eq!(info, json!({"active": false}));
}

#[tokio::test]
async fn a_token_without_the_scope_is_refused() {
    let mut bench = bench();
    bench.request.insert("scope", "tasks:read".to_owned());
    let (access, _) = bench.pair("mona").await;
    for path in [ME, USERINFO] {
        assert_eq!(
            bench.get(path, &access).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let elsewhere = bench.get("api/1.0/nothing", &access).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
}
