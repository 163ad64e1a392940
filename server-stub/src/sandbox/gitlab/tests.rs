use axum::http::StatusCode;
use serde_json::json;

use super::Doorkeeper;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::testing::{Answer, Bench, CALLBACK};

const TOKEN: &str = "oauth/token";
const REVOKE: &str = "oauth/revoke";
const ME: &str = "api/v4/user";

fn bench() -> Bench<Doorkeeper> {
    Bench::with_pkce(
        "oauth/authorize",
        &[("response_type", "code"), ("scope", "api read_user")],
    )
}

async fn exchange(bench: &mut Bench<Doorkeeper>, code: &str, change: &[(&'static str, &str)]) -> Answer {
    let verifier = bench.verifier.expose().to_owned();
    let mut fields = std::collections::BTreeMap::from([
        ("client_id", "app-1"),
        ("client_secret", "hush"),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", &verifier),
    ]);
    fields.extend(change.iter().copied());
    let fields: Vec<_> = fields.into_iter().collect();
    bench.caller.post(TOKEN, &[], &fields).await
}

async fn refresh(bench: &mut Bench<Doorkeeper>, token: &str) -> Answer {
    let fields = [
        ("client_id", "app-1"),
        ("client_secret", "hush"),
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
    ];
    bench.caller.post(TOKEN, &[], &fields).await
}

async fn me(bench: &mut Bench<Doorkeeper>, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    bench.caller.get(ME, &[("authorization", &bearer)]).await
}

fn text(answer: &Answer, key: &str) -> String {
    answer.json()[key].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_code_gives_a_pair_that_says_who_somebody_is() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let tokens = exchange(&mut bench, &code, &[]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    let body = tokens.json();
    assert_eq!(
        (
            &body["token_type"],
            &body["expires_in"],
            &body["scope"],
            &body["created_at"]
        ),
        (
            &json!("Bearer"),
            &json!(7200),
            &json!("api read_user"),
            &json!(1_795_476_600)
        )
    );
    let me = me(&mut bench, &text(&tokens, "access_token")).await.json();
    assert_eq!(
        (&me["id"], &me["username"], &me["email"]),
        (&json!(1001), &json!("mona"), &json!("mona@example.com"))
    );
    assert_eq!(me["confirmed_at"], "2020-09-13T12:26:40Z");
}

#[tokio::test]
async fn an_address_that_is_not_proven_has_no_date() {
    let mut bench = bench();
    let code = bench.code_of("newton").await;
    let tokens = exchange(&mut bench, &code, &[]).await;
    let me = me(&mut bench, &text(&tokens, "access_token")).await.json();
    assert_eq!(
        (&me["email"], &me["confirmed_at"]),
        (&json!("newton@example.com"), &json!(null))
    );
}

#[tokio::test]
async fn declining_is_told_in_doorkeepers_words() {
    let back = bench().decided("mona", "deny").await;
    assert_eq!(back["error"], "access_denied");
    assert_eq!(
        back["error_description"],
        "The resource owner or authorization server denied the request."
    );
    assert_eq!(back["state"], "local!s");
}

#[tokio::test]
async fn an_unknown_app_or_callback_is_a_page_and_never_a_redirect() {
    let mut bench = bench();
    for change in [
        ("client_id", Some("nobody")),
        ("client_id", None),
        (
            "redirect_uri",
            Some("http://127.0.0.1:12079/no-auth/provider-token/x/below"),
        ),
        ("redirect_uri", Some("https://evil.test/")),
        ("redirect_uri", None),
    ] {
        let answer = bench.authorize(&[change]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{change:?}");
    }
    bench.faults.set_require_https(true);
    assert_eq!(bench.authorize(&[]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_else_is_wrong_is_told_to_the_app() {
    let mut bench = bench();
    for (change, error) in [
        (("response_type", Some("token")), "unsupported_response_type"),
        (("scope", Some("api sudo")), "invalid_scope"),
        (("scope", None), "invalid_scope"),
        (
            ("code_challenge_method", Some("S512")),
            "invalid_code_challenge_method",
        ),
        (("code_challenge", Some("short")), "invalid_code_challenge_method"),
    ] {
        assert_eq!(bench.refused(&[change]).await["error"], error, "{change:?}");
    }
}

#[tokio::test]
async fn an_exchange_is_refused_for_whatever_is_wrong_with_it() {
    let other = "other".repeat(10);
    for (change, status, error) in [
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
    ] {
        let mut bench = bench();
        let code = bench.code_of("mona").await;
        let answer = exchange(&mut bench, &code, &[change]).await;
        assert_eq!(
            (answer.status.as_u16(), text(&answer, "error")),
            (status, error.to_owned()),
            "{change:?}"
        );
        assert!(text(&answer, "error_description").ends_with('.'));
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    assert_eq!(exchange(&mut bench, &code, &[]).await.status, StatusCode::OK);
    assert_eq!(
        text(&exchange(&mut bench, &code, &[]).await, "error"),
        "invalid_grant"
    );
    let code = bench.code_of("mona").await;
    bench.clock.advance(std::time::Duration::from_mins(10));
    assert_eq!(
        text(&exchange(&mut bench, &code, &[]).await, "error"),
        "invalid_grant"
    );
}

#[tokio::test]
async fn only_a_form_is_read() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let body = json!({"client_id": "app-1", "client_secret": "hush", "grant_type": "authorization_code", "code": code});
    let kind = [("content-type", "application/json")];
    let answer = bench
        .caller
        .send(axum::http::Method::POST, TOKEN, &kind, body.to_string())
        .await;
    assert_eq!(
        (answer.status.as_u16(), text(&answer, "error")),
        (400, "invalid_request".to_owned())
    );
}

#[tokio::test]
async fn a_refresh_ends_the_old_pair_at_once() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let first = exchange(&mut bench, &code, &[]).await;
    let second = refresh(&mut bench, &text(&first, "refresh_token")).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    assert_eq!(
        me(&mut bench, &text(&first, "access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        me(&mut bench, &text(&second, "access_token")).await.status,
        StatusCode::OK
    );
    // Whoever uses the old one again ends the new pair as well.
    let reused = refresh(&mut bench, &text(&first, "refresh_token")).await;
    assert_eq!(text(&reused, "error"), "invalid_grant");
    assert_eq!(
        me(&mut bench, &text(&second, "access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn an_expired_token_is_told_apart_from_one_that_is_none() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let tokens = exchange(&mut bench, &code, &[]).await;
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    let expired = me(&mut bench, &text(&tokens, "access_token")).await;
    assert_eq!(
        (expired.status.as_u16(), text(&expired, "error")),
        (401, "invalid_token".to_owned())
    );
    let unknown = me(&mut bench, "nothing").await;
    assert_eq!(
        (unknown.status.as_u16(), text(&unknown, "message")),
        (401, "401 Unauthorized".to_owned())
    );
    assert_eq!(
        refresh(&mut bench, &text(&tokens, "refresh_token")).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_revoked_pair_is_gone() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let tokens = exchange(&mut bench, &code, &[]).await;
    let access = text(&tokens, "access_token");
    let fields = |secret| {
        [
            ("client_id", "app-1"),
            ("client_secret", secret),
            ("token", access.as_str()),
        ]
    };
    assert_eq!(
        bench.caller.post(REVOKE, &[], &fields("wrong")).await.status,
        StatusCode::FORBIDDEN
    );
    let revoked = bench.caller.post(REVOKE, &[], &fields("hush")).await;
    assert_eq!((revoked.status, revoked.json()), (StatusCode::OK, json!({})));
    assert_eq!(me(&mut bench, &access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        text(
            &refresh(&mut bench, &text(&tokens, "refresh_token")).await,
            "error"
        ),
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_token_without_the_scope_may_not_read_the_profile() {
    let mut bench = bench();
    bench.request.insert("scope", "read_repository".to_owned());
    let code = bench.code_of("mona").await;
    let tokens = exchange(&mut bench, &code, &[]).await;
    let refused = me(&mut bench, &text(&tokens, "access_token")).await;
    assert_eq!(
        (refused.status.as_u16(), text(&refused, "error")),
        (403, "insufficient_scope".to_owned())
    );
}
