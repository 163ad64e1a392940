//! What a broken client may send: each frame is answered or dropped, and the next request is still answered.

use codestream_protocol::lsp::error::code::{INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR};
use e2e::{HeadlessIde, frame};
use serde_json::{Value, json};

use crate::scene::Scene;

/// Reads an answer that belongs to no request.
async fn stray(ide: &HeadlessIde) -> Value {
    ide.message("", |_| true).await.params
}

#[tokio::test]
async fn malformed_bodies_are_answered_and_the_next_request_too() {
    let scene = Scene::new().await;
    let ide = scene.signed_out().await;
    for (what, body, code) in [
        ("bad JSON", &b"{\"jsonrpc\": \"2.0\", "[..], PARSE_ERROR),
        (
            "bad UTF-8",
            &b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\xfe\"}"[..],
            PARSE_ERROR,
        ),
        ("an empty object", &b"{}"[..], INVALID_REQUEST),
        ("an empty array", &b"[]"[..], INVALID_REQUEST),
        ("a number", &b"7"[..], INVALID_REQUEST),
        ("nothing", &b""[..], PARSE_ERROR),
        (
            "a method that is no string",
            &b"{\"jsonrpc\":\"2.0\",\"id\":900,\"method\":5}"[..],
            INVALID_REQUEST,
        ),
    ] {
        ide.send_bytes(frame::wrap(body));
        let answer = stray(&ide).await;
        assert_eq!(answer["error"]["code"], code, "{what}: {answer}");
        ide.status().await;
    }
    ide.finish().await;
}

#[tokio::test]
async fn malformed_headers_are_skipped_and_the_next_request_is_answered() {
    let scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let long = "x".repeat(100_000);
    for bytes in [
        "Content-Length: abc\r\n\r\n".to_owned(),
        "Content-Length: -5\r\n\r\n".to_owned(),
        "no header at all\r\n\r\n".to_owned(),
        "\r\n\r\n\r\n".to_owned(),
        "Content-Type: text/plain\r\n\r\n{}".to_owned(),
        "Content-Length: 99999999999\r\n\r\n".to_owned(),
        "Content-Length: 99999999999999999999999999\r\n\r\n".to_owned(),
        long,
    ] {
        ide.send_bytes(bytes.clone().into_bytes());
        ide.status().await;
    }
    // Each may have been answered with an error, or not at all; nothing else may have come of it.
    for answer in ide.take_unread() {
        assert!(
            answer.method.is_empty() && answer.params["error"].is_object(),
            "{answer:?}"
        );
    }
    ide.finish().await;
}

#[tokio::test]
async fn a_length_that_lies_costs_at_most_the_frames_it_swallowed() {
    let scene = Scene::new().await;
    let ide = scene.signed_out().await;
    // Too short: the rest of the body is not a header.
    ide.send_bytes(b"Content-Length: 5\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":901,\"method\":\"x\"}".to_vec());
    ide.status().await;
    // Too long: it swallows the beginning of the next frame.
    ide.send_bytes(b"Content-Length: 60\r\n\r\n{}".to_vec());
    let (_, _swallowed) = ide.begin("codestream/status", &json!({}));
    ide.status().await;
    for answer in ide.take_unread() {
        assert!(
            answer.method.is_empty() && answer.params["error"].is_object(),
            "{answer:?}"
        );
    }
    ide.finish().await;
}

#[tokio::test]
async fn a_frame_in_small_pieces_is_one_frame() {
    let scene = Scene::new().await;
    let ide = scene.signed_out().await;
    let request =
        frame::encode(&json!({"jsonrpc": "2.0", "id": 902, "method": "codestream/status", "params": {}}));
    for piece in request.chunks(7) {
        ide.send_bytes(piece.to_vec());
    }
    let answer = stray(&ide).await;
    assert_eq!(
        (&answer["id"], answer["result"].is_object()),
        (&json!(902), true),
        "{answer}"
    );
    ide.finish().await;
}

#[tokio::test]
async fn unknown_methods_and_bad_params_are_refused_by_code() {
    let scene = Scene::new().await;
    let ide = scene.signed_out().await;
    for method in ["codestream/no/such", "textDocument/hover", "x", ""] {
        let refused = ide.call(method, &json!({})).await.expect_err("nobody serves it");
        assert_eq!(refused.code, METHOD_NOT_FOUND, "{method}: {refused:?}");
    }
    for (method, params) in [
        ("codestream/provider/connect", Value::Null),
        ("codestream/provider/connect", json!({})),
        ("codestream/provider/connect", json!({"providerId": 7})),
        ("codestream/provider/connect", json!([])),
        ("codestream/attempt/cancel", json!({"attemptId": "not a uuid"})),
        (
            "codestream/login/sso",
            json!({"provider": "github", "signup": "yes"}),
        ),
        ("codestream/provider/request", json!({"providerId": "github"})),
    ] {
        let refused = ide
            .call(method, &params)
            .await
            .expect_err("params that do not fit");
        assert_eq!(refused.code, INVALID_PARAMS, "{method} {params}: {refused:?}");
        assert!(!refused.message.is_empty());
    }
    // Requests without params take none, and null, as `{}`.
    assert!(ide.call("codestream/status", &Value::Null).await.is_ok());
    for (id, method) in [
        (910, "codestream/status"),
        (911, "codestream/provider/list"),
        (912, "codestream/logout"),
    ] {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": null});
        ide.send_bytes(frame::encode(&request));
        let answer = stray(&ide).await;
        assert_eq!(
            (&answer["id"], answer["result"].is_object()),
            (&json!(id), true),
            "{answer}"
        );
    }
    // Unknown notifications are dropped.
    ide.tell("codestream/no/such", &json!({}));
    ide.tell("$/unknown", &Value::Null);
    ide.status().await;
    ide.finish().await;
}
