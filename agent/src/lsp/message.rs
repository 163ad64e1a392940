//! Decides what a body is: a message to pass on, one to answer here, or one to drop. Pure.
//!
//! What is passed on has been rebuilt from the fields that JSON-RPC 2.0 knows, so that nothing an IDE sends can end the
//! transport behind it.

use codestream_protocol::lsp::error::code;
use codestream_protocol::lsp::request::METHODS;
use serde_json::{Map, Value, json};

/// What to do with a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    /// Pass it on.
    Pass(Value),
    /// Pass it on, and remember that the IDE is about to leave.
    Shutdown(Value),
    /// `exit`: the end.
    Exit,
    /// Answer this, and pass nothing on.
    Answer(Value),
    /// A notification that nobody serves, or an answer that belongs to no request or cannot be read as one.
    Drop,
}

/// An error answer.
pub(crate) fn refusal(id: &Value, code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

/// Reads a body.
pub(crate) fn read(body: &[u8]) -> Message {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Message::Answer(refusal(
            &Value::Null,
            code::PARSE_ERROR,
            "The message is not JSON in UTF-8.",
        ));
    };
    let Value::Object(map) = value else {
        return invalid(&Value::Null, "A message is one JSON object; LSP has no batches.");
    };
    let id = match map.get("id") {
        None => None,
        Some(id) if is_id(id) => Some(id.clone()),
        Some(_) => return invalid(&Value::Null, "`id` is a number or a string."),
    };
    match map.get("method") {
        Some(Value::String(method)) => request(method, id, &map),
        Some(_) => invalid(&id.unwrap_or_default(), "`method` is a string."),
        None if map.contains_key("result") || map.contains_key("error") => response(id, map),
        None => invalid(
            &id.unwrap_or_default(),
            "A message has a `method`, a `result` or an `error`.",
        ),
    }
}

/// Whether anybody behind the reader serves the method. tower-lsp judges the params of the language features that nobody
/// serves here, before it says that nobody does.
fn is_served(method: &str) -> bool {
    const LSP: &[&str] = &[
        "initialize",
        "initialized",
        "shutdown",
        "$/cancelRequest",
        "workspace/executeCommand",
        "window/workDoneProgress/cancel",
    ];
    LSP.contains(&method) || METHODS.contains(&method)
}

fn invalid(id: &Value, message: &str) -> Message {
    Message::Answer(refusal(id, code::INVALID_REQUEST, message))
}

fn is_id(id: &Value) -> bool {
    id.is_string() || id.is_i64()
}

fn request(method: &str, id: Option<Value>, map: &Map<String, Value>) -> Message {
    if map.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return invalid(&id.unwrap_or_default(), "`jsonrpc` is \"2.0\".");
    }
    if method == "exit" {
        return Message::Exit;
    }
    if !is_served(method) {
        return match id {
            Some(id) => Message::Answer(refusal(
                &id,
                code::METHOD_NOT_FOUND,
                &format!("There is no method {method}."),
            )),
            None => Message::Drop,
        };
    }
    let mut rebuilt = Map::new();
    rebuilt.insert("jsonrpc".to_owned(), "2.0".into());
    rebuilt.insert("method".to_owned(), method.into());
    match map.get("params") {
        params if method == "initialize" => {
            rebuilt.insert(
                "params".to_owned(),
                initialize_params(params.unwrap_or(&Value::Null)),
            );
        }
        None | Some(Value::Null) if method.starts_with("codestream/") => {
            rebuilt.insert("params".to_owned(), json!({}));
        }
        None | Some(Value::Null) => {}
        Some(params) if params.is_object() || params.is_array() => {
            rebuilt.insert("params".to_owned(), params.clone());
        }
        Some(_) => return wrong_params(id),
    }
    let is_shutdown = method == "shutdown" && id.is_some();
    if let Some(id) = id {
        rebuilt.insert("id".to_owned(), id);
    }
    let rebuilt = Value::Object(rebuilt);
    if is_shutdown {
        Message::Shutdown(rebuilt)
    } else {
        Message::Pass(rebuilt)
    }
}

/// What the agent reads of `initialize`, and nothing that could keep it from succeeding.
fn initialize_params(sent: &Value) -> Value {
    let window = &sent["capabilities"]["window"];
    let is = |value: &Value| value.as_bool().unwrap_or(false);
    let client = sent["clientInfo"]["name"]
        .as_str()
        .map(|name| json!({ "name": name }));
    let process = sent["processId"].as_u64().and_then(|id| u32::try_from(id).ok());
    json!({
        "processId": process,
        "capabilities": { "window": {
            "workDoneProgress": is(&window["workDoneProgress"]),
            "showDocument": { "support": is(&window["showDocument"]["support"]) },
        } },
        "clientInfo": client,
        "initializationOptions": sent["initializationOptions"],
    })
}

fn wrong_params(id: Option<Value>) -> Message {
    match id {
        Some(id) => Message::Answer(refusal(&id, code::INVALID_PARAMS, "`params` is an object.")),
        None => Message::Drop,
    }
}

/// An answer of the IDE, with nothing but what an answer has.
fn response(id: Option<Value>, mut map: Map<String, Value>) -> Message {
    let Some(id) = id else { return Message::Drop };
    if let Some(result) = map
        .shift_remove("result")
        .filter(|_| !map.get("error").is_some_and(Value::is_object))
    {
        return Message::Pass(json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }
    let Some(Value::Object(error)) = map.shift_remove("error") else {
        return Message::Drop;
    };
    let number = error
        .get("code")
        .and_then(Value::as_i64)
        .unwrap_or(code::REQUEST_FAILED);
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    Message::Pass(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": number, "message": message } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(message: Message) -> (i64, Value) {
        match message {
            Message::Answer(answer) => (
                answer["error"]["code"].as_i64().expect("a code"),
                answer["id"].clone(),
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_message_is_answered_here() {
        for (body, code, id) in [
            ("{", code::PARSE_ERROR, Value::Null),
            ("", code::PARSE_ERROR, Value::Null),
            ("{}", code::INVALID_REQUEST, Value::Null),
            ("[]", code::INVALID_REQUEST, Value::Null),
            ("7", code::INVALID_REQUEST, Value::Null),
            (r#"{"jsonrpc":"2.0","id":1}"#, code::INVALID_REQUEST, json!(1)),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
                code::INVALID_REQUEST,
                json!(1),
            ),
            (
                r#"{"jsonrpc":"2.0","id":[],"method":"x"}"#,
                code::INVALID_REQUEST,
                Value::Null,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#,
                code::INVALID_REQUEST,
                Value::Null,
            ),
            (
                r#"{"jsonrpc":"1.0","id":1,"method":"x"}"#,
                code::INVALID_REQUEST,
                json!(1),
            ),
            (r#"{"id":"a","method":"x"}"#, code::INVALID_REQUEST, json!("a")),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"codestream/status","params":7}"#,
                code::INVALID_PARAMS,
                json!(1),
            ),
        ] {
            assert_eq!(code_of(read(body.as_bytes())), (code, id), "{body}");
        }
        assert_eq!(code_of(read(b"{\"a\":\"\xff\"}")).0, code::PARSE_ERROR);
    }

    #[test]
    fn missing_params_of_our_own_methods_are_an_empty_object_and_of_others_are_left_out() {
        for params in ["", r#","params":null"#] {
            let own = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"codestream/status"{params}}}"#);
            let other = format!(r#"{{"jsonrpc":"2.0","id":2,"method":"shutdown"{params}}}"#);
            let Message::Pass(own) = read(own.as_bytes()) else {
                panic!("{own}")
            };
            assert_eq!(own["params"], json!({}));
            let Message::Shutdown(other) = read(other.as_bytes()) else {
                panic!("{other}")
            };
            assert_eq!(other.get("params"), None);
        }
    }

    #[test]
    fn an_answer_keeps_only_what_an_answer_has() {
        for (body, passed) in [
            (
                r#"{"id":1,"result":null,"x":1}"#,
                json!({"jsonrpc":"2.0","id":1,"result":null}),
            ),
            (
                r#"{"id":1,"result":null,"error":null}"#,
                json!({"jsonrpc":"2.0","id":1,"result":null}),
            ),
            (
                r#"{"id":1,"error":{"code":"x"}}"#,
                json!({"jsonrpc":"2.0","id":1,"error":{"code":-32803,"message":""}}),
            ),
        ] {
            assert_eq!(read(body.as_bytes()), Message::Pass(passed), "{body}");
        }
        for body in [r#"{"result":1}"#, r#"{"id":1,"error":7}"#] {
            assert_eq!(read(body.as_bytes()), Message::Drop, "{body}");
        }
    }

    #[test]
    fn initialize_keeps_what_is_read_and_can_be_read() {
        for (params, show, options) in [
            (json!(null), false, json!(null)),
            (
                json!({"capabilities": 7, "processId": "x", "clientInfo": []}),
                false,
                json!(null),
            ),
            (
                json!({"processId": 7, "capabilities": {"window": {"showDocument": {"support": true}}}, "initializationOptions": [1]}),
                true,
                json!([1]),
            ),
        ] {
            let body =
                json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).to_string();
            let Message::Pass(passed) = read(body.as_bytes()) else {
                panic!("{body}")
            };
            let kept = &passed["params"];
            assert_eq!(
                kept["capabilities"]["window"]["showDocument"]["support"], show,
                "{body}"
            );
            assert_eq!(kept["initializationOptions"], options, "{body}");
            let read: tower_lsp::lsp_types::InitializeParams =
                serde_json::from_value(kept.clone()).expect("readable");
            assert_eq!(read.process_id, show.then_some(7), "{body}");
        }
    }

    #[test]
    fn what_nobody_serves_is_unknown_whatever_its_params_are() {
        for method in ["textDocument/hover", "codestream/no/such", ""] {
            for params in ["", r#","params":null"#, r#","params":{}"#, r#","params":7"#] {
                let request = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"{params}}}"#);
                let unknown = (code::METHOD_NOT_FOUND, json!(1));
                assert_eq!(code_of(read(request.as_bytes())), unknown, "{request}");
                let notification = format!(r#"{{"jsonrpc":"2.0","method":"{method}"{params}}}"#);
                assert_eq!(read(notification.as_bytes()), Message::Drop, "{notification}");
            }
        }
    }

    #[test]
    fn exit_is_seen() {
        assert_eq!(read(br#"{"jsonrpc":"2.0","method":"exit"}"#), Message::Exit);
        assert_eq!(
            read(br#"{"jsonrpc":"2.0","method":"exit","params":null}"#),
            Message::Exit
        );
    }
}
