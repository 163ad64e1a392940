//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// The client's network address, as text, where there is a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) Option<String>);

impl Peer {
    /// Of a request.
    pub(crate) fn of(parts: &Parts) -> Self {
        Self(client_address(parts))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// The client's address: the peer's own, or, when the peer is a proxy on this machine, the last one that it was told.
///
/// Only the last entry of `X-Forwarded-For` was written by our own proxy; what stands before it is the client's claim.
fn client_address(parts: &Parts) -> Option<String> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    let forwarded = peer.is_loopback().then(|| forwarded(&parts.headers)).flatten();
    Some(forwarded.unwrap_or(peer).to_string())
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    let address: IpAddr = last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn address(peer: &str, forwarded: &[&str]) -> Option<String> {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let peer: SocketAddr = peer.parse().expect("a socket address");
        parts.extensions.insert(ConnectInfo(peer));
        client_address(&parts)
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed_and_only_its_own_word() {
        for (peer, forwarded, expected) in [
            ("10.1.2.3:5", &[][..], "10.1.2.3"),
            ("10.1.2.3:5", &["8.8.8.8"], "10.1.2.3"),
            ("127.0.0.1:5", &["8.8.8.8"], "8.8.8.8"),
            ("[::1]:5", &["1.1.1.1, 8.8.8.8"], "8.8.8.8"),
            ("127.0.0.1:5", &["1.1.1.1", "8.8.8.8"], "8.8.8.8"),
            ("127.0.0.1:5", &["junk"], "127.0.0.1"),
            ("[::ffff:10.1.2.3]:5", &[], "10.1.2.3"),
        ] {
            assert_eq!(
                address(peer, forwarded).as_deref(),
                Some(expected),
                "{peer} {forwarded:?}"
            );
        }
    }
}
