//! A connection over time: tokens that expire, a service in trouble, a grant that is taken back.

use codestream_protocol::lsp::error::ErrorKind;
use e2e::services::Renewal;
use serde_json::json;

use super::bench::Bench;

/// Connects with tokens that expire wherever they can. Some services have it as a setting of the app.
async fn connect_expiring(bench: &mut Bench) {
    bench.fault("tokens", json!({"expiring": true})).await;
    bench.connect().await;
    let summary = bench.ide.summary(bench.name()).await;
    let expires = bench.service.renewal.expires();
    assert!(
        summary
            .accounts
            .iter()
            .all(|account| account.expires_at.is_some() == expires),
        "{summary:?}"
    );
}

pub(super) async fn api_401_and_refresh(bench: &mut Bench) {
    let name = bench.name();
    connect_expiring(bench).await;
    let before = bench.seen().await.refreshes().len();
    bench.fault("tokens", json!({"expireAll": true})).await;
    if !bench.service.renewal.expires() {
        let refused = bench.ide.me(name).await.expect_err("the token is refused");
        assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
        assert_eq!(
            bench.seen().await.refreshes().len(),
            before,
            "no refresh is tried"
        );
        bench.connect().await;
        return;
    }
    for round in 1..=2 {
        // The service's 401 is answered with one refresh and the call again.
        bench.ide.me(name).await.expect("refreshed, and called again");
        let seen = bench.seen().await;
        assert_eq!(seen.refreshes().len(), before + round, "one refresh a time");
        bench.fault("tokens", json!({"expireAll": true})).await;
    }
    let expected = match bench.service.renewal {
        Renewal::RotatesWhenSet => Renewal::Rotates,
        renewal => renewal,
    };
    assert_eq!(bench.seen().await.renewal(), expected);
}

pub(super) async fn trouble_at_refresh(bench: &mut Bench) {
    if !bench.service.renewal.expires() {
        let summary = bench.ide.summary(bench.name()).await;
        let never = summary
            .accounts
            .iter()
            .all(|account| account.expires_at.is_none());
        assert!(never, "there is nothing to refresh: {summary:?}");
        return;
    }
    let name = bench.name();
    connect_expiring(bench).await;
    bench.fault("tokens", json!({"expireAll": true})).await;
    let broken = json!({"failNext": 9, "status": 503, "body": "<h1>Unavailable</h1>"});
    bench.fault("exchange", broken).await;
    let refused = bench.ide.me(name).await.expect_err("no token to call with");
    assert_ne!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    assert!(bench.is_connected().await, "trouble proves nothing");
    bench.fault("exchange", json!({"failNext": 0})).await;
    bench.ide.me(name).await.expect("it works again");
}

/// The API refuses the access token and the token endpoint, where there is one to ask, the refresh token.
pub(super) async fn grant_taken_back(bench: &mut Bench) {
    let name = bench.name();
    connect_expiring(bench).await;
    let before = bench.seen().await.refreshes().len();
    bench.fault("tokens", json!({"revokeAll": true})).await;
    let refused = bench.ide.me(name).await.expect_err("the grant is gone");
    assert_eq!(refused.kind(), ErrorKind::TokenRevoked, "{refused:?}");
    let asked = bench.seen().await.refreshes().len() > before;
    assert_eq!(asked, bench.service.renewal.expires(), "a refresh proves it");
    let summary = bench.ide.summary(name).await;
    assert!(
        !summary.connected && summary.accounts[0].error.is_some(),
        "{summary:?}"
    );
    assert!(
        bench.ide.status().await.session.is_some(),
        "the session is another matter"
    );
    bench.connect().await;
    let summary = bench.ide.summary(name).await;
    assert!(
        summary.connected && summary.accounts[0].error.is_none(),
        "{summary:?}"
    );
}
