//! The frame reader in front of the LSP server: owns stdin, stdout and the end of the process.
//!
//! tower-lsp ends its transport at the first malformed frame, and `exit` does not end it. So every frame is read and judged
//! here; only well-formed messages go on, through an in-memory pipe. One task writes to stdout, whole frames at a time.

use std::time::Duration;

use codestream_protocol::lsp::error::code;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::framer::{Frame, Framer};
use super::message::{self, Message};

/// How long handlers may go on after the end of the input.
const GRACE: Duration = Duration::from_secs(2);
const PIPE: usize = 64 * 1024;

/// How the conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// `shutdown`, then `exit`.
    Orderly,
    /// `exit` alone, or the input closed.
    Abrupt,
}

/// Runs `serve` behind the reader until `exit`, the end of `input`, or the end of `gone`. `serve` gets the pipe's two ends and may end by
/// itself or not at all.
pub(crate) async fn run<R, W, S, F>(
    mut input: R,
    output: W,
    gone: impl Future<Output = ()>,
    serve: S,
) -> Ending
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    S: FnOnce(DuplexStream, DuplexStream) -> F,
    F: Future<Output = ()>,
{
    let (mut to_server, server_in) = duplex(PIPE);
    let (server_out, from_server) = duplex(PIPE);
    let (answers, outbox) = mpsc::unbounded_channel();
    let relayed = relay(from_server, answers.clone());
    let written = write(output, outbox);
    let reading = async {
        let ending = tokio::select! {
            ending = read(&mut input, &mut to_server, &answers) => ending,
            () = gone => Ending::Abrupt,
        };
        // The end of its input is what makes the server finish.
        drop(to_server);
        drop(answers);
        ending
    };
    let serving = serve(server_in, server_out);
    let behind = async { tokio::join!(serving, relayed, written) };
    tokio::pin!(behind);
    tokio::pin!(reading);
    let ending = tokio::select! {
        ending = &mut reading => ending,
        _ = &mut behind => return reading.await,
    };
    // A handler that does not come back is left behind.
    let _ = timeout(GRACE, behind).await;
    ending
}

/// Reads and judges frames until the conversation ends.
async fn read<R: AsyncRead + Unpin>(
    input: &mut R,
    server: &mut DuplexStream,
    answers: &mpsc::UnboundedSender<Vec<u8>>,
) -> Ending {
    let mut framer = Framer::default();
    let mut chunk = vec![0; PIPE];
    let mut shutdown = false;
    loop {
        while let Some(frame) = framer.next() {
            let judged = match frame {
                Frame::Body(body) => message::read(&body),
                Frame::Junk => refused(code::PARSE_ERROR, "This is not an LSP frame."),
                Frame::TooLarge => refused(code::INVALID_REQUEST, "The message is larger than 16 MiB."),
            };
            match judged {
                Message::Pass(value) => pass(server, &value).await,
                Message::Shutdown(value) => {
                    shutdown = true;
                    pass(server, &value).await;
                }
                Message::Exit if shutdown => return Ending::Orderly,
                Message::Exit => return Ending::Abrupt,
                Message::Answer(value) => {
                    framer.distrust();
                    // Without a writer nobody is left to be told.
                    let _ = answers.send(value.to_string().into_bytes());
                }
                Message::Drop => tracing::debug!("what nobody serves or waits for was dropped"),
            }
        }
        match input.read(&mut chunk).await {
            Ok(0) | Err(_) => return Ending::Abrupt,
            Ok(read) => framer.push(&chunk[..read]),
        }
    }
}

fn refused(code: i64, message: &str) -> Message {
    Message::Answer(message::refusal(&Value::Null, code, message))
}

async fn pass(server: &mut DuplexStream, value: &Value) {
    // A server that has ended takes nothing more; `exit` is still to come.
    let _ = server.write_all(&framed(value.to_string().as_bytes())).await;
}

/// Takes the server's frames out of the pipe, so that none is ever cut by an answer of our own.
async fn relay(mut from: DuplexStream, answers: mpsc::UnboundedSender<Vec<u8>>) {
    let mut framer = Framer::default();
    let mut chunk = vec![0; PIPE];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        framer.push(&chunk[..read]);
        while let Some(frame) = framer.next() {
            if let Frame::Body(body) = frame
                && answers.send(body).is_err()
            {
                return;
            }
        }
    }
}

async fn write<W: AsyncWrite + Unpin>(mut output: W, mut bodies: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(body) = bodies.recv().await {
        let mut bytes = framed(&body);
        // What is waiting already goes out in the same write.
        while let Ok(body) = bodies.try_recv() {
            bytes.extend(framed(&body));
        }
        if output.write_all(&bytes).await.is_err() || output.flush().await.is_err() {
            return;
        }
    }
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::future::{pending, ready};

    /// A server that echoes what it gets until its input ends.
    async fn echo(mut input: DuplexStream, mut output: DuplexStream) {
        tokio::io::copy(&mut input, &mut output)
            .await
            .expect("an in-memory pipe");
    }

    /// A server that never ends.
    async fn deaf(_input: DuplexStream, _output: DuplexStream) {
        pending::<()>().await;
    }

    fn all(bodies: &[&str]) -> Vec<u8> {
        bodies.iter().flat_map(|body| framed(body.as_bytes())).collect()
    }

    fn bodies(bytes: &[u8]) -> Vec<Value> {
        let mut framer = Framer::default();
        framer.push(bytes);
        std::iter::from_fn(|| framer.next())
            .map(|frame| match frame {
                Frame::Body(body) => serde_json::from_slice(&body).expect("JSON"),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[tokio::test]
    async fn a_malformed_frame_is_answered_and_the_next_one_passes() {
        let mut input = all(&["{", "[]"]);
        input.extend(b"Content-Length: 99999999999\r\n\r\n");
        input.extend(all(&[r#"{"jsonrpc":"2.0","id":1,"method":"codestream/status"}"#]));
        let mut output = Vec::new();
        let ending = run(input.as_slice(), &mut output, pending(), echo).await;
        assert_eq!(ending, Ending::Abrupt);
        let mut out = bodies(&output);
        let passed = out.iter().position(|v| v["id"] == 1).expect("the next one");
        assert_eq!(out.remove(passed)["params"], json!({}));
        let codes: Vec<_> = out
            .iter()
            .map(|v| v["error"]["code"].as_i64().expect("a code"))
            .collect();
        assert_eq!(
            codes,
            [code::PARSE_ERROR, code::INVALID_REQUEST, code::INVALID_REQUEST]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn exit_ends_it_whatever_the_server_does() {
        let shutdown = r#"{"jsonrpc":"2.0","id":1,"method":"shutdown"}"#;
        let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        for (sent, ending) in [
            (vec![shutdown, exit], Ending::Orderly),
            (vec![exit], Ending::Abrupt),
        ] {
            // The input stays open behind `exit`.
            let (mut ide, input) = duplex(1024);
            ide.write_all(&all(&sent)).await.expect("sent");
            let began = tokio::time::Instant::now();
            assert_eq!(run(input, Vec::new(), pending(), deaf).await, ending);
            assert_eq!(began.elapsed(), GRACE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_ide_that_has_gone_ends_it_though_the_input_stays_open() {
        let (_ide, input) = duplex(1024);
        assert_eq!(run(input, Vec::new(), ready(()), deaf).await, Ending::Abrupt);
    }

    #[tokio::test]
    async fn answers_in_flight_are_written_before_the_end() {
        let input = all(&[
            r#"{"jsonrpc":"2.0","id":7,"method":"shutdown"}"#,
            r#"{"jsonrpc":"2.0","method":"exit"}"#,
        ]);
        let mut output = Vec::new();
        assert_eq!(
            run(input.as_slice(), &mut output, pending(), echo).await,
            Ending::Orderly
        );
        assert_eq!(bodies(&output)[0]["id"], 7);
    }
}
