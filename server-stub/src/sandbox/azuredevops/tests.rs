use axum::http::StatusCode;

use super::DevOps;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::microsoft::Entra;
use crate::sandbox::testing::Bench;

fn bench() -> Bench<Entra<DevOps>> {
    let scope = "499b84ac-1321-427f-aa17-267ca6975798/.default openid offline_access";
    Bench::new(
        "organizations/oauth2/v2.0/authorize",
        &[("response_type", "code"), ("scope", scope)],
    )
    .tokens_at("organizations/oauth2/v2.0/token")
}

#[tokio::test]
async fn the_profile_says_who_somebody_is() {
    let mut bench = bench();
    let (token, _) = bench.pair("mona").await;
    let me = bench.get("api/_apis/profile/profiles/me", &token).await;
    assert_eq!(me.json()["emailAddress"], "mona@example.com");
}

#[tokio::test]
async fn an_expired_token_gets_the_sign_in_page_with_a_status_of_success() {
    let mut bench = bench();
    let (token, _) = bench.pair("mona").await;
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    let answer = bench.get("api/_apis/profile/profiles/me", &token).await;
    assert_eq!(answer.status, StatusCode::NON_AUTHORITATIVE_INFORMATION);
    assert!(answer.text.contains("Sign In"));
}

#[tokio::test]
async fn an_organisation_that_keeps_apps_out_refuses_every_call() {
    let mut bench = bench();
    let (token, _) = bench.pair("mona").await;
    assert_eq!(
        bench.get("api/acme/_apis/projects", &token).await.status,
        StatusCode::OK
    );
    let refused = bench.get("api/closed/_apis/projects", &token).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.text.starts_with("TF400813: "));
}
