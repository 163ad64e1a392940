use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response as AxumResponse};
use axum::routing::{any, get};
use serde_json::json;

use super::*;
use crate::api::ServerUrl;
use crate::fake;
use crate::thirdparty::service;

/// Tells what was asked.
async fn echo(request: Request) -> AxumResponse {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let told = json!({
        "method": parts.method.as_str(),
        "uri": parts.uri.to_string(),
        "authorization": header("authorization"),
        "accept": header("accept"),
        "contentType": header("content-type"),
        "custom": header("x-custom"),
        "body": String::from_utf8_lossy(&body),
    });
    ([("x-one", "1"), ("set-cookie", "secret=1")], axum::Json(told)).into_response()
}

async fn base() -> ApiBase {
    let router = Router::new()
        .route("/api/echo", any(echo))
        .route(
            "/api/there",
            any(|| async { Redirect::temporary("/api/echo?from=there") }),
        )
        .route("/api/see", any(|| async { Redirect::to("/api/echo") }))
        .route("/api/out", any(|| async { Redirect::temporary("/private/echo") }))
        .route(
            "/api/away",
            any(|| async { Redirect::temporary("https://evil.test/") }),
        )
        .route("/api/loop", any(|| async { Redirect::temporary("/api/loop") }))
        .route("/api/text", get(|| async { "plain" }))
        .route(
            "/api/teapot",
            get(|| async { (StatusCode::IM_A_TEAPOT, axum::Json(json!({"short": true}))) }),
        )
        .route(
            "/api/large",
            get(|| async { Body::from(vec![b'x'; BODY_LIMIT + 1]) }),
        )
        .route("/api/slow", get(std::future::pending::<()>))
        .route("/private/echo", any(echo));
    let address = fake::serve(router).await;
    let server: ServerUrl = format!("http://{address}").parse().expect("an origin");
    let github = service("github").expect("github");
    ApiBase::of_row(github, &format!("http://{address}/api/"), false, &server).expect("a base")
}

fn account() -> ProviderInfo {
    serde_json::from_value(json!({"accessToken": "gho_x"})).expect("an account")
}

fn params(method: &str, path: &str) -> CallParams {
    serde_json::from_value(json!({"providerId": "github", "method": method, "path": path})).expect("params")
}

async fn call(params: &CallParams) -> Result<CallResult, CallError> {
    let github = service("github").expect("github");
    let called = ThirdParty::new(fake::network())
        .request(github, &base().await, &account(), params)
        .await?;
    Ok(called.answer)
}

#[tokio::test]
async fn a_call_carries_token_query_headers_and_body() {
    let mut params = params("post", "echo?a=1");
    params.query = Some([("b".to_owned(), "x y&z".to_owned())].into());
    params.headers = Some([("X-Custom".to_owned(), "yes".to_owned())].into());
    params.body = Some(json!({"title": "ü"}));
    let answer = call(&params).await.expect("an answer");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        json!({
            "method": "POST", "uri": "/api/echo?a=1&b=x+y%26z", "authorization": "Bearer gho_x",
            "accept": "application/vnd.github+json", "contentType": "application/json", "custom": "yes",
            "body": r#"{"title":"ü"}"#,
        })
    );
    assert_eq!(answer.headers["x-one"], "1");
    assert!(!answer.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_text_body_is_sent_as_it_is_and_one_that_is_not_json_comes_back_as_text() {
    let mut params = params("PUT", "echo");
    params.body = Some(json!("a=1&b=2"));
    params.headers = Some(
        [(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        )]
        .into(),
    );
    let answer = call(&params).await.expect("an answer");
    assert_eq!(
        (&answer.body["body"], &answer.body["contentType"]),
        (&json!("a=1&b=2"), &json!("application/x-www-form-urlencoded"))
    );
    assert_eq!(
        call(&self::params("GET", "text")).await.expect("an answer").body,
        json!("plain")
    );
}

#[tokio::test]
async fn a_status_of_four_hundred_is_an_answer() {
    let answer = call(&params("GET", "teapot")).await.expect("an answer");
    assert_eq!((answer.status, answer.body), (418, json!({"short": true})));
}

#[tokio::test]
async fn a_redirect_is_followed_within_the_base_and_returned_out_of_it() {
    let answer = call(&params("GET", "there")).await.expect("an answer");
    assert_eq!(
        (answer.status, &answer.body["uri"]),
        (200, &json!("/api/echo?from=there"))
    );
    let answer = call(&params("POST", "see")).await.expect("an answer");
    assert_eq!((answer.status, &answer.body["method"]), (200, &json!("GET")));
    for (path, location) in [("out", "/private/echo"), ("away", "https://evil.test/")] {
        let answer = call(&params("GET", path)).await.expect("an answer");
        assert_eq!(
            (answer.status, answer.headers["location"].as_str()),
            (307, location)
        );
    }
    assert!(matches!(
        call(&params("GET", "loop")).await,
        Err(CallError::Decode { .. })
    ));
}

#[tokio::test]
async fn headers_that_are_ours_and_methods_that_are_none_are_refused() {
    for name in [
        "Authorization",
        "cookie",
        "HOST",
        "Content-Length",
        "Proxy-Authorization",
        "transfer-encoding",
        "a b",
        "",
    ] {
        let mut params = params("GET", "echo");
        params.headers = Some([(name.to_owned(), "x".to_owned())].into());
        assert!(matches!(call(&params).await, Err(CallError::Params(_))), "{name}");
    }
    for method in ["CONNECT", "TRACE", "", "G E T"] {
        assert!(
            matches!(call(&params(method, "echo")).await, Err(CallError::Params(_))),
            "{method}"
        );
    }
    let mut params = params("GET", "echo");
    params.headers = Some([("x-custom".to_owned(), "a\r\nb: c".to_owned())].into());
    assert!(matches!(call(&params).await, Err(CallError::Params(_))));
}

#[tokio::test]
async fn bodies_and_times_are_bounded() {
    assert_eq!(call(&params("GET", "large")).await, Err(CallError::TooLarge));
    let mut large = params("POST", "echo");
    large.body = Some(Value::String("x".repeat(BODY_LIMIT + 1)));
    assert_eq!(call(&large).await, Err(CallError::TooLarge));
    let mut slow = params("GET", "slow");
    slow.timeout_ms = Some(20);
    assert!(matches!(
        call(&slow).await,
        Err(CallError::Network(NetworkError::Timeout { .. }))
    ));
}

#[tokio::test]
async fn a_path_out_of_the_base_is_a_wrong_param() {
    for path in [
        "../private/echo",
        "https://evil.test/",
        "//evil.test/",
        "%2e%2e/private/echo",
    ] {
        assert!(
            matches!(call(&params("GET", path)).await, Err(CallError::Params(_))),
            "{path}"
        );
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let github = service("github").expect("github");
    let nobody = serde_json::from_value(json!({})).expect("an account");
    let answer = ThirdParty::new(fake::network())
        .request(github, &base().await, &nobody, &params("GET", "echo"))
        .await;
    assert_eq!(answer, Err(CallError::NoToken));
}
