use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Eagle;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::testing::{Answer, Bench, STRANGERS};

const TOKEN: &str = "api/auth/eagle/token";
const UNINSTALL: &str = "api/auth/uninstall";
const ME: &str = "api/me";

fn bench() -> Bench<Eagle> {
    Bench::new("oauth", &[])
}

async fn exchange(bench: &mut Bench<Eagle>, code: &str, change: &[(&'static str, &str)]) -> Answer {
    let mut fields = BTreeMap::from([("client_id", "app-1"), ("client_secret", "hush"), ("code", code)]);
    fields.extend(change.iter().copied());
    let fields: Vec<_> = fields.into_iter().collect();
    bench.caller.post(TOKEN, &[], &fields).await
}

async fn uninstall(bench: &mut Bench<Eagle>, path: &str, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer)];
    bench
        .caller
        .send(Method::POST, path, &headers, String::new())
        .await
}

/// Status and code of a refusal.
fn refusal(answer: &Answer) -> (u16, Value) {
    let body = answer.json();
    assert_eq!(body["type"], "error.list");
    assert!(body["request_id"].is_string() && body["errors"][0]["message"].is_string());
    (answer.status.as_u16(), body["errors"][0]["code"].clone())
}

/// The token of a person who approves.
async fn token(bench: &mut Bench<Eagle>, person: &str) -> String {
    let code = bench.code_of(person).await;
    let answer = exchange(bench, &code, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

#[tokio::test]
async fn a_code_gives_one_token_under_two_names_and_without_an_end() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let body = exchange(&mut bench, &code, &[]).await.json();
    let token = body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(
        body,
        json!({"token_type": "Bearer", "token": token, "access_token": token})
    );
    bench.clock.advance(Duration::from_hours(24 * 365 * 10));
    let me = bench.get(ME, &token).await.json();
    assert_eq!(
        (&me["type"], &me["id"], &me["email"], &me["app"]["region"]),
        (
            &json!("admin"),
            &json!("1001"),
            &json!("mona@example.com"),
            &json!("US")
        )
    );
}

#[tokio::test]
async fn the_flag_says_whether_the_address_is_proven() {
    for (person, proven) in [("mona", true), ("newton", false)] {
        let mut bench = bench();
        let token = token(&mut bench, person).await;
        assert_eq!(
            bench.get(ME, &token).await.json()["email_verified"],
            proven,
            "{person}"
        );
    }
}

#[tokio::test]
async fn a_workspace_is_known_at_the_usual_host_and_in_its_own_region() {
    for (person, in_europe) in [("ada", StatusCode::OK), ("mona", StatusCode::UNAUTHORIZED)] {
        let mut bench = bench();
        let token = token(&mut bench, person).await;
        assert_eq!(bench.get(ME, &token).await.status, StatusCode::OK, "{person}");
        assert_eq!(bench.get("api/eu/me", &token).await.status, in_europe, "{person}");
        let elsewhere = bench.get("api/au/me", &token).await;
        assert_eq!(refusal(&elsewhere), (401, json!("unauthorized")), "{person}");
    }
}

#[tokio::test]
async fn declining_goes_back_with_the_state() {
    bench().hears_of_a_denial().await;
}

#[tokio::test]
async fn an_unknown_app_or_callback_is_a_page_and_never_a_redirect() {
    // Without a callback it is the registered one.
    let (_, strangers) = STRANGERS.split_last().expect("some");
    bench()
        .sends_nobody_to_strangers(strangers, StatusCode::BAD_REQUEST)
        .await;
}

#[tokio::test]
async fn a_scope_is_not_looked_at_and_a_callback_may_be_left_out() {
    let mut bench = bench();
    bench.request.insert("scope", "everything".to_owned());
    bench.request.remove("redirect_uri");
    let page = bench.authorize(&[]).await;
    let back = bench.caller.decide(&page, "mona", "approve").await.location();
    assert!(
        back.as_str().starts_with(crate::sandbox::testing::CALLBACK),
        "{back}"
    );
}

#[tokio::test]
async fn an_exchange_is_refused_for_whatever_is_wrong_with_it() {
    for (change, expected) in [
        (("client_secret", "wrong"), (401, json!("unauthorized"))),
        (("client_secret", ""), (401, json!("unauthorized"))),
        (("client_id", "nobody"), (401, json!("unauthorized"))),
        (("code", "wrong"), (400, json!("parameter_invalid"))),
        (("code", ""), (400, json!("parameter_invalid"))),
    ] {
        let mut bench = bench();
        let code = bench.code_of("mona").await;
        let answer = exchange(&mut bench, &code, &[change]).await;
        assert_eq!(refusal(&answer), expected, "{change:?}");
    }
}

#[tokio::test]
async fn the_apps_credentials_belong_into_the_body() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    // app-1:hush
    let basic = [("authorization", "Basic YXBwLTE6aHVzaA==")];
    let answer = bench.caller.post(TOKEN, &basic, &[("code", &code)]).await;
    assert_eq!(refusal(&answer), (401, json!("unauthorized")));
}

#[tokio::test]
async fn a_form_and_json_are_read_and_nothing_else() {
    let mut bench = bench();
    for (kind, status) in [
        ("application/json", StatusCode::OK),
        ("text/plain", StatusCode::BAD_REQUEST),
        ("multipart/form-data; boundary=x", StatusCode::BAD_REQUEST),
    ] {
        let code = bench.code_of("mona").await;
        let body = json!({"client_id": "app-1", "client_secret": "hush", "code": code}).to_string();
        let headers = [("content-type", kind)];
        let answer = bench.caller.send(Method::POST, TOKEN, &headers, body).await;
        assert_eq!(answer.status, status, "{kind}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes() {
    let mut bench = bench();
    let invalid = (400, json!("parameter_invalid"));
    let code = bench.code_of("mona").await;
    assert_eq!(exchange(&mut bench, &code, &[]).await.status, StatusCode::OK);
    assert_eq!(refusal(&exchange(&mut bench, &code, &[]).await), invalid);
    let code = bench.code_of("mona").await;
    bench.clock.advance(Duration::from_mins(10));
    assert_eq!(refusal(&exchange(&mut bench, &code, &[]).await), invalid);
}

#[tokio::test]
async fn a_token_that_is_none_or_was_made_to_end_is_refused() {
    let mut bench = bench();
    let token = token(&mut bench, "mona").await;
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    for token in [&*token, "nothing"] {
        let answer = bench.get(ME, token).await;
        assert_eq!(refusal(&answer), (401, json!("unauthorized")));
    }
}

#[tokio::test]
async fn uninstalling_ends_whatever_the_person_has_granted() {
    let mut bench = bench();
    let (first, second) = (token(&mut bench, "mona").await, token(&mut bench, "mona").await);
    let other = token(&mut bench, "ada").await;
    let refused = uninstall(&mut bench, UNINSTALL, "nothing").await;
    assert_eq!(refusal(&refused), (401, json!("unauthorized")));
    assert_eq!(
        uninstall(&mut bench, UNINSTALL, &first).await.status,
        StatusCode::OK
    );
    for gone in [first, second] {
        assert_eq!(bench.get(ME, &gone).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(bench.get(ME, &other).await.status, StatusCode::OK);
    let in_europe = uninstall(&mut bench, "api/eu/auth/uninstall", &other).await;
    assert_eq!(in_europe.status, StatusCode::OK);
    assert_eq!(bench.get(ME, &other).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let mut bench = bench();
    let token = token(&mut bench, "mona").await;
    let answer = bench.get("api/nothing", &token).await;
    assert_eq!(refusal(&answer), (404, json!("not_found")));
}
