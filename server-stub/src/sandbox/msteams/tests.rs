use axum::http::StatusCode;

use super::Graph;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::microsoft::Entra;
use crate::sandbox::testing::{Answer, Bench};

fn bench(scope: &str) -> Bench<Entra<Graph>> {
    Bench::new(
        "organizations/oauth2/v2.0/authorize",
        &[("response_type", "code"), ("scope", scope)],
    )
    .tokens_at("organizations/oauth2/v2.0/token")
}

#[tokio::test]
async fn graph_says_who_somebody_is() {
    let mut bench = bench("User.Read Team.ReadBasic.All");
    let (token, _) = bench.pair("mona").await;
    let me = bench.get("api/v1.0/me", &token).await.json();
    assert_eq!(
        (&me["displayName"], &me["userPrincipalName"]),
        (&"Mona Lisa".into(), &"mona@example.com".into())
    );
    assert_eq!(
        bench.get("api/v1.0/me/joinedTeams", &token).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_call_is_refused_in_graphs_own_words() {
    let mut bench = bench("User.Read");
    let (token, _) = bench.pair("mona").await;
    let code = |answer: &Answer| {
        answer.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let forbidden = bench.get("api/v1.0/me/joinedTeams", &token).await;
    assert_eq!(
        (forbidden.status.as_u16(), code(&forbidden)),
        (403, "Authorization_RequestDenied".into())
    );
    let unknown = bench.get("api/v1.0/me", "nothing").await;
    assert_eq!(
        (unknown.status.as_u16(), code(&unknown)),
        (401, "InvalidAuthenticationToken".into())
    );
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    let expired = bench.get("api/v1.0/me", &token).await;
    assert_eq!(
        (expired.status.as_u16(), code(&expired)),
        (401, "InvalidAuthenticationToken".into())
    );
}
