//! What a token endpoint can do. A service that gives its token in the fragment has none, which is checked.

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use e2e::services::Answer;
use serde_json::json;

use super::bench::{Bench, ORDINARY, parameter, with};

pub(super) async fn code_reused(bench: &mut Bench) {
    let (started, callback) = bench.up_to_the_callback().await;
    let first = bench.scene.browser.open(callback.as_str()).await.text();
    let end = bench.ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::Connected, "{end:?}");
    let exchanges = bench.seen().await.exchanges();

    let again = bench.scene.browser.open(callback.as_str()).await.text();
    assert_eq!(again, first, "its browser sees the same page again");
    assert_eq!(
        bench.seen().await.exchanges(),
        exchanges,
        "a state leads to one exchange"
    );

    // Somebody else's handshake that brings the same code: now it is the service that refuses.
    let Answer::Code(code) = bench.service.answer else {
        assert_eq!(exchanges, 0, "there is no code that could be used again");
        return;
    };
    let (started, callback_again) = bench.up_to_the_callback().await;
    let used = parameter(&callback, code.parameter);
    let callback = with(&callback_again, code.parameter, |_| used.clone());
    let page = bench.scene.browser.open(callback.as_str()).await;
    let words = bench
        .fails(&started, &page, ErrorKind::ExchangeRefused, "PRVD-1001")
        .await;
    assert!(words.contains(code.reused), "no {} in: {words}", code.reused);
    assert!(bench.is_connected().await, "nothing was changed");
}

pub(super) async fn refused(bench: &mut Bench) {
    let error = match bench.service.answer {
        Answer::Code(code) => code.refusal,
        Answer::Fragment => Some("Invalid key"),
    };
    bench
        .fault("exchange", json!({"failNext": true, "error": error}))
        .await;
    let started = bench.press().await;
    let page = bench.scene.browser.approve_as(&started.url, ORDINARY).await;
    if bench.service.answer == Answer::Fragment {
        // Words for a person are all that comes back, instead of the token.
        bench
            .fails(&started, &page, ErrorKind::Declined, "PRVD-1006")
            .await;
    } else {
        let words = bench
            .fails(&started, &page, ErrorKind::ExchangeRefused, "PRVD-1001")
            .await;
        let shown = error.unwrap_or("http_401");
        assert!(words.contains(shown), "no {shown} in: {words}");
    }
    assert!(bench.is_connected().await, "nothing was changed");
}

pub(super) async fn cut_off(bench: &mut Bench) {
    let started;
    let page;
    let code = if bench.service.answer == Answer::Fragment {
        let (begun, mut callback) = bench.up_to_the_callback().await;
        callback.set_fragment(Some("token="));
        started = begun;
        page = bench.scene.browser.open(callback.as_str()).await;
        "PRVD-1001"
    } else {
        let answer = json!({"failNext": true, "status": 200, "body": r#"{"access_token":"ab"#});
        bench.fault("exchange", answer).await;
        started = bench.press().await;
        page = bench.scene.browser.approve_as(&started.url, ORDINARY).await;
        "PRVD-1007"
    };
    bench
        .fails(&started, &page, ErrorKind::ExchangeRefused, code)
        .await;
    assert!(bench.is_connected().await, "nothing was changed");
}
