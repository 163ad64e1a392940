use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Login;
use super::api::key_of;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::people::PEOPLE;
use crate::sandbox::testing::{Answer, Bench, CALLBACK};

const TOKENS: &str = "api/v1/tokens";
const REFRESH: &str = "api/v1/tokens/refresh";

fn bench() -> Bench<Login> {
    Bench::new(
        "login",
        &[
            ("return_to", &format!("{CALLBACK}/jti-1")),
            ("response_mode", "code"),
            ("scheme", "codestream"),
            ("force_login", "true"),
        ],
    )
}

async fn code(bench: &mut Bench<Login>) -> String {
    let back = bench.decided("mona", "approve").await;
    assert!(!back.contains_key("state"), "there is none: {back:?}");
    back["auth_code"].clone()
}

fn exchange(code: &str) -> Value {
    json!({"client_id": "app-1", "client_secret": "hush", "auth_code": code})
}

async fn who(bench: &mut Bench<Login>, header: (&str, &str)) -> Answer {
    bench
        .caller
        .post_json(
            "api/graphql",
            &[header],
            &json!({"query": "{ actor { user { id } } }"}),
        )
        .await
}

#[tokio::test]
async fn a_code_comes_back_on_the_return_path_and_gives_an_id_token() {
    let mut bench = bench();
    let code = code(&mut bench).await;
    let tokens = bench.caller.post_json(TOKENS, &[], &exchange(&code)).await.json();
    assert_eq!(tokens["expires_in"], 3600);
    let token = tokens["id_token"].as_str().expect("a token").to_owned();
    let who = who(&mut bench, ("x-id-token", &token)).await.json();
    assert_eq!(who["data"]["actor"]["user"]["email"], "mona@example.com");
}

#[tokio::test]
async fn a_users_own_key_is_read_and_authorization_is_not() {
    let mut bench = bench();
    let key = key_of(&PEOPLE[0]);
    assert_eq!(who(&mut bench, ("api-key", &key)).await.status, StatusCode::OK);
    for (name, value) in [
        ("authorization", format!("Bearer {key}")),
        ("api-key", "NRAK-NOBODY".into()),
    ] {
        let refused = who(&mut bench, (name, &value)).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            refused.json()["errors"][0]["extensions"]["error_code"],
            "BAD_API_KEY"
        );
    }
}

#[tokio::test]
async fn every_refusal_of_a_sign_in_is_a_page() {
    let mut bench = bench();
    for change in [
        ("client_id", Some("nobody")),
        ("return_to", Some("https://evil.test/")),
        ("return_to", None),
        ("response_mode", Some("query")),
        ("scheme", None),
    ] {
        assert_eq!(
            bench.authorize(&[change]).await.status,
            StatusCode::BAD_REQUEST,
            "{change:?}"
        );
    }
    bench.faults.set_require_https(true);
    assert_eq!(bench.authorize(&[]).await.status, StatusCode::BAD_REQUEST);
    let mut bench = self::bench();
    let page = bench.authorize(&[]).await;
    assert_eq!(
        bench.caller.decide(&page, "mona", "deny").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn an_exchange_is_refused_in_text() {
    for (change, status) in [(("client_secret", "wrong"), 401), (("auth_code", "wrong"), 401)] {
        let mut bench = bench();
        let code = code(&mut bench).await;
        let mut body = exchange(&code);
        body[change.0] = change.1.into();
        let answer = bench.caller.post_json(TOKENS, &[], &body).await;
        assert_eq!(answer.status.as_u16(), status, "{change:?}");
        assert!(serde_json::from_str::<Value>(&answer.text).is_err());
    }
    let mut bench = bench();
    let code = code(&mut bench).await;
    let form = [
        ("client_id", "app-1"),
        ("client_secret", "hush"),
        ("auth_code", code.as_str()),
    ];
    let answer = bench.caller.post(TOKENS, &[], &form).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        bench.caller.post_json(TOKENS, &[], &exchange(&code)).await.status,
        StatusCode::OK
    );
    assert_eq!(
        bench.caller.post_json(TOKENS, &[], &exchange(&code)).await.status,
        StatusCode::UNAUTHORIZED
    );
    let code = self::code(&mut bench).await;
    bench.clock.advance(Duration::from_mins(5));
    assert_eq!(
        bench.caller.post_json(TOKENS, &[], &exchange(&code)).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_an_expired_token_is_none() {
    let mut bench = bench();
    let code = code(&mut bench).await;
    let tokens = bench.caller.post_json(TOKENS, &[], &exchange(&code)).await.json();
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    let token = tokens["id_token"].as_str().expect("a token").to_owned();
    assert_eq!(
        who(&mut bench, ("x-id-token", &token)).await.status,
        StatusCode::UNAUTHORIZED
    );
    let body =
        json!({"client_id": "app-1", "client_secret": "hush", "refresh_token": tokens["refresh_token"]});
    let renewed = bench.caller.post_json(REFRESH, &[], &body).await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.text);
    assert_ne!(renewed.json()["refresh_token"], tokens["refresh_token"]);
    assert_eq!(
        bench.caller.post_json(REFRESH, &[], &body).await.json()["error"],
        "invalid_grant"
    );
}
