//! Refreshes: one per account, and only a proof ends a connection.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::bench::{Bench, eventually, json_answer};
use crate::keys::fingerprint;

fn expiring(access: &str, refresh: &str) -> Value {
    json!({ "access_token": access, "refresh_token": refresh, "expires_in": 28_800 })
}

async fn refresh(bench: &Bench, rest: &str) -> (StatusCode, Value) {
    let path = format!("/provider-refresh/github?teamId={}{rest}", bench.team.id);
    bench.call("GET", &path, None).await
}

fn access_of(bench: &Bench, answer: &Value) -> Value {
    answer["user"]["$set"][format!("providerInfo.{}.github.accessToken", bench.team.id)].clone()
}

#[tokio::test]
async fn a_refresh_brings_a_new_token_to_the_caller_and_to_the_channel() {
    let bench = Bench::new().await;
    bench.connect(expiring("gho_1", "ghr_1")).await;
    bench.tell(|third| third.token = json_answer(200, &expiring("gho_2", "ghr_2")));
    let (status, answer) = refresh(&bench, "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(access_of(&bench, &answer), "gho_2");
    let (_, form) = bench.tell(|third| third.exchanges.remove(0));
    assert_eq!(form["grant_type"], "refresh_token");
    assert_eq!(form["refresh_token"], "ghr_1");
    assert_eq!(
        bench.told().await.last().expect("published")["user"],
        answer["user"]
    );
    let account = bench.account("github").await.expect("connected");
    assert_eq!(account.refresh_token.expect("kept").expose(), "ghr_2");
    assert!(!answer.to_string().contains("ghr_"), "refresh tokens never leave");
}

#[tokio::test]
async fn a_refresh_token_that_is_left_out_stays() {
    let bench = Bench::new().await;
    bench.connect(expiring("gho_1", "ghr_1")).await;
    let without = json!({ "access_token": "gho_2", "expires_in": 60 });
    bench.tell(|third| third.token = json_answer(200, &without));
    refresh(&bench, "").await;
    let account = bench.account("github").await.expect("connected");
    assert_eq!(account.access_token.expect("new").expose(), "gho_2");
    assert_eq!(account.refresh_token.expect("kept").expose(), "ghr_1");
}

#[tokio::test]
async fn eight_windows_share_one_refresh() {
    let bench = Bench::new().await;
    bench.connect(expiring("gho_1", "ghr_1")).await;
    let gate = Arc::new(Semaphore::new(0));
    bench.tell(|third| {
        third.token = json_answer(200, &expiring("gho_2", "ghr_2"));
        third.gate = Some(gate.clone());
    });
    let have = format!("&have={}", fingerprint("gho_1"));
    let windows = futures_util::future::join_all((0..8).map(|_| refresh(&bench, &have)));
    let (answers, ()) = tokio::join!(windows, async {
        bench.until(|third| !third.exchanges.is_empty()).await;
        gate.add_permits(1);
    });
    for (status, answer) in answers {
        assert_eq!(
            (status, access_of(&bench, &answer)),
            (StatusCode::OK, json!("gho_2"))
        );
    }
    let (_, late) = refresh(&bench, &have).await;
    assert_eq!(
        access_of(&bench, &late),
        "gho_2",
        "who comes late gets what there is"
    );
    assert_eq!(bench.tell(|third| third.exchanges.len()), 1);
}

#[tokio::test]
async fn a_grant_that_is_gone_is_published_as_lost() {
    for error in ["bad_refresh_token", "invalid_grant"] {
        let bench = Bench::new().await;
        bench.connect(expiring("gho_1", "ghr_1")).await;
        bench.tell(|third| third.token = json_answer(200, &json!({ "error": error })));
        let (status, answer) = refresh(&bench, "").await;
        assert_eq!(
            (status, &answer["code"]),
            (StatusCode::FORBIDDEN, &json!("PRVD-1001"))
        );
        let told = bench.told().await.pop().expect("published");
        let path = |field: &str| format!("providerInfo.{}.github.{field}", bench.team.id);
        assert_eq!(told["user"]["$set"][path("tokenError")]["providerMessage"], error);
        assert_eq!(told["user"]["$unset"][path("accessToken")], true);
        let again = refresh(&bench, "").await;
        assert_eq!(again.1["code"], "PRVD-1001");
        assert_eq!(
            bench.tell(|third| third.exchanges.len()),
            1,
            "a lost grant is not asked for again"
        );
    }
}

#[tokio::test]
async fn trouble_on_the_way_leaves_the_account_as_it_was() {
    for answer in [
        json_answer(503, &json!({ "error": "invalid_grant" })),
        json_answer(429, &json!({})),
        json_answer(200, &json!({ "error": "incorrect_client_credentials" })),
        (200, "text/html", "<html>proxy</html>".to_owned()),
    ] {
        let bench = Bench::new().await;
        bench.connect(expiring("gho_1", "ghr_1")).await;
        let before = bench.account("github").await;
        let shown = format!("{answer:?}");
        bench.tell(|third| third.token = answer);
        let (status, answer) = refresh(&bench, "").await;
        assert_eq!(
            (status, &answer["code"]),
            (StatusCode::FORBIDDEN, &json!("PRVD-1007")),
            "{shown}"
        );
        assert_eq!(bench.account("github").await, before, "{shown}");
        assert_eq!(bench.told().await.len(), 1, "{shown}");
    }
}

#[tokio::test]
async fn a_token_that_does_not_expire_is_checked_instead() {
    let bench = Bench::new().await;
    bench.connect(json!({ "access_token": "gho_1" })).await;
    let (status, answer) = refresh(&bench, "").await;
    assert_eq!(
        (status, access_of(&bench, &answer)),
        (StatusCode::OK, json!("gho_1"))
    );
    bench.tell(|third| third.user = (500, Value::Null));
    assert_eq!(refresh(&bench, "").await.1["code"], "PRVD-1007");
    assert!(bench.account("github").await.expect("kept").token_error.is_none());
    bench.tell(|third| third.user = (401, Value::Null));
    assert_eq!(refresh(&bench, "").await.1["code"], "PRVD-1001");
    let account = bench.account("github").await.expect("kept");
    assert!(account.token_error.is_some() && account.access_token.is_none());
}

#[tokio::test]
async fn a_disconnect_during_a_refresh_leaves_no_token_behind() {
    let bench = Bench::new().await;
    bench.connect(expiring("gho_1", "ghr_1")).await;
    let gate = Arc::new(Semaphore::new(0));
    bench.tell(|third| {
        third.token = json_answer(200, &expiring("gho_2", "ghr_2"));
        third.gate = Some(gate.clone());
    });
    let (refreshed, ()) = tokio::join!(refresh(&bench, ""), async {
        bench.until(|third| !third.exchanges.is_empty()).await;
        let body = json!({ "teamId": bench.team.id });
        bench.call("PUT", "/provider-deauth/github", Some(body)).await;
        gate.add_permits(1);
    });
    assert_eq!(refreshed.1["code"], "RAPI-1003");
    bench.until(|third| third.revoked == ["gho_1", "gho_2"]).await;
}

#[tokio::test]
async fn a_window_that_goes_away_does_not_break_the_refresh_off() {
    let bench = Bench::new().await;
    bench.connect(expiring("gho_1", "ghr_1")).await;
    let gate = Arc::new(Semaphore::new(0));
    bench.tell(|third| {
        third.token = json_answer(200, &expiring("gho_2", "ghr_2"));
        third.gate = Some(gate.clone());
    });
    tokio::select! {
        _ = refresh(&bench, "") => panic!("it waits for the gate"),
        () = bench.until(|third| !third.exchanges.is_empty()) => {}
    }
    gate.add_permits(1);
    eventually(async || {
        let account = bench.account("github").await.expect("connected");
        account
            .access_token
            .is_some_and(|token| token.expose() == "gho_2")
    })
    .await;
    bench.tell(|third| {
        third.gate = None;
        third.token = json_answer(200, &expiring("gho_3", "ghr_3"));
    });
    let (_, answer) = refresh(&bench, "").await;
    assert_eq!(
        access_of(&bench, &answer),
        "gho_3",
        "the next flight is a new one"
    );
}

#[tokio::test]
async fn requests_that_are_not_complete_are_refused_by_name() {
    let bench = Bench::new().await;
    let other = "0".repeat(24);
    for (path, code) in [
        ("/provider-refresh/github".to_owned(), "RAPI-1001"),
        ("/provider-refresh/github?teamId=x".to_owned(), "RAPI-1012"),
        (format!("/provider-refresh/github?teamId={other}"), "USRC-1012"),
        (
            format!("/provider-refresh/nope?teamId={}", bench.team.id),
            "PRVD-1000",
        ),
        (
            format!("/provider-refresh/github?teamId={}&host=git.test", bench.team.id),
            "PRVD-1003",
        ),
        (
            format!("/provider-refresh/github?teamId={}", bench.team.id),
            "RAPI-1003",
        ),
    ] {
        let (status, answer) = bench.call("GET", &path, None).await;
        assert_eq!(
            (status, &answer["code"]),
            (StatusCode::FORBIDDEN, &json!(code)),
            "{path}"
        );
    }
}
