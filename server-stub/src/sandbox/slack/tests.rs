use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Workspaces, responses};
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::testing::{Bench, CALLBACK};

const ACCESS: &str = "api/oauth.v2.access";

fn bench() -> Bench<Workspaces> {
    Bench::new(
        "oauth/v2/authorize",
        &[
            ("scope", "channels:history"),
            ("user_scope", "channels:read,chat:write"),
        ],
    )
}

fn identity() -> Bench<Workspaces> {
    Bench::new(
        "openid/connect/authorize",
        &[("response_type", "code"), ("scope", "openid email profile")],
    )
}

async fn exchange(
    bench: &mut Bench<Workspaces>,
    path: &str,
    code: &str,
    change: &[(&'static str, &str)],
) -> Value {
    let mut fields = std::collections::BTreeMap::from([
        ("client_id", "app-1"),
        ("client_secret", "hush"),
        ("code", code),
        ("redirect_uri", CALLBACK),
    ]);
    fields.extend(change.iter().copied());
    let fields: Vec<_> = fields.into_iter().collect();
    let answer = bench.caller.post(path, &[], &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

async fn call(bench: &mut Bench<Workspaces>, method: &str, authorization: &str) -> Value {
    let answer = bench
        .caller
        .get(method, &[("authorization", authorization)])
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_installation_gives_the_users_token_within_and_the_apps_at_the_top() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let body = exchange(&mut bench, ACCESS, &code, &[]).await;
    assert_eq!(
        (&body["ok"], &body["token_type"], &body["team"]["id"]),
        (&json!(true), &json!("bot"), &json!("T0ACME000"))
    );
    assert!(text(&body["access_token"]).starts_with("xoxb-"));
    assert_eq!(body["authed_user"]["scope"], "channels:read,chat:write");
    let user = format!("Bearer {}", text(&body["authed_user"]["access_token"]));
    let tested = call(&mut bench, "api/auth.test", &user).await;
    assert_eq!(
        (&tested["user"], &tested["team_id"]),
        (&json!("mona"), &json!("T0ACME000"))
    );
    let app = format!("Bearer {}", text(&body["access_token"]));
    assert_eq!(call(&mut bench, "api/auth.test", &app).await["ok"], true);
}

#[tokio::test]
async fn without_scopes_for_the_app_there_is_no_token_at_the_top() {
    let mut bench = bench();
    bench.request.remove("scope");
    let code = bench.code_of("ada").await;
    let body = exchange(&mut bench, ACCESS, &code, &[]).await;
    assert_eq!(body.get("access_token"), None);
    assert_eq!(body["team"]["id"], "T0UMBRELLA");
}

#[tokio::test]
async fn every_refusal_of_a_request_is_a_page() {
    let mut bench = bench();
    for change in [
        ("client_id", Some("nobody")),
        ("redirect_uri", Some("https://evil.test/")),
        ("scope", Some("admin")),
        ("user_scope", Some("openid")),
        ("user_scope", None),
    ] {
        assert_eq!(
            bench.authorize(&[change]).await.status,
            StatusCode::BAD_REQUEST,
            "{change:?}"
        );
    }
    bench.faults.set_require_https(true);
    assert_eq!(bench.authorize(&[]).await.status, StatusCode::BAD_REQUEST);
    let mixed = identity()
        .authorize(&[("scope", Some("openid chat:write"))])
        .await;
    assert_eq!(mixed.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn declining_comes_back_and_a_wall_does_not() {
    assert_eq!(bench().decided("mona", "deny").await["error"], "access_denied");
    let mut bench = bench();
    let page = bench.authorize(&[]).await;
    let walled = bench.caller.decide(&page, "otto", "approve").await;
    assert_eq!(walled.status, StatusCode::OK);
    assert!(walled.text.contains("administrator"), "{}", walled.text);
}

#[tokio::test]
async fn an_exchange_is_refused_with_status_200() {
    for (change, error) in [
        (("client_id", "nobody"), "invalid_client_id"),
        (("client_secret", "wrong"), "bad_client_secret"),
        (("code", "wrong"), "invalid_code"),
        (("redirect_uri", "http://127.0.0.1/x"), "bad_redirect_uri"),
        (("redirect_uri", ""), "bad_redirect_uri"),
        (("grant_type", "password"), "invalid_grant_type"),
    ] {
        let mut bench = bench();
        let code = bench.code_of("mona").await;
        let body = exchange(&mut bench, ACCESS, &code, &[change]).await;
        assert_eq!(
            (&body["ok"], &body["error"]),
            (&json!(false), &json!(error)),
            "{change:?}"
        );
    }
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    assert_eq!(exchange(&mut bench, ACCESS, &code, &[]).await["ok"], true);
    assert_eq!(
        exchange(&mut bench, ACCESS, &code, &[]).await["error"],
        "code_already_used"
    );
    let code = bench.code_of("mona").await;
    bench.clock.advance(Duration::from_mins(10));
    assert_eq!(
        exchange(&mut bench, ACCESS, &code, &[]).await["error"],
        "invalid_code"
    );
}

#[tokio::test]
async fn the_secret_may_come_by_basic() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let basic = format!("Basic {}", STANDARD.encode("app-1:hush"));
    let fields = [("code", code.as_str()), ("redirect_uri", CALLBACK)];
    let answer = bench
        .caller
        .post(ACCESS, &[("authorization", &basic)], &fields)
        .await;
    assert_eq!(answer.json()["ok"], true);
}

#[tokio::test]
async fn tokens_rotate_when_the_app_is_set_so() {
    let mut bench = bench();
    bench.office.tokens(Tokens {
        expiring: Some(true),
        ..Tokens::default()
    });
    let code = bench.code_of("mona").await;
    let user = exchange(&mut bench, ACCESS, &code, &[]).await["authed_user"].clone();
    assert_eq!(user["expires_in"], 43_200);
    let old = text(&user["refresh_token"]);
    let send = [
        ("client_id", "app-1"),
        ("client_secret", "hush"),
        ("grant_type", "refresh_token"),
        ("refresh_token", old.as_str()),
    ];
    let renewed = bench.caller.post(ACCESS, &[], &send).await.json();
    assert_eq!(
        (&renewed["ok"], &renewed["token_type"]),
        (&json!(true), &json!("user"))
    );
    assert_ne!(text(&renewed["refresh_token"]), old);
    let again = bench.caller.post(ACCESS, &[], &send).await.json();
    assert_eq!(again["error"], "invalid_refresh_token");
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    let bearer = format!("Bearer {}", text(&renewed["access_token"]));
    assert_eq!(
        call(&mut bench, "api/auth.test", &bearer).await["error"],
        "token_expired"
    );
}

#[tokio::test]
async fn sign_in_with_slack_says_whether_the_address_is_proven() {
    for (person, verified) in [("mona", true), ("newton", false)] {
        let mut bench = identity();
        let code = bench.code_of(person).await;
        let body = exchange(&mut bench, "api/openid.connect.token", &code, &[]).await;
        let token = text(&body["id_token"]);
        let payload = token.split('.').nth(1).expect("a payload");
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON");
        assert_eq!(claims["email_verified"], verified);
        let bearer = format!("Bearer {}", text(&body["access_token"]));
        let info = call(&mut bench, "api/openid.connect.userInfo", &bearer).await;
        assert_eq!(info["email_verified"], verified);
    }
    let mut bench = identity();
    let code = bench.code_of("mona").await;
    assert_eq!(
        exchange(&mut bench, ACCESS, &code, &[]).await["error"],
        "invalid_code"
    );
}

#[tokio::test]
async fn a_call_is_refused_with_status_200_and_a_revoked_token_is_gone() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let body = exchange(&mut bench, ACCESS, &code, &[]).await;
    let token = text(&body["authed_user"]["access_token"]);
    assert_eq!(
        call(&mut bench, "api/auth.test", "Bearer nothing").await["error"],
        "invalid_auth"
    );
    assert_eq!(
        call(&mut bench, "api/auth.test", &format!("bearer {token}")).await["error"],
        "not_authed"
    );
    assert_eq!(
        call(&mut bench, "api/nothing", "Bearer x").await["error"],
        "unknown_method"
    );
    let bearer = format!("Bearer {token}");
    assert_eq!(
        call(&mut bench, "api/auth.revoke", &bearer).await["revoked"],
        true
    );
    assert_eq!(
        call(&mut bench, "api/auth.test", &bearer).await["error"],
        "invalid_auth"
    );
}

#[tokio::test]
async fn a_response_url_is_good_five_times_within_half_an_hour() {
    let mut bench = bench();
    let made = |bench: &Bench<Workspaces>| {
        let url: url::Url = responses::made(&bench.office, "T0ACME000")
            .parse()
            .expect("a URL");
        url.path().to_owned()
    };
    let (first, second) = (made(&bench), made(&bench));
    let text = json!({"text": "done"});
    let nothing = bench.caller.post_json(&first, &[], &json!({})).await;
    assert_eq!(nothing.refusal(), (400, "invalid_payload".to_owned()));
    for _ in 0..5 {
        let taken = bench.caller.post_json(&first, &[], &text).await;
        assert_eq!((taken.status, taken.text.as_str()), (StatusCode::OK, "ok"));
    }
    for _ in 0..2 {
        let again = bench.caller.post_json(&first, &[], &text).await;
        assert_eq!(again.refusal(), (404, "used_url".to_owned()));
    }
    let other = bench.caller.post_json(&second, &[], &text).await;
    assert_eq!(other.status, StatusCode::OK, "each is counted by itself");
    let forged = bench
        .caller
        .post_json(&second.replace("T0ACME000", "T0UMBRELLA"), &[], &text)
        .await;
    assert_eq!(forged.refusal(), (404, "no_service".to_owned()));
    bench.clock.advance(Duration::from_mins(30));
    let late = bench.caller.post_json(&second, &[], &text).await;
    assert_eq!(late.refusal(), (404, "expired_url".to_owned()));
}
