//! The client against a server on a real socket that speaks as the stock ones do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use codestream_protocol::UnixMillis;
use codestream_protocol::channel::{Packet, decode};
use codestream_protocol::lsp::init::ProxyOptions;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::*;
use crate::clock::SystemClock;
use crate::environment::Environment;
use crate::fake;
use crate::net::{NetworkError, NetworkOptions};

const USER: &str = "0123456789abcdef01234567";
/// `{"uid":"u","iat":1700000000}`.
const JWT: &str = "e30.eyJ1aWQiOiJ1IiwiaWF0IjoxNzAwMDAwMDAwfQ.sig";

fn me() -> String {
    format!("user-{USER}")
}

fn message(id: &str) -> Value {
    json!({"messageId": id, "user": {"id": "u"}})
}

fn publish(id: &str) -> Value {
    json!({"event": "#publish", "data": {"channel": me(), "data": message(id)}})
}

/// One connection of the server.
struct Peer(WebSocketStream<TcpStream>);

impl Peer {
    async fn accept(stream: TcpStream) -> Self {
        Self(
            tokio_tungstenite::accept_async(stream)
                .await
                .expect("a WebSocket"),
        )
    }

    async fn send(&mut self, value: &Value) {
        self.0.send(Frame::text(value.to_string())).await.expect("sent");
    }

    /// The next call, which must be `event`; answered with `data`. Gives what was asked.
    async fn serve(&mut self, event: &str, data: Value) -> Value {
        loop {
            let frame = self.0.next().await.expect("a frame").expect("a good frame");
            let Frame::Text(text) = frame else { continue };
            if let [
                Packet::Call {
                    event: name,
                    data: asked,
                    cid,
                },
            ] = &decode(&text)[..]
            {
                assert_eq!(name, event);
                self.send(&json!({"rid": cid, "data": data})).await;
                return asked.clone();
            }
        }
    }

    async fn greet(&mut self, authenticated: bool) -> Value {
        let answer =
            json!({"id": "OKZVFn3HetdpNd64AAAA", "pingTimeout": 20000, "isAuthenticated": authenticated});
        let asked = self.serve("#handshake", answer).await;
        if !authenticated {
            let auth = self.serve("auth", Value::Null).await;
            assert_eq!(auth, json!({"token": "bt", "uid": USER}));
            self.send(&json!({"event": "#setAuthToken", "data": {"token": JWT}}))
                .await;
        }
        assert_eq!(self.serve("#subscribe", Value::Null).await["channel"], me());
        asked
    }

    async fn history(&mut self, ids: &[&str]) -> Value {
        let messages: Vec<_> = (1_i64..)
            .zip(ids)
            .map(|(at, id)| json!({"timestamp": 1_700_000_000_000 - at, "channel": me(), "message": message(id)}))
            .collect();
        self.serve(
            "history",
            json!({"requestId": "1", "channels": [me()], "messages": messages}),
        )
        .await
    }

    async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        let _ = self.0.close(Some(frame)).await;
        while let Some(Ok(_)) = self.0.next().await {}
    }
}

struct Client {
    events: mpsc::Receiver<ChannelEvent>,
    handle: Option<ChannelHandle>,
    lifecycle: Lifecycle,
}

impl Client {
    fn start(port: u16) -> Self {
        let (events, received) = mpsc::channel(64);
        let lifecycle = Lifecycle::new();
        let deps = ChannelDeps {
            network: fake::network(),
            clock: Arc::new(SystemClock),
            random: Random::seeded(1),
            lifecycle: lifecycle.clone(),
            events,
        };
        let config = ChannelConfig {
            socket_cluster: SocketCluster {
                host: "127.0.0.1".into(),
                port: port.to_string(),
                ignore_https: true,
            },
            broadcaster_token: BroadcasterToken::new("bt"),
            user_id: USER.parse().expect("an id"),
            team_ids: Vec::new(),
            since: Some(UnixMillis(1_700_000_000_000)),
        };
        Self {
            events: received,
            handle: Some(start(deps, config)),
            lifecycle,
        }
    }

    async fn next(&mut self) -> String {
        match timeout(Duration::from_secs(20), self.events.recv())
            .await
            .expect("in time")
        {
            Some(ChannelEvent::Message(message)) => message.message_id,
            Some(ChannelEvent::Status(status)) => format!("{status:?}"),
            Some(other) => format!("{other:?}"),
            None => "end".to_owned(),
        }
    }
}

#[tokio::test]
async fn a_broken_connection_is_redialled_and_caught_up_without_a_hole_or_a_repetition() {
    let connection = Arc::new(Mutex::new(0));
    let address = fake::listen(move |stream| {
        let number = {
            let mut number = connection.lock().expect("a number");
            *number += 1;
            *number
        };
        async move {
            let mut peer = Peer::accept(stream).await;
            if number == 1 {
                assert_eq!(peer.greet(false).await["authToken"], Value::Null);
                assert_eq!(peer.history(&[]).await["since"], 1_699_999_985_000_i64);
                peer.send(&json!([publish("m1"), publish("m2")])).await;
                // Dropped without a close frame: 1006.
                return;
            }
            assert_eq!(peer.greet(true).await["authToken"], JWT);
            peer.send(&publish("m4")).await;
            peer.history(&["m3", "m2", "m1"]).await;
            peer.send(&publish("m4")).await;
            peer.send(&publish("m5")).await;
            let _ = peer.0.next().await;
        }
    })
    .await;
    let mut client = Client::start(address.port());
    for expected in [
        "Reconnected",
        "m1",
        "m2",
        "Reconnecting",
        "m3",
        "m4",
        "Reconnected",
        "m5",
    ] {
        assert_eq!(client.next().await, expected);
    }
}

#[tokio::test]
async fn a_session_that_has_ended_ends_the_client() {
    let address = fake::listen(|stream| async move {
        let mut peer = Peer::accept(stream).await;
        peer.greet(false).await;
        peer.close(4500).await;
    })
    .await;
    let mut client = Client::start(address.port());
    for expected in ["SessionEnded", "end"] {
        assert_eq!(client.next().await, expected);
    }
}

#[tokio::test]
async fn dropping_the_handle_closes_the_connection_and_ends_the_task() {
    let (told, mut closed) = mpsc::unbounded_channel();
    let address = fake::listen(move |stream| {
        let told = told.clone();
        async move {
            let mut peer = Peer::accept(stream).await;
            peer.greet(false).await;
            peer.history(&[]).await;
            while let Some(Ok(frame)) = peer.0.next().await {
                if let Frame::Close(frame) = frame {
                    let _ = told.send(frame.map(|frame| u16::from(frame.code)));
                }
            }
        }
    })
    .await;
    let mut client = Client::start(address.port());
    assert_eq!(client.next().await, "Reconnected");
    drop(client.handle.take());
    assert_eq!(closed.recv().await, Some(Some(1000)));
    client.lifecycle.stop(Duration::from_secs(5)).await;
    assert_eq!(client.next().await, "end");
}

#[tokio::test]
async fn what_is_not_a_websocket_is_named() {
    let plain = fake::serve(axum::Router::new()).await;
    let forged = fake::listen(|mut stream: TcpStream| async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await;
        let answer = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: AAAA\r\n\r\n";
        let _ = stream.write_all(answer).await;
        std::future::pending::<()>().await;
    })
    .await;
    for (port, expected) in [
        (plain.port(), DialError::NotAWebSocket(404)),
        (forged.port(), DialError::Accept),
    ] {
        let socket_cluster = SocketCluster {
            host: "127.0.0.1".into(),
            port: port.to_string(),
            ignore_https: true,
        };
        let error = dial::dial(&fake::network(), &socket_cluster, [7; 16]).await.err();
        assert_eq!(error, Some(expected));
    }
}

#[tokio::test]
async fn the_websocket_goes_through_the_proxy_and_obeys_the_extra_certificates() {
    use tokio::io::AsyncWriteExt as _;

    let acceptor = fake::acceptor();
    let (told, mut asked) = mpsc::unbounded_channel();
    // A proxy for `localhost.test`, a server for `localhost`: both end in the same WebSocket over TLS.
    let address = fake::listen(move |mut stream: TcpStream| {
        let (acceptor, told) = (acceptor.clone(), told.clone());
        async move {
            let mut first = [0];
            let tunnelled = stream.peek(&mut first).await.is_ok() && first == [b'C'];
            if tunnelled {
                let _ = told.send(fake::head(&mut stream).await);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            }
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = tokio_tungstenite::accept_async(stream).await;
            }
        }
    })
    .await;
    let socket_cluster = |host: &str| SocketCluster {
        host: host.into(),
        port: address.port().to_string(),
        ignore_https: false,
    };
    let trusting = |extra: bool, strict: bool| {
        let options = NetworkOptions {
            proxy: Some(ProxyOptions {
                url: format!("http://{address}"),
                strict_ssl: strict,
            }),
            extra_certs: extra.then(|| fake::testdata("inspection-ca.pem")),
            disable_strict_ssl: false,
        };
        Network::new(&options, &Environment::default()).expect("a network")
    };
    let reached = |network: Network, host: &'static str| async move {
        reach(&network, &socket_cluster(host), [7; 16]).await
    };
    let refused = reached(trusting(false, true), "localhost").await;
    assert!(
        matches!(
            refused,
            Err(DialError::Network(NetworkError::TlsUntrusted { .. }))
        ),
        "{refused:?}"
    );
    assert_eq!(reached(trusting(true, true), "localhost").await, Ok(()));
    assert!(asked.is_empty(), "loopback went through the proxy");
    assert_eq!(reached(trusting(false, false), "localhost.test").await, Ok(()));
    assert!(
        asked
            .recv()
            .await
            .expect("a tunnel")
            .starts_with("CONNECT localhost.test:")
    );
}
