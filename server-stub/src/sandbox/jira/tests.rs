use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Atlassian;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::testing::{Bench, CALLBACK};

const TOKEN: &str = "oauth/token";
const SCOPE: &str = "read:jira-work read:jira-user read:me offline_access";

fn bench() -> Bench<Atlassian> {
    Bench::new(
        "authorize",
        &[
            ("audience", "api.atlassian.com"),
            ("response_type", "code"),
            ("prompt", "consent"),
            ("scope", SCOPE),
        ],
    )
}

fn exchange(code: &str) -> Value {
    json!({
        "grant_type": "authorization_code", "client_id": "app-1", "client_secret": "hush",
        "code": code, "redirect_uri": CALLBACK,
    })
}

fn refresh(token: &str) -> Value {
    json!({"grant_type": "refresh_token", "client_id": "app-1", "client_secret": "hush", "refresh_token": token})
}

async fn tokens(bench: &mut Bench<Atlassian>, person: &str) -> Value {
    let code = bench.code_of(person).await;
    let answer = bench.caller.post_json(TOKEN, &[], &exchange(&code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

fn text(body: &Value, key: &str) -> String {
    body[key].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn one_token_is_good_for_every_site() {
    let mut bench = bench();
    let tokens = tokens(&mut bench, "mona").await;
    assert_eq!(
        (&tokens["expires_in"], &tokens["token_type"]),
        (&json!(3600), &json!("Bearer"))
    );
    let access = text(&tokens, "access_token");
    let me = bench.get("api/me", &access).await.json();
    assert_eq!(
        (&me["email"], &me["email_verified"]),
        (&json!("mona@example.com"), &json!(true))
    );
    let sites = bench
        .get("api/oauth/token/accessible-resources", &access)
        .await
        .json();
    assert_eq!(sites.as_array().expect("sites").len(), 2);
    for site in sites.as_array().expect("sites") {
        let path = format!("api/ex/jira/{}/rest/api/3/myself", text(site, "id"));
        assert_eq!(bench.get(&path, &access).await.json()["displayName"], "Mona Lisa");
    }
    let foreign = bench.get("api/ex/jira/nobody/rest/api/3/myself", &access).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let newton = self::tokens(&mut bench, "newton").await;
    assert_eq!(
        bench.get("api/me", &text(&newton, "access_token")).await.json()["email_verified"],
        false
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_where_it_can_be() {
    let mut bench = bench();
    for change in [
        ("client_id", Some("nobody")),
        (
            "redirect_uri",
            Some("http://127.0.0.1:12079/no-auth/provider-token/x/"),
        ),
        ("redirect_uri", None),
    ] {
        assert_eq!(
            bench.authorize(&[change]).await.status,
            StatusCode::BAD_REQUEST,
            "{change:?}"
        );
    }
    for (change, error) in [
        (("audience", None), "invalid_request"),
        (("prompt", None), "invalid_request"),
        (("state", None), "invalid_request"),
        (("response_type", Some("token")), "invalid_request"),
        (
            ("scope", Some("read:jira-work delete:everything")),
            "invalid_scope",
        ),
    ] {
        assert_eq!(bench.refused(&[change]).await["error"], error, "{change:?}");
    }
    assert_eq!(bench.decided("mona", "deny").await["error"], "access_denied");
    bench.faults.set_require_https(true);
    assert_eq!(bench.authorize(&[]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_exchange_is_refused_in_atlassians_words() {
    for (change, status, error, description) in [
        (("client_secret", "wrong"), 401, "access_denied", "Unauthorized"),
        (
            ("client_secret", ""),
            400,
            "invalid_request",
            "Incorrect request parameters",
        ),
        (
            ("code", "wrong"),
            400,
            "invalid_request",
            "authorization_code is invalid",
        ),
        (
            ("redirect_uri", "http://127.0.0.1/x"),
            400,
            "invalid_request",
            "authorization_code is invalid",
        ),
        (
            ("grant_type", "password"),
            400,
            "invalid_request",
            "Incorrect request parameters",
        ),
    ] {
        let mut bench = bench();
        let code = bench.code_of("mona").await;
        let mut body = exchange(&code);
        body[change.0] = change.1.into();
        let answer = bench.caller.post_json(TOKEN, &[], &body).await;
        let body = answer.json();
        assert_eq!(
            (
                answer.status.as_u16(),
                text(&body, "error"),
                text(&body, "error_description")
            ),
            (status, error.to_owned(), description.to_owned()),
            "{change:?}"
        );
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    assert_eq!(
        bench.caller.post_json(TOKEN, &[], &exchange(&code)).await.status,
        StatusCode::OK
    );
    assert_eq!(
        bench.caller.post_json(TOKEN, &[], &exchange(&code)).await.status,
        StatusCode::BAD_REQUEST
    );
    let code = bench.code_of("mona").await;
    bench.clock.advance(Duration::from_mins(10));
    assert_eq!(
        bench.caller.post_json(TOKEN, &[], &exchange(&code)).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_refresh_token_rotates_and_may_be_used_again_for_ten_minutes() {
    let mut bench = bench();
    let first = text(&tokens(&mut bench, "mona").await, "refresh_token");
    let second = bench.caller.post_json(TOKEN, &[], &refresh(&first)).await.json();
    assert_ne!(text(&second, "refresh_token"), first);
    assert_eq!(
        bench.caller.post_json(TOKEN, &[], &refresh(&first)).await.status,
        StatusCode::OK
    );
    bench.clock.advance(Duration::from_mins(10));
    let reused = bench.caller.post_json(TOKEN, &[], &refresh(&first)).await;
    assert_eq!(
        (reused.status.as_u16(), text(&reused.json(), "error")),
        (403, "invalid_grant".to_owned())
    );
    // A breach: the whole grant is gone.
    let after = bench
        .caller
        .post_json(TOKEN, &[], &refresh(&text(&second, "refresh_token")))
        .await;
    assert_eq!(after.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_expired_token_is_not_accepted() {
    let mut bench = bench();
    let tokens = tokens(&mut bench, "mona").await;
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    let answer = bench.get("api/me", &text(&tokens, "access_token")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        bench
            .caller
            .post_json(TOKEN, &[], &refresh(&text(&tokens, "refresh_token")))
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let mut bench = bench();
    bench.request.insert("scope", "read:me".to_owned());
    assert!(tokens(&mut bench, "mona").await.get("refresh_token").is_none());
}
