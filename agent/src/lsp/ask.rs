//! Requests of ours to the IDE, and how long one waits for their answers.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tower_lsp::lsp_types::request::Request;
use tower_lsp::{Client, jsonrpc};

use crate::lifecycle::Lifecycle;

/// Asks the IDE; `None`: no answer in time.
///
/// tower-lsp 0.20 panics on the answer to a request whose future was dropped, and a person may answer at any time. So the
/// request stays in flight for as long as the agent runs; only the wait for it is bounded.
pub(crate) async fn ask<R>(
    client: &Client,
    lifecycle: &Lifecycle,
    params: R::Params,
    patience: Duration,
) -> Option<jsonrpc::Result<R::Result>>
where
    R: Request + 'static,
    R::Params: Send + 'static,
    R::Result: Send + 'static,
{
    let (tell, answered) = oneshot::channel();
    let client = client.clone();
    lifecycle.spawn(async move {
        // Whoever asked may have gone on.
        let _ = tell.send(client.send_request::<R>(params).await);
    });
    timeout(patience, answered).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tower_lsp::lsp_types::request::WorkDoneProgressCreate;
    use tower_lsp::lsp_types::{
        InitializeParams, InitializeResult, NumberOrString, WorkDoneProgressCreateParams,
    };
    use tower_lsp::{LanguageServer, LspService, Server};

    use super::*;

    struct Backend {
        client: Client,
        lifecycle: Lifecycle,
    }

    #[tower_lsp::async_trait]
    impl LanguageServer for Backend {
        async fn initialize(&self, _: InitializeParams) -> jsonrpc::Result<InitializeResult> {
            Ok(InitializeResult::default())
        }

        async fn shutdown(&self) -> jsonrpc::Result<()> {
            Ok(())
        }
    }

    impl Backend {
        async fn patient(&self) -> jsonrpc::Result<Value> {
            let params = WorkDoneProgressCreateParams {
                token: NumberOrString::Number(1),
            };
            let patience = Duration::from_secs(10);
            let answer = ask::<WorkDoneProgressCreate>(&self.client, &self.lifecycle, params, patience).await;
            Ok(json!({ "answered": answer.is_some() }))
        }
    }

    async fn write(to: &mut DuplexStream, message: Value) {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        to.write_all(frame.as_bytes()).await.expect("a listener");
    }

    async fn read(from: &mut DuplexStream) -> Value {
        let mut header = Vec::new();
        while !header.ends_with(b"\r\n\r\n") {
            header.push(from.read_u8().await.expect("a header"));
        }
        let header = String::from_utf8(header).expect("text");
        let length = header
            .trim()
            .rsplit(' ')
            .next()
            .and_then(|text| text.parse().ok());
        let mut body = vec![0; length.expect("a length")];
        from.read_exact(&mut body).await.expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_comes_too_late_harms_nobody() {
        let lifecycle = Lifecycle::default();
        let of_backend = lifecycle.clone();
        let (service, socket) = LspService::build(move |client| Backend {
            client,
            lifecycle: of_backend,
        })
        .custom_method("test/patient", Backend::patient)
        .finish();
        let (mut to_agent, stdin) = duplex(4096);
        let (stdout, mut from_agent) = duplex(4096);
        lifecycle.spawn(Server::new(stdin, stdout, socket).serve(service));

        write(
            &mut to_agent,
            json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}),
        )
        .await;
        assert_eq!(read(&mut from_agent).await["id"], 1);
        for id in [2, 3] {
            write(
                &mut to_agent,
                json!({"jsonrpc": "2.0", "id": id, "method": "test/patient"}),
            )
            .await;
            let asked = read(&mut from_agent).await;
            assert_eq!(asked["method"], "window/workDoneProgress/create");
            // The clock is paused: waiting for the answer lets the patience run out.
            let answer = read(&mut from_agent).await;
            assert_eq!(
                (&answer["id"], &answer["result"]["answered"]),
                (&json!(id), &json!(false))
            );
            write(
                &mut to_agent,
                json!({"jsonrpc": "2.0", "id": asked["id"], "result": null}),
            )
            .await;
        }
    }
}
