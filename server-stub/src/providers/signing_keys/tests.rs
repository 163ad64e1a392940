//! CWE-400: what a dead key server, or somebody who invents key ids, can cost.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const NOW: UnixMillis = UnixMillis(1_795_476_600_000);

#[expect(clippy::disallowed_methods, reason = "the key server is on the loopback")]
fn client() -> reqwest::Client {
    reqwest::Client::new()
}

/// A key server that counts its requests.
struct KeyServer {
    document: Url,
    requests: Arc<AtomicUsize>,
}

impl KeyServer {
    /// Answers the document and the keys, or nothing ever; `on_request` runs first.
    async fn start(answers: bool, on_request: impl Fn() + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let document = Url::parse(&format!("{origin}/document")).expect("a URL");
        let requests = Arc::new(AtomicUsize::new(0));
        let count = requests.clone();
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut head = [0; 4096];
                let read = stream.read(&mut head).await.expect("a request");
                let is_document = head[..read].starts_with(b"GET /document");
                count.fetch_add(usize::from(is_document), Ordering::SeqCst);
                on_request();
                if answers {
                    let body = if is_document {
                        json!({"issuer": "https://issuer.example", "jwks_uri": format!("{origin}/keys")})
                    } else {
                        json!({"keys": [{"kid": "known"}]})
                    };
                    let body = body.to_string();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                        body.len()
                    );
                    stream
                        .write_all((head + &body).as_bytes())
                        .await
                        .expect("an answer");
                } else {
                    open.push(stream);
                }
            }
        });
        Self { document, requests }
    }

    fn fetches(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn concurrent_webhooks_share_one_fetch_and_a_dead_key_server_holds_none_of_them() {
    let clock = Clock::standing_at(NOW);
    let moved = clock.clone();
    let server = KeyServer::start(false, move || moved.advance(WAIT)).await;
    let (keys, http) = (SigningKeys::default(), client());
    let ask = || keys.at(&http, &server.document, "any", &clock);
    for answer in join_all((0..50).map(|_| ask())).await {
        assert!(answer.is_err());
    }
    assert_eq!(server.fetches(), 1, "shared");
    assert!(ask().await.is_err());
    assert_eq!(server.fetches(), 1, "the failure is remembered");
    clock.advance(REMEMBER_FAILURE);
    assert!(ask().await.is_err());
    assert_eq!(server.fetches(), 2, "for a short time");
}

#[tokio::test]
async fn invented_key_ids_cause_one_fetch_in_five_minutes_and_known_keys_stay_good() {
    let clock = Clock::standing_at(NOW);
    let server = KeyServer::start(true, || ()).await;
    let (keys, http) = (SigningKeys::default(), client());
    let ask = async |id: &str| {
        let published = keys.at(&http, &server.document, id, &clock).await;
        published.map(|published| published.key(id).is_some())
    };
    assert!(matches!(ask("known").await, Ok(true)));
    for number in 0..20 {
        assert!(matches!(ask(&format!("invented-{number}")).await, Ok(false)));
    }
    assert_eq!(server.fetches(), 1);
    clock.advance(ASK_AT_MOST_EVERY);
    assert!(matches!(ask("invented").await, Ok(false)));
    assert!(matches!(ask("known").await, Ok(true)));
    assert_eq!(server.fetches(), 2);
}
