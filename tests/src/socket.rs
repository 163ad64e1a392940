//! A client of the me-channel that speaks in raw frames.

use codestream_protocol::channel::event;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::control::SandboxUser;

/// One connection.
#[derive(Debug)]
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opened, and nothing more.
    ///
    /// # Panics
    /// As all of these do: when the server does not do what is asked in time.
    pub async fn dial(channel: &str) -> Self {
        let address = channel.trim_start_matches("ws://").split('/').next();
        let address = address.expect("a URL with a host");
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (socket, _) = tokio_tungstenite::client_async(channel, stream)
            .await
            .expect("a WebSocket");
        Self(socket)
    }

    /// Opened and authenticated.
    pub async fn of(channel: &str, user: &SandboxUser) -> Self {
        let mut socket = Self::dial(channel).await;
        let hello = socket.call(1, event::HANDSHAKE, json!({"authToken": null})).await;
        assert_eq!(hello["data"]["isAuthenticated"], false, "{hello}");
        let auth = json!({"token": user.broadcaster_token, "uid": user.user_id});
        let answer = socket.call(2, event::AUTH, auth).await;
        assert!(answer["error"].is_null(), "{answer}");
        socket
    }

    /// Authenticated, and subscribed to the user's own channel.
    pub async fn listening(channel: &str, user: &SandboxUser) -> Self {
        let mut socket = Self::of(channel, user).await;
        let own = json!({"channel": format!("user-{}", user.user_id)});
        let answer = socket.call(3, event::SUBSCRIBE, own).await;
        assert!(answer["error"].is_null(), "{answer}");
        socket
    }

    /// Sends a frame.
    pub async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("the frame is sent");
    }

    /// Calls, and gives the answer.
    pub async fn call(&mut self, cid: i64, event: &str, data: Value) -> Value {
        self.send(&json!({"event": event, "data": data, "cid": cid}).to_string())
            .await;
        self.answer(cid).await
    }

    /// The answer to the call with an id; whatever else comes first is passed over.
    pub async fn answer(&mut self, rid: i64) -> Value {
        self.find(|packet| packet["rid"] == rid).await
    }

    /// The first packet that is wanted; whatever else comes first is passed over.
    pub async fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let packet = self.packet().await.expect("the socket is open");
                if wanted(&packet) {
                    return packet;
                }
            }
        };
        tokio::time::timeout(crate::PATIENCE, found)
            .await
            .expect("the packet comes")
    }

    /// The next message that is published, however long it takes; `None`: the socket has closed.
    pub async fn published(&mut self) -> Option<Value> {
        loop {
            let mut packet = self.packet().await?;
            if packet["event"] == event::PUBLISH {
                return Some(packet["data"]["data"].take());
            }
        }
    }

    /// The next packet; pings are answered.
    async fn packet(&mut self) -> Option<Value> {
        loop {
            let Ok(Message::Text(text)) = self.0.next().await? else {
                continue;
            };
            if text.is_empty() {
                self.0.send(Message::text("")).await.ok()?;
                continue;
            }
            return Some(serde_json::from_str(&text).expect("JSON"));
        }
    }

    /// The code that the socket is closed with.
    pub async fn closed(&mut self) -> u16 {
        let close = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                    Some(Ok(_)) => {}
                    other => panic!("no close code: {other:?}"),
                }
            }
        };
        tokio::time::timeout(crate::PATIENCE, close)
            .await
            .expect("it closes")
    }
}
