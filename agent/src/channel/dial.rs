//! Opens the WebSocket through the agent's one HTTP stack (RFC 6455 §4.1): same proxy, same trust as every other call.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codestream_protocol::channel::PATH;
use codestream_protocol::http::SocketCluster;
use reqwest::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use reqwest::{StatusCode, Upgraded};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use url::Url;

use crate::net::{Network, NetworkError};

/// Time for everything up to the open WebSocket: the stock client's `connectTimeout`.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bound of one message: a hundred parts in a history answer, with room to spare.
const MESSAGE_LIMIT: usize = 32 * 1024 * 1024;

pub(crate) type Socket = WebSocketStream<Upgraded>;

/// No WebSocket, and why. The texts are for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DialError {
    /// The login data names no address.
    #[error("The server names no usable address for its push channel.")]
    Address,
    /// Nobody answered.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// An answer, but not a WebSocket: often a proxy that lets no WebSocket through.
    #[error(
        "The push channel answered with HTTP {0} instead of opening a WebSocket. Does a proxy stand between?"
    )]
    NotAWebSocket(u16),
    /// RFC 6455 §4.1: the accept key is wrong.
    #[error(
        "The push channel's WebSocket handshake does not fit. Does a proxy answer in the server's place?"
    )]
    Accept,
}

/// Where the channel is.
pub(crate) fn address(socket_cluster: &SocketCluster) -> Option<Url> {
    let scheme = if socket_cluster.ignore_https {
        "http"
    } else {
        "https"
    };
    let mut url = Url::parse(&format!("{scheme}://localhost{PATH}")).ok()?;
    let host = &socket_cluster.host;
    let host = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.clone()
    };
    url.set_host(Some(&host)).ok()?;
    url.set_port(Some(socket_cluster.port.parse().ok()?)).ok()?;
    Some(url)
}

/// Opens the WebSocket; `entropy` becomes its key.
pub(crate) async fn dial(
    network: &Network,
    socket_cluster: &SocketCluster,
    entropy: [u8; 16],
) -> Result<Socket, DialError> {
    let url = address(socket_cluster).ok_or(DialError::Address)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    match timeout(PATIENCE, open(network, url, entropy)).await {
        Ok(opened) => opened,
        Err(_) => Err(NetworkError::Timeout { host }.into()),
    }
}

async fn open(network: &Network, url: Url, entropy: [u8; 16]) -> Result<Socket, DialError> {
    let key = STANDARD.encode(entropy);
    let request = network
        .upgrade(url)?
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, &key);
    let response = network.send(request).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(DialError::NotAWebSocket(response.status().as_u16()));
    }
    let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT);
    if accept.is_none_or(|accept| accept.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes()) {
        return Err(DialError::Accept);
    }
    let upgraded = response
        .upgrade()
        .await
        .map_err(|error| NetworkError::of(&error))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_LIMIT))
        .max_frame_size(Some(MESSAGE_LIMIT));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_host_port_and_the_fixed_path() {
        for (host, port, ignore_https, expected) in [
            (
                "h.test",
                "12079",
                true,
                Some("http://h.test:12079/socketcluster/"),
            ),
            ("h.test", "443", false, Some("https://h.test/socketcluster/")),
            ("127.0.0.1", "80", true, Some("http://127.0.0.1/socketcluster/")),
            ("::1", "8080", true, Some("http://[::1]:8080/socketcluster/")),
            ("[::1]", "8080", true, Some("http://[::1]:8080/socketcluster/")),
            ("", "1", true, None),
            ("a b", "1", true, None),
            ("h.test", "port", true, None),
        ] {
            let socket_cluster = SocketCluster {
                host: host.into(),
                port: port.into(),
                ignore_https,
            };
            assert_eq!(
                address(&socket_cluster).as_ref().map(Url::as_str),
                expected,
                "{host}:{port}"
            );
        }
    }
}
