use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Entra, TENANT};
use crate::sandbox::msteams::Graph;
use crate::sandbox::testing::{Answer, Bench, CALLBACK};

const TOKEN: &str = "organizations/oauth2/v2.0/token";
const SCOPE: &str = "User.Read offline_access openid profile email";

fn bench() -> Bench<Entra<Graph>> {
    Bench::with_pkce(
        "organizations/oauth2/v2.0/authorize",
        &[("response_type", "code"), ("scope", SCOPE)],
    )
    .tokens_at(TOKEN)
}

fn claims(answer: &Answer) -> Value {
    let token = answer.value("id_token");
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON")
}

#[tokio::test]
async fn a_code_gives_tokens_and_the_claims_of_the_person() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let tokens = bench.exchange(&code, &[]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    assert_eq!(tokens.json()["expires_in"], 3599);
    assert!(!tokens.value("refresh_token").is_empty());
    let claims = claims(&tokens);
    assert_eq!(
        (&claims["tid"], &claims["preferred_username"]),
        (&json!(TENANT), &json!("mona@example.com"))
    );
    assert_eq!(
        (&claims["email"], &claims["xms_edov"]),
        (&json!("mona@example.com"), &json!(true))
    );
    let code = bench.code_of("newton").await;
    let tokens = bench.exchange(&code, &[]).await;
    assert_eq!(self::claims(&tokens)["xms_edov"], false);
}

#[tokio::test]
async fn a_refresh_token_and_an_id_token_come_with_their_scopes_alone() {
    let mut bench = bench();
    bench.request.insert("scope", "User.Read".to_owned());
    let code = bench.code_of("mona").await;
    let tokens = bench.exchange(&code, &[]).await.json();
    assert!(
        tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none(),
        "{tokens}"
    );
}

#[tokio::test]
async fn declining_and_an_administrators_wall_are_told_apart_by_their_number() {
    let mut bench = bench();
    let declined = bench.decided("mona", "deny").await;
    assert_eq!(declined["error"], "access_denied");
    assert!(declined["error_description"].starts_with("AADSTS65004"));
    let walled = bench.decided("otto", "approve").await;
    assert_eq!(walled["error"], "access_denied");
    assert!(walled["error_description"].starts_with("AADSTS90094"));
    assert!(!walled.contains_key("code"));
}

#[tokio::test]
async fn an_unknown_app_or_callback_is_an_ordinary_page() {
    let mut bench = bench();
    for change in [
        ("client_id", Some("nobody")),
        ("redirect_uri", Some("https://evil.test/")),
        ("redirect_uri", None),
    ] {
        let answer = bench.authorize(&[change]).await;
        assert_eq!(answer.status, StatusCode::OK, "{change:?}");
        assert!(answer.text.contains("AADSTS"), "{change:?}");
    }
    bench.faults.set_require_https(true);
    assert!(bench.authorize(&[]).await.text.contains("AADSTS50011"));
}

#[tokio::test]
async fn what_else_is_wrong_is_told_to_the_app() {
    let mut bench = bench();
    for (change, error) in [
        (("response_type", Some("token")), "invalid_request"),
        (("scope", Some("User.Read Mail.Read")), "invalid_scope"),
        (("scope", None), "invalid_scope"),
        (("code_challenge", Some("short")), "invalid_request"),
    ] {
        assert_eq!(bench.refused(&[change]).await["error"], error, "{change:?}");
    }
}

#[tokio::test]
async fn an_exchange_is_refused_with_its_number() {
    for (change, status, error, number) in [
        (("client_secret", "wrong"), 401, "invalid_client", 7_000_215),
        (("client_secret", ""), 401, "invalid_client", 7_000_218),
        (("code", "wrong"), 400, "invalid_grant", 9_002_313),
        (
            ("redirect_uri", "http://127.0.0.1/x"),
            400,
            "invalid_grant",
            500_112,
        ),
        (("redirect_uri", ""), 400, "invalid_grant", 500_112),
        (("code_verifier", "x"), 400, "invalid_grant", 501_481),
        (("grant_type", "password"), 400, "unsupported_grant_type", 70_003),
    ] {
        let mut bench = bench();
        let code = bench.code_of("mona").await;
        let answer = bench.exchange(&code, &[change]).await;
        let body = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &body["error"]),
            (status, &json!(error)),
            "{change:?}"
        );
        assert_eq!(body["error_codes"], json!([number]), "{change:?}");
        assert!(
            answer
                .value("error_description")
                .starts_with(&format!("AADSTS{number}: "))
        );
    }
}

#[tokio::test]
async fn the_secret_may_come_by_basic_and_never_from_a_page() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let basic = format!("Basic {}", STANDARD.encode("app-1:hush"));
    let verifier = bench.verifier.expose().to_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", &verifier),
    ];
    let answer = bench
        .caller
        .post(TOKEN, &[("authorization", &basic)], &fields)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let from_page = [
        ("client_id", "app-1"),
        ("client_secret", "hush"),
        ("grant_type", "refresh_token"),
    ];
    let answer = bench
        .caller
        .post(TOKEN, &[("origin", "https://app.test")], &from_page)
        .await;
    assert_eq!(answer.json()["error_codes"], json!([90_023]));
}

#[tokio::test]
async fn only_a_form_is_read() {
    bench().reads_a_form_alone().await;
}

#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    assert_eq!(bench.exchange(&code, &[]).await.status, StatusCode::OK);
    assert_eq!(
        bench.exchange(&code, &[]).await.json()["error_codes"],
        json!([54_005])
    );
    let code = bench.code_of("mona").await;
    bench.clock.advance(Duration::from_mins(10));
    assert_eq!(
        bench.exchange(&code, &[]).await.json()["error_codes"],
        json!([70_008])
    );
}

#[tokio::test]
async fn a_refresh_gives_a_new_token_and_the_old_one_stays_good() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let first = bench.exchange(&code, &[]).await.value("refresh_token");
    let second = bench.refresh(&first).await.value("refresh_token");
    assert!(!second.is_empty() && second != first);
    bench.clock.advance(Duration::from_hours(24));
    assert_eq!(bench.refresh(&first).await.status, StatusCode::OK);
    assert_eq!(
        bench.refresh("nothing").await.json()["error_codes"],
        json!([700_082])
    );
}
