//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::app::App;
use crate::config::TrustedProxies;

/// The client's network address, as text, where there is a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) Option<String>);

impl Peer {
    /// Of a request.
    pub(crate) fn of(parts: &Parts, proxies: &TrustedProxies) -> Self {
        Self(client_address(parts, proxies).map(|address| address.to_string()))
    }
}

impl FromRequestParts<Arc<App>> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self::of(parts, &app.config.trusted_proxies))
    }
}

/// The client's address: the peer's own or, when the peer is a trusted proxy, the nearest one in `X-Forwarded-For` that is
/// not. Each proxy writes at the end of the list who came to it, so whatever stands before an address that is not trusted is
/// that client's claim.
pub(crate) fn client_address(parts: &Parts, proxies: &TrustedProxies) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let mut nearest = peer.ip().to_canonical();
    let mut before = forwarded(&parts.headers);
    while proxies.contains(nearest) {
        // At the list's end, or at a word that is no address, the proxy that was told last is all that is known.
        let Some(Some(address)) = before.next() else {
            break;
        };
        nearest = address;
    }
    Some(nearest)
}

/// The entries of every `X-Forwarded-For`, last one first; `None` for what is no address.
fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lists = headers.get_all("x-forwarded-for").iter().rev();
    lists
        .flat_map(|list| list.to_str().unwrap_or_default().rsplit(','))
        .map(|entry| address(entry.trim()))
}

/// An address, which some proxies write with a port.
fn address(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(entry).parse();
    let with_port = || entry.parse().map(|at: SocketAddr| at.ip());
    let address: IpAddr = address.or_else(|_| with_port()).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn address(peer: &str, forwarded: &[&str], proxies: &[&str]) -> Option<String> {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let peer: SocketAddr = peer.parse().expect("a socket address");
        parts.extensions.insert(ConnectInfo(peer));
        let proxies: Vec<_> = proxies.iter().map(|text| (*text).to_owned()).collect();
        let proxies = TrustedProxies::parse(&proxies).expect("networks");
        Peer::of(&parts, &proxies).0
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
            ("127.0.0.1:5", &["8.8.8.8, "], "127.0.0.1"),
            ("[::ffff:10.1.2.3]:5", &[], "10.1.2.3"),
        ] {
            assert_eq!(
                address(peer, forwarded, &[]).as_deref(),
                Some(expected),
                "{peer} {forwarded:?}"
            );
        }
    }

    #[test]
    fn the_nearest_address_that_is_no_trusted_proxy_is_the_client() {
        let proxies = ["10.0.0.0/8", "fd00::7"];
        for (peer, forwarded, expected) in [
            ("10.1.2.3:5", &[][..], "10.1.2.3"),
            ("10.1.2.3:5", &["8.8.8.8"], "8.8.8.8"),
            ("11.1.2.3:5", &["8.8.8.8"], "11.1.2.3"),
            // Forged by the client, then what two proxies saw.
            ("10.1.2.3:5", &["1.1.1.1, 8.8.8.8, 10.9.9.9"], "8.8.8.8"),
            ("127.0.0.1:5", &["1.1.1.1, 8.8.8.8", "10.9.9.9"], "8.8.8.8"),
            ("10.1.2.3:5", &["10.4.4.4, 10.9.9.9"], "10.4.4.4"),
            ("10.1.2.3:5", &["8.8.8.8, junk, 10.9.9.9"], "10.9.9.9"),
            ("[fd00::7]:5", &["2001:db8::1"], "2001:db8::1"),
            ("[::ffff:10.1.2.3]:5", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.1.2.3:5", &["8.8.8.8:4711"], "8.8.8.8"),
            ("10.1.2.3:5", &["[2001:db8::1]:4711"], "2001:db8::1"),
        ] {
            assert_eq!(
                address(peer, forwarded, &proxies).as_deref(),
                Some(expected),
                "{peer} {forwarded:?}"
            );
        }
    }
}
