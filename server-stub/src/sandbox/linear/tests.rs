use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Workspaces;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::testing::{Answer, Bench, STRANGERS};

const TOKEN: &str = "api/oauth/token";
const REVOKE: &str = "api/oauth/revoke";
const GRAPHQL: &str = "api/graphql";
const WHO: &str = "{ viewer { id name displayName email } organization { urlKey } }";

fn bench() -> Bench<Workspaces> {
    Bench::with_pkce(
        "oauth/authorize",
        &[("response_type", "code"), ("scope", "read,issues:create")],
    )
    .tokens_at(TOKEN)
}

async fn ask(bench: &mut Bench<Workspaces>, token: &str, query: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    let body = json!({ "query": query }).to_string();
    bench.caller.send(Method::POST, GRAPHQL, &headers, body).await
}

async fn revoke(bench: &mut Bench<Workspaces>, token: &str) -> StatusCode {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer)];
    bench
        .caller
        .send(Method::POST, REVOKE, &headers, String::new())
        .await
        .status
}

fn code(answer: &Answer) -> Value {
    answer.json()["errors"][0]["extensions"]["code"].clone()
}

#[tokio::test]
async fn a_code_gives_a_pair_whose_scopes_are_separated_by_spaces() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let body = bench.exchange(&code, &[]).await.json();
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&json!("Bearer"), &json!(86_399), &json!("read issues:create"))
    );
    let token = body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(
        ask(&mut bench, &token, WHO).await.json()["data"],
        json!({
            "viewer": {
                "id": "00000000-0000-4000-8000-000000001001",
                "name": "Mona Lisa",
                "displayName": "mona",
                "email": "mona@example.com",
            },
            "organization": {"urlKey": "acme"},
        })
    );
}

#[tokio::test]
async fn reading_is_always_allowed() {
    let mut bench = bench();
    bench.request.insert("scope", "issues:create".to_owned());
    let code = bench.code_of("mona").await;
    let tokens = bench.exchange(&code, &[]).await;
    assert_eq!(tokens.value("scope"), "read issues:create");
}

#[tokio::test]
async fn consent_is_asked_for_again_when_the_app_wants_it() {
    let mut bench = bench();
    assert!(bench.decided("mona", "approve").await.contains_key("code"));
    let silent = bench.authorize(&[]).await;
    assert_eq!(silent.status, StatusCode::FOUND);
    let page = bench.authorize(&[("prompt", Some("consent"))]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Mona Lisa (mona)"), "{}", page.text);
}

#[tokio::test]
async fn declining_goes_back_with_the_state() {
    bench().hears_of_a_denial().await;
}

#[tokio::test]
async fn an_unknown_app_or_callback_is_a_page_and_never_a_redirect() {
    bench()
        .sends_nobody_to_strangers(STRANGERS, StatusCode::BAD_REQUEST)
        .await;
}

#[tokio::test]
async fn what_else_is_wrong_is_told_to_the_app() {
    let mut bench = bench();
    for (change, error) in [
        (("response_type", Some("token")), "invalid_request"),
        (("scope", Some("read,everything")), "invalid_scope"),
        // Spaces separate nothing.
        (("scope", Some("read issues:create")), "invalid_scope"),
        (("scope", None), "invalid_scope"),
        (("code_challenge_method", Some("S512")), "invalid_request"),
        (("code_challenge", Some("short")), "invalid_request"),
    ] {
        assert_eq!(bench.refused(&[change]).await["error"], error, "{change:?}");
    }
}

#[tokio::test]
async fn an_exchange_is_refused_for_whatever_is_wrong_with_it() {
    let other = "other".repeat(10);
    let refusals = bench()
        .refuses_exchanges(&[
            (("client_secret", "wrong"), 401, "invalid_client"),
            (("client_id", "nobody"), 401, "invalid_client"),
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
        assert!(refusal.value("error_description").ends_with('.'));
    }
}

#[tokio::test]
async fn a_verifier_stands_in_for_the_secret_at_an_exchange_and_not_at_a_refresh() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let tokens = bench.exchange(&code, &[("client_secret", "")]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    let token = tokens.value("refresh_token");
    let fields = [
        ("client_id", "app-1"),
        ("grant_type", "refresh_token"),
        ("refresh_token", &*token),
    ];
    let answer = bench.caller.post(TOKEN, &[], &fields).await;
    assert_eq!(answer.value("error"), "invalid_client");
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
async fn a_refresh_rotates_and_using_the_old_token_again_ends_the_grant() {
    let mut bench = bench();
    let (_, first) = bench.pair("mona").await;
    let second = bench.refresh(&first).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    assert_ne!(second.value("refresh_token"), first);
    let access = second.value("access_token");
    assert_eq!(ask(&mut bench, &access, WHO).await.status, StatusCode::OK);
    assert_eq!(bench.refresh(&first).await.value("error"), "invalid_grant");
    assert_eq!(
        ask(&mut bench, &access, WHO).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_refused_token_is_an_error_of_graphql() {
    let mut bench = bench();
    let (access, token) = bench.pair("mona").await;
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    for token in [&*access, "nothing"] {
        let answer = ask(&mut bench, token, WHO).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(code(&answer), "AUTHENTICATION_ERROR");
    }
    assert_eq!(bench.refresh(&token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_query_that_does_not_fit_is_refused() {
    let mut bench = bench();
    let (access, _) = bench.pair("mona").await;
    for query in ["{ viewer { password } }", "{ viewer }", ""] {
        let answer = ask(&mut bench, &access, query).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(code(&answer), "GRAPHQL_VALIDATION_FAILED", "{query}");
    }
    let bearer = format!("Bearer {access}");
    let form = bench
        .caller
        .post(GRAPHQL, &[("authorization", &bearer)], &[("query", WHO)])
        .await;
    assert_eq!(form.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_revoked_pair_is_gone() {
    let mut bench = bench();
    let (access, token) = bench.pair("mona").await;
    assert_eq!(revoke(&mut bench, "nothing").await, StatusCode::UNAUTHORIZED);
    assert_eq!(revoke(&mut bench, &access).await, StatusCode::OK);
    assert_eq!(
        ask(&mut bench, &access, WHO).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(bench.refresh(&token).await.value("error"), "invalid_grant");
    let again = bench.caller.post(REVOKE, &[], &[("refresh_token", &token)]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    let (access, token) = bench.pair("mona").await;
    let named = bench.caller.post(REVOKE, &[], &[("refresh_token", &token)]).await;
    assert_eq!(named.status, StatusCode::OK);
    assert_eq!(
        ask(&mut bench, &access, WHO).await.status,
        StatusCode::UNAUTHORIZED
    );
}
