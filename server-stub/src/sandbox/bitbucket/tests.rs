use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Consumers;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::testing::{Answer, Bench, CALLBACK};

const TOKEN: &str = "site/oauth2/access_token";
const ME: &str = "api/2.0/user";
const EMAILS: &str = "api/2.0/user/emails";

fn bench() -> Bench<Consumers> {
    Bench::new("site/oauth2/authorize", &[("response_type", "code")])
}

async fn post(bench: &mut Bench<Consumers>, pair: &str, fields: &[(&str, &str)]) -> Answer {
    let basic = format!("Basic {}", STANDARD.encode(pair));
    bench
        .caller
        .post(TOKEN, &[("authorization", &basic)], fields)
        .await
}

async fn exchange(bench: &mut Bench<Consumers>, code: &str, change: &[(&'static str, &str)]) -> Answer {
    let mut fields = BTreeMap::from([
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
    ]);
    fields.extend(change.iter().copied());
    let fields: Vec<_> = fields.into_iter().collect();
    post(bench, "app-1:hush", &fields).await
}

async fn refresh(bench: &mut Bench<Consumers>, token: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    post(bench, "app-1:hush", &fields).await
}

/// Access and refresh token of a person who approves.
async fn pair(bench: &mut Bench<Consumers>, person: &str) -> (String, String) {
    let code = bench.code_of(person).await;
    let tokens = exchange(bench, &code, &[]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    (tokens.value("access_token"), tokens.value("refresh_token"))
}

#[tokio::test]
async fn a_code_gives_a_pair_with_the_consumers_scopes_whatever_was_asked() {
    let mut bench = bench();
    bench
        .request
        .insert("scope", "account repository:admin".to_owned());
    let code = bench.code_of("mona").await;
    let body = exchange(&mut bench, &code, &[]).await.json();
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scopes"]),
        (
            &json!("bearer"),
            &json!(7200),
            &json!("account email pullrequest issue")
        )
    );
    assert!(body.get("scope").is_none());
    let token = body["access_token"].as_str().expect("a token").to_owned();
    let me = bench.get(ME, &token).await.json();
    assert_eq!(
        (&me["uuid"], &me["username"], &me["display_name"]),
        (
            &json!("{00000000-0000-4000-8000-000000001001}"),
            &json!("mona"),
            &json!("Mona Lisa")
        )
    );
}

#[tokio::test]
async fn addresses_come_in_pages_and_say_what_is_proven() {
    for (person, expected) in [
        ("mona", json!([["mona@example.com", true, true]])),
        ("newton", json!([["newton@example.com", true, false]])),
        (
            "grace",
            json!([
                ["grace@old.example.com", false, true],
                ["grace@example.com", true, true]
            ]),
        ),
    ] {
        let mut bench = bench();
        let (access, _) = pair(&mut bench, person).await;
        let mut path = EMAILS.to_owned();
        let mut found = Vec::new();
        loop {
            let page = bench.get(&path, &access).await.json();
            for value in page["values"].as_array().expect("values") {
                found.push(json!([
                    value["email"],
                    value["is_primary"],
                    value["is_confirmed"]
                ]));
            }
            let Some(next) = page["next"].as_str() else { break };
            path = next
                .strip_prefix("http://localhost:12080")
                .expect("an address of its own")
                .to_owned();
        }
        assert_eq!(json!(found), expected, "{person}");
    }
}

#[tokio::test]
async fn there_is_no_page_before_the_first_or_after_the_last() {
    let mut bench = bench();
    let (access, _) = pair(&mut bench, "mona").await;
    for (page, status) in [
        ("0", StatusCode::BAD_REQUEST),
        ("x", StatusCode::BAD_REQUEST),
        ("2", StatusCode::NOT_FOUND),
        ("18446744073709551615", StatusCode::NOT_FOUND),
    ] {
        let answer = bench.get(&format!("{EMAILS}?page={page}"), &access).await;
        assert_eq!(answer.status, status, "{page}");
    }
}

#[tokio::test]
async fn declining_goes_back_with_the_state() {
    bench().hears_of_a_denial().await;
}

#[tokio::test]
async fn an_unknown_consumer_or_a_foreign_callback_is_a_page() {
    let strangers = [
        ("client_id", Some("nobody")),
        ("client_id", None),
        ("redirect_uri", Some("http://127.0.0.1:12079/other")),
        ("redirect_uri", Some("https://evil.test/")),
    ];
    bench()
        .sends_nobody_to_strangers(&strangers, StatusCode::BAD_REQUEST)
        .await;
}

#[tokio::test]
async fn a_callback_may_extend_the_registered_one_or_be_left_out() {
    let mut bench = bench();
    for change in [
        ("redirect_uri", None),
        ("redirect_uri", Some(&*format!("{CALLBACK}/more"))),
    ] {
        assert_eq!(
            bench.authorize(&[change]).await.status,
            StatusCode::OK,
            "{change:?}"
        );
    }
    bench.request.remove("redirect_uri");
    let code = bench.code_of("mona").await;
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str())];
    assert_eq!(
        post(&mut bench, "app-1:hush", &fields).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn another_response_type_is_told_to_the_app() {
    let back = bench().refused(&[("response_type", Some("token"))]).await;
    assert_eq!(back["error"], "unsupported_response_type");
}

#[tokio::test]
async fn an_exchange_is_refused_for_whatever_is_wrong_with_it() {
    for (change, error) in [
        (("code", "wrong"), "invalid_grant"),
        (
            ("redirect_uri", "http://127.0.0.1:12079/other"),
            "invalid_request",
        ),
        (("redirect_uri", ""), "invalid_request"),
        (("grant_type", "password"), "unsupported_grant_type"),
        (("grant_type", ""), "invalid_request"),
    ] {
        let mut bench = bench();
        let code = bench.code_of("mona").await;
        let answer = exchange(&mut bench, &code, &[change]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.value("error")),
            (400, error.to_owned()),
            "{change:?}"
        );
        assert!(!answer.value("error_description").is_empty());
    }
}

#[tokio::test]
async fn the_consumers_credentials_belong_into_the_header() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    for wrong in ["app-1:wrong", "nobody:hush", "app-1:"] {
        let answer = post(
            &mut bench,
            wrong,
            &[("grant_type", "authorization_code"), ("code", &code)],
        )
        .await;
        assert_eq!(
            (answer.status.as_u16(), answer.value("error")),
            (400, "unauthorized_client".to_owned()),
            "{wrong}"
        );
    }
    let in_body = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
        ("client_id", "app-1"),
        ("client_secret", "hush"),
    ];
    let answer = bench.caller.post(TOKEN, &[], &in_body).await;
    assert_eq!(
        answer.value("error_description"),
        "Requests must be authenticated using OAuth client credentials"
    );
    // None of them has used the code up.
    assert_eq!(exchange(&mut bench, &code, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    assert_eq!(exchange(&mut bench, &code, &[]).await.status, StatusCode::OK);
    assert_eq!(
        exchange(&mut bench, &code, &[]).await.value("error_description"),
        "The specified code is not valid."
    );
    let code = bench.code_of("mona").await;
    bench.clock.advance(Duration::from_mins(10));
    assert_eq!(
        exchange(&mut bench, &code, &[]).await.value("error"),
        "invalid_grant"
    );
}

#[tokio::test]
async fn only_a_form_is_read() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let basic = format!("Basic {}", STANDARD.encode("app-1:hush"));
    let body = json!({"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK});
    let headers = [("content-type", "application/json"), ("authorization", &*basic)];
    let answer = bench
        .caller
        .send(Method::POST, TOKEN, &headers, body.to_string())
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.value("error")),
        (400, "invalid_request".to_owned())
    );
}

#[tokio::test]
async fn a_refresh_names_the_same_refresh_token_and_older_access_tokens_stay_good() {
    let mut bench = bench();
    let (first, token) = pair(&mut bench, "mona").await;
    let answer = refresh(&mut bench, &token).await;
    assert_eq!(answer.value("refresh_token"), token);
    for access in [first, answer.value("access_token")] {
        assert_eq!(bench.get(ME, &access).await.status, StatusCode::OK);
    }
    let wrong = refresh(&mut bench, "wrong").await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.value("error")),
        (400, "invalid_grant".to_owned())
    );
}

#[tokio::test]
async fn an_expired_token_is_told_apart_from_one_that_is_none() {
    let mut bench = bench();
    let (access, token) = pair(&mut bench, "mona").await;
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    for (token, message) in [
        (
            &*access,
            "Access token expired. Use your refresh token to obtain a new access token.",
        ),
        ("nothing", "Token is invalid or not supported for this endpoint."),
    ] {
        let answer = bench.get(EMAILS, token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            answer.json(),
            json!({"type": "error", "error": {"message": message}})
        );
    }
    assert_eq!(refresh(&mut bench, &token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let mut bench = bench();
    let (access, _) = pair(&mut bench, "mona").await;
    let answer = bench.get("api/2.0/nothing", &access).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["error"]["message"], "Resource not found");
}
