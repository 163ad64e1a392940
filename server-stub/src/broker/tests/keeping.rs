//! Disconnects and tokens made by hand.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::bench::{Bench, json_answer};
use crate::store::AccountKey;

async fn put(bench: &Bench, path: &str, mut body: Value) -> (StatusCode, Value) {
    body["teamId"] = json!(bench.team.id);
    bench.call("PUT", path, Some(body)).await
}

#[tokio::test]
async fn a_disconnect_is_revoked_and_published() {
    let bench = Bench::new().await;
    bench.connect(json!({ "access_token": "gho_1" })).await;
    let (status, answer) = put(&bench, "/provider-deauth/github", json!({})).await;
    assert_eq!((status, &answer["revoked"]), (StatusCode::OK, &json!("yes")));
    assert_eq!(answer.get("manualUrl"), None);
    assert_eq!(
        answer["user"]["$unset"][format!("providerInfo.{}.github", bench.team.id)],
        true
    );
    assert_eq!(
        bench.told().await.last().expect("published")["user"],
        answer["user"]
    );
    assert_eq!(bench.tell(|third| third.revoked.clone()), ["gho_1"]);
    assert_eq!(bench.account("github").await, None);
    let (status, answer) = put(&bench, "/provider-deauth/github", json!({})).await;
    assert_eq!(
        (status, &answer["revoked"]),
        (StatusCode::OK, &json!("yes")),
        "twice is as good"
    );
}

#[tokio::test]
async fn a_service_that_refuses_to_revoke_is_named_and_the_account_is_gone_all_the_same() {
    let bench = Bench::new().await;
    bench.connect(json!({ "access_token": "gho_1" })).await;
    bench.tell(|third| third.revoke_status = 503);
    let (_, answer) = put(&bench, "/provider-deauth/github", json!({})).await;
    assert_eq!(answer["revoked"], "failed");
    assert_eq!(answer["manualUrl"], "https://github.com/settings/applications");
    assert_eq!(bench.account("github").await, None);
}

#[tokio::test]
async fn a_token_that_has_ended_is_revoked_by_its_successor() {
    let bench = Bench::new().await;
    bench
        .connect(json!({ "access_token": "gho_1", "refresh_token": "ghr_1", "expires_in": 60 }))
        .await;
    bench.app.clock.advance(Duration::from_mins(1));
    bench.tell(|third| third.token = json_answer(200, &json!({ "access_token": "gho_2" })));
    put(&bench, "/provider-deauth/github", json!({})).await;
    assert_eq!(bench.tell(|third| third.revoked.clone()), ["gho_2"]);
}

#[tokio::test]
async fn a_service_that_ends_everything_is_asked_to_by_a_disconnect_alone_and_in_its_own_region() {
    let bench = Bench::new().await;
    for token in ["first", "second"] {
        bench.tell(|third| third.token = json_answer(200, &json!({ "access_token": token })));
        let (_, start) = bench.press_connect("intercom").await;
        let browser = bench.browser();
        let state = browser.state(&start).await;
        let landed = browser
            .come_back("intercom", &[("code", "good"), ("state", &state)])
            .await;
        assert!(landed.location().starts_with("/web/provider-connected/intercom"));
    }
    let key = AccountKey {
        sub_id: Some("acme".to_owned()),
        ..bench.key("intercom")
    };
    let account = bench.app.store.account(&key).await.expect("a store");
    let data = account.expect("connected").data;
    let base = data["apiBase"].as_str().expect("a base");
    assert!(base.ends_with("/sandbox/intercom/api/eu/"), "{base}");
    let (_, answer) = put(&bench, "/provider-deauth/intercom", json!({ "subId": "acme" })).await;
    assert_eq!(answer["revoked"], "yes");
    // Another service's replaced token is revoked, and by then this one's would have been.
    for token in ["gho_1", "gho_2"] {
        bench.connect(json!({ "access_token": token })).await;
    }
    bench
        .until(|third| third.revoked.iter().any(|token| token == "gho_1"))
        .await;
    assert_eq!(bench.tell(|third| third.revoked.clone()), ["second", "gho_1"]);
}

#[tokio::test]
async fn a_replaced_token_is_left_alone_when_its_refresh_token_was_given_again() {
    let bench = Bench::new().await;
    for (access, refresh) in [("gho_1", "ghr_1"), ("gho_2", "ghr_1"), ("gho_3", "ghr_2")] {
        bench
            .connect(json!({ "access_token": access, "refresh_token": refresh, "expires_in": 60 }))
            .await;
    }
    bench
        .until(|third| third.revoked.iter().any(|token| token == "gho_2"))
        .await;
    assert_eq!(bench.tell(|third| third.revoked.clone()), ["gho_2"]);
}

#[tokio::test]
async fn trello_is_revoked_by_its_token() {
    let bench = Bench::new().await;
    put(
        &bench,
        "/provider-set-token/trello",
        json!({ "token": "by-hand" }),
    )
    .await;
    let account = bench.account("trello").await.expect("connected");
    bench
        .app
        .store
        .put_account(
            crate::store::Account {
                is_api_token: false,
                ..account
            },
            None,
        )
        .await
        .expect("a store");
    let (_, answer) = put(&bench, "/provider-deauth/trello", json!({})).await;
    assert_eq!(answer["revoked"], "yes");
    assert_eq!(bench.tell(|third| third.revoked.clone()), ["by-hand"]);
}

#[tokio::test]
async fn a_token_made_by_hand_connects_and_only_its_maker_can_end_it() {
    let bench = Bench::new().await;
    let body = json!({ "token": " ghp_1 ", "data": { "note": "mine" } });
    let (status, answer) = put(&bench, "/provider-set-token/github", body).await;
    assert_eq!(status, StatusCode::OK);
    let path = |field: &str| format!("providerInfo.{}.github.{field}", bench.team.id);
    assert_eq!(answer["user"]["$set"][path("accessToken")], "ghp_1");
    assert_eq!(answer["user"]["$set"][path("isApiToken")], true);
    assert_eq!(answer["user"]["$set"][path("data")], json!({ "note": "mine" }));
    assert_eq!(answer["user"]["$set"][path("who")], "octocat");
    assert_eq!(
        bench.told().await.last().expect("published")["user"],
        answer["user"]
    );
    let (_, answer) = put(&bench, "/provider-deauth/github", json!({})).await;
    assert_eq!(answer["revoked"], "unsupported");
    assert!(answer["manualUrl"].is_string());
    assert!(bench.tell(|third| third.revoked.is_empty()));
}

#[tokio::test]
async fn without_an_app_a_token_connects_hosts_are_added_and_no_browser_is_sent_there() {
    let bench = Bench::with(|config| {
        config.sandbox = false;
        config.providers.clear();
    })
    .await;
    let token = json!({ "token": "ghp_1", "who": "octocat" });
    let (status, answer) = put(&bench, "/provider-set-token/github", token.clone()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let account = bench.account("github").await.expect("connected");
    assert_eq!(account.who.as_deref(), Some("octocat"));
    let host = format!("/provider-host/github/{}", bench.team.id);
    let address = json!({ "host": "https://git.example.com" });
    let (status, answer) = bench.call("PUT", &host, Some(address)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, start) = bench.press_connect("github").await;
    assert_eq!(bench.browser().get(&start).await.error(), "PRVD-1009");
    let (_, answer) = put(&bench, "/provider-set-token/trello", token).await;
    assert_eq!(answer["code"], "PRVD-1009", "its tokens are made for an app");
}

#[tokio::test]
async fn a_token_replaces_the_one_that_was_approved_and_ends_it() {
    let bench = Bench::new().await;
    bench.connect(json!({ "access_token": "gho_1" })).await;
    put(&bench, "/provider-set-token/github", json!({ "token": "ghp_1" })).await;
    bench.until(|third| third.revoked == ["gho_1"]).await;
}

#[tokio::test]
async fn a_service_that_cannot_be_asked_is_connected_all_the_same() {
    let bench = Bench::new().await;
    bench.tell(|third| third.user = (401, Value::Null));
    let (status, _) = put(&bench, "/provider-set-token/github", json!({ "token": "ghp_1" })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(bench.account("github").await.expect("connected").who, None);
}

#[tokio::test]
async fn data_alone_is_kept_beside_the_token() {
    let bench = Bench::new().await;
    let data = json!({ "data": { "baseUrl": "x" } });
    assert_eq!(
        put(&bench, "/provider-info/github", data.clone()).await.1["code"],
        "RAPI-1003"
    );
    put(
        &bench,
        "/provider-info/github",
        json!({ "data": { "accessToken": "ghp_1" } }),
    )
    .await;
    put(&bench, "/provider-info/github", data).await;
    let account = bench.account("github").await.expect("connected");
    assert_eq!(account.access_token.expect("kept").expose(), "ghp_1");
    assert_eq!(account.data, json!({ "baseUrl": "x" }));
}

#[tokio::test]
async fn bodies_that_are_not_complete_are_refused_by_name() {
    let bench = Bench::new().await;
    for (path, body, code) in [
        ("/provider-set-token/github", json!({}), "RAPI-1005"),
        ("/provider-set-token/github", json!({ "token": " " }), "RAPI-1001"),
        (
            "/provider-set-token/github",
            json!({ "token": "t", "data": 1 }),
            "RAPI-1012",
        ),
        ("/provider-set-token/nope", json!({ "token": "t" }), "PRVD-1000"),
        (
            "/provider-info/github",
            json!({ "data": { "accessToken": 1 } }),
            "RAPI-1012",
        ),
        (
            "/provider-deauth/github",
            json!({ "host": "git.test" }),
            "PRVD-1003",
        ),
    ] {
        let (status, answer) = put(&bench, path, body.clone()).await;
        assert_eq!(
            (status, &answer["code"]),
            (StatusCode::FORBIDDEN, &json!(code)),
            "{path} {body}"
        );
    }
    let (_, answer) = bench
        .call(
            "PUT",
            "/provider-deauth/github",
            Some(json!({ "teamId": "0".repeat(24) })),
        )
        .await;
    assert_eq!(answer["code"], "USRC-1012");
}
