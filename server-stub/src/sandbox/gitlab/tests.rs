use axum::http::StatusCode;
use serde_json::json;

use super::Doorkeeper;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::testing::{Bench, STRANGERS};

const TOKEN: &str = "oauth/token";
const REVOKE: &str = "oauth/revoke";
const ME: &str = "api/v4/user";

fn bench() -> Bench<Doorkeeper> {
    Bench::with_pkce(
        "oauth/authorize",
        &[("response_type", "code"), ("scope", "api read_user")],
    )
    .tokens_at(TOKEN)
}

#[tokio::test]
async fn a_code_gives_a_pair_that_says_who_somebody_is() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let tokens = bench.exchange(&code, &[]).await;
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
    let me = bench.get(ME, &tokens.value("access_token")).await.json();
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
    let tokens = bench.exchange(&code, &[]).await;
    let me = bench.get(ME, &tokens.value("access_token")).await.json();
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
    bench()
        .sends_nobody_to_strangers(STRANGERS, StatusCode::UNAUTHORIZED)
        .await;
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
    let refusals = bench()
        .refuses_exchanges(&[
            (("client_secret", "wrong"), 401, "invalid_client"),
            (("client_id", "nobody"), 401, "invalid_client"),
            (("client_secret", ""), 401, "invalid_client"),
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
async fn a_code_is_good_once_and_for_ten_minutes() {
    bench().refuses_old_codes("invalid_grant").await;
}

#[tokio::test]
async fn only_a_form_is_read() {
    bench().reads_a_form_alone().await;
}

#[tokio::test]
async fn a_refresh_ends_the_old_pair_at_once() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let first = bench.exchange(&code, &[]).await;
    let second = bench.refresh(&first.value("refresh_token")).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    assert_eq!(
        bench.get(ME, &first.value("access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        bench.get(ME, &second.value("access_token")).await.status,
        StatusCode::OK
    );
    // Whoever uses the old one again ends the new pair as well.
    let reused = bench.refresh(&first.value("refresh_token")).await;
    assert_eq!(reused.value("error"), "invalid_grant");
    assert_eq!(
        bench.get(ME, &second.value("access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn an_expired_token_is_told_apart_from_one_that_is_none() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let tokens = bench.exchange(&code, &[]).await;
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    let expired = bench.get(ME, &tokens.value("access_token")).await;
    assert_eq!(
        (expired.status.as_u16(), expired.value("error")),
        (401, "invalid_token".to_owned())
    );
    let unknown = bench.get(ME, "nothing").await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.value("message")),
        (401, "401 Unauthorized".to_owned())
    );
    assert_eq!(
        bench.refresh(&tokens.value("refresh_token")).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_revoked_pair_is_gone() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let tokens = bench.exchange(&code, &[]).await;
    let access = tokens.value("access_token");
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
    assert_eq!(bench.get(ME, &access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        bench.refresh(&tokens.value("refresh_token")).await.value("error"),
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_token_without_the_scope_may_not_read_the_profile() {
    let mut bench = bench();
    bench.request.insert("scope", "read_repository".to_owned());
    let code = bench.code_of("mona").await;
    let tokens = bench.exchange(&code, &[]).await;
    let refused = bench.get(ME, &tokens.value("access_token")).await;
    assert_eq!(
        (refused.status.as_u16(), refused.value("error")),
        (403, "insufficient_scope".to_owned())
    );
}
