//! A client that speaks HTTP/1.1 in bytes, and stops wherever a test likes.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::PATIENCE;

/// One connection. Every wait is bounded.
#[derive(Debug)]
pub struct Raw(TcpStream);

impl Raw {
    /// To an origin such as `http://127.0.0.1:12079`.
    ///
    /// # Panics
    /// As all of these do: when the server does not do in time what is waited for.
    pub async fn connect(origin: &str) -> Self {
        let address = origin
            .trim_start_matches("http://")
            .replace("localhost", "127.0.0.1");
        let address = address.parse().expect("an address");
        let socket = TcpSocket::new_v4().expect("a socket");
        // Small, so that a client that does not read is noticed soon.
        socket.set_recv_buffer_size(4096).expect("a size");
        let connected = tokio::time::timeout(PATIENCE, socket.connect(address));
        Self(connected.await.expect("in time").expect("a connection"))
    }

    /// Connected, and these bytes sent.
    pub async fn sending(origin: &str, bytes: &str) -> Self {
        let mut raw = Self::connect(origin).await;
        raw.send(bytes).await;
        raw
    }

    /// Sends.
    pub async fn send(&mut self, bytes: &str) {
        self.try_send(bytes).await.expect("the server takes it");
    }

    /// Sends; an error: the server has closed the connection.
    ///
    /// # Errors
    /// As the system gives it.
    pub async fn try_send(&mut self, bytes: &str) -> io::Result<()> {
        let sent = tokio::time::timeout(PATIENCE, self.0.write_all(bytes.as_bytes()));
        sent.await.expect("the server takes it or closes the connection")
    }

    /// What comes until it has these words in it.
    pub async fn until(&mut self, words: &str) -> String {
        let (text, whole) = self.read(|text| text.contains(words)).await;
        assert!(whole, "closed before {words:?}: {text:?}");
        text
    }

    /// What comes until the server closes the connection.
    pub async fn end(&mut self) -> String {
        self.read(|_| false).await.0
    }

    async fn read(&mut self, enough: impl Fn(&str) -> bool) -> (String, bool) {
        let mut bytes = Vec::new();
        let reading = async {
            while !enough(&String::from_utf8_lossy(&bytes)) {
                // A reset is an end too.
                if matches!(self.0.read_buf(&mut bytes).await, Ok(0) | Err(_)) {
                    return false;
                }
            }
            true
        };
        let whole = tokio::time::timeout(PATIENCE, reading).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Ok(whole) = whole else {
            panic!("the connection stays open; so far came {text:?}");
        };
        (text, whole)
    }
}
