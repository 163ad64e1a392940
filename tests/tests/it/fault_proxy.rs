//! The proxy itself: every fault does what its name says, and nothing else.

use e2e::{Answer, Fault, FaultProxy, Http};
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A server that answers every connection's first request with `answer` and then hangs up.
async fn server(answer: &'static str) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let n = stream.read(&mut request).await.expect("a request");
            if n > 0 {
                stream
                    .write_all(answer.as_bytes())
                    .await
                    .expect("the answer is taken");
            }
        }
    });
    (format!("http://{address}"), tasks)
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\nConnection: close\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n";

async fn get(proxy: &FaultProxy, path: &str) -> Result<Answer, reqwest::Error> {
    let request = Http::new().request(Method::GET, &format!("{}{path}", proxy.url()));
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await?;
    Ok(Answer {
        status,
        headers,
        text,
    })
}

#[tokio::test]
async fn what_is_not_broken_passes_unchanged_and_is_remembered() {
    let (origin, _server) = server(CHUNKED).await;
    let proxy = FaultProxy::start().await;
    proxy.forward_to(&origin);
    let answer = get(&proxy, "/a?b=c").await.expect("an answer");
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "hello!"));
    let exchange = proxy.answered("/a", 1).await;
    assert_eq!((exchange.query.as_str(), exchange.status()), ("b=c", 200));
    assert_eq!(exchange.reply_header("x-a"), Some("b"));
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn every_fault_breaks_what_it_says() {
    let (origin, _server) = server(CHUNKED).await;
    let proxy = FaultProxy::start().await;
    proxy.forward_to(&origin);
    proxy.fault("/refuse", Fault::Refuse, 1);
    proxy.fault("/lose", Fault::LoseReply, 1);
    proxy.fault("/cut", Fault::CutReply(CHUNKED.len() - 3), 1);
    proxy.fault("/busy", Fault::busy(503, std::time::Duration::from_secs(7)), 1);

    assert!(get(&proxy, "/refuse").await.is_err());
    assert_eq!(
        proxy.asked("/refuse", 1).await.status(),
        0,
        "the server never saw it"
    );
    assert!(get(&proxy, "/lose").await.is_err());
    assert_eq!(
        proxy.answered("/lose", 1).await.status(),
        200,
        "the server saw it"
    );
    let cut = get(&proxy, "/cut").await.expect_err("a body that breaks off");
    assert!(cut.is_body() || cut.is_decode(), "{cut:?}");
    let busy = get(&proxy, "/busy").await.expect("an answer");
    assert_eq!((busy.status.as_u16(), busy.header("retry-after")), (503, "7"));
    for path in ["/refuse", "/lose", "/cut", "/busy"] {
        assert_eq!(
            get(&proxy, path).await.expect("each fault was for once").text,
            "hello!",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_stalled_request_ends_when_connections_are_cut() {
    let proxy = FaultProxy::start().await;
    proxy.break_everything(Fault::Stall);
    let (answer, ()) = tokio::join!(get(&proxy, "/x"), async {
        proxy.asked("/x", 1).await;
        proxy.cut();
    });
    assert!(answer.is_err());
}
