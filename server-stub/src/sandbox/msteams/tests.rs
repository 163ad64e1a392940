use axum::http::StatusCode;

use super::Graph;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::microsoft::Entra;
use crate::sandbox::testing::{Answer, Bench, CALLBACK};

fn bench(scope: &str) -> Bench<Entra<Graph>> {
    Bench::new(
        "organizations/oauth2/v2.0/authorize",
        &[("response_type", "code"), ("scope", scope)],
    )
}

async fn token(bench: &mut Bench<Entra<Graph>>) -> String {
    let code = bench.code_of("mona").await;
    let fields = [
        ("client_id", "app-1"),
        ("client_secret", "hush"),
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
    ];
    let answer = bench
        .caller
        .post("organizations/oauth2/v2.0/token", &[], &fields)
        .await;
    answer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

async fn get(bench: &mut Bench<Entra<Graph>>, path: &str, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    bench.caller.get(path, &[("authorization", &bearer)]).await
}

#[tokio::test]
async fn graph_says_who_somebody_is() {
    let mut bench = bench("User.Read Team.ReadBasic.All");
    let token = token(&mut bench).await;
    let me = get(&mut bench, "api/v1.0/me", &token).await.json();
    assert_eq!(
        (&me["displayName"], &me["userPrincipalName"]),
        (&"Mona Lisa".into(), &"mona@example.com".into())
    );
    assert_eq!(
        get(&mut bench, "api/v1.0/me/joinedTeams", &token).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_call_is_refused_in_graphs_own_words() {
    let mut bench = bench("User.Read");
    let token = token(&mut bench).await;
    let code = |answer: &Answer| {
        answer.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let forbidden = get(&mut bench, "api/v1.0/me/joinedTeams", &token).await;
    assert_eq!(
        (forbidden.status.as_u16(), code(&forbidden)),
        (403, "Authorization_RequestDenied".into())
    );
    let unknown = get(&mut bench, "api/v1.0/me", "nothing").await;
    assert_eq!(
        (unknown.status.as_u16(), code(&unknown)),
        (401, "InvalidAuthenticationToken".into())
    );
    bench.office.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    let expired = get(&mut bench, "api/v1.0/me", &token).await;
    assert_eq!(
        (expired.status.as_u16(), code(&expired)),
        (401, "InvalidAuthenticationToken".into())
    );
}
