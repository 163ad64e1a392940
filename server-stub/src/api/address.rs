//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::app::App;
use crate::config::TrustedProxies;

/// The client's network address. Two of them are not `==`: see [`is_same_as`](Self::is_same_as).
#[derive(Debug, Clone, Copy)]
pub(crate) enum ClientAddress {
    /// A client is there.
    Known(IpAddr),
    /// All that is known is the address of a proxy, or of what may be one.
    Unknown,
}

impl ClientAddress {
    /// As stored.
    pub(crate) fn stored(text: Option<&str>) -> Self {
        match text.map(str::parse) {
            Some(Ok(address)) => Self::Known(address),
            Some(Err(_)) | None => Self::Unknown,
        }
    }

    /// To be stored and shown.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::Known(address) => Some(address.to_string()),
            Self::Unknown => None,
        }
    }

    /// Whether both are known and one machine or household may be behind them. Of IPv6 the /64 counts: within it one machine
    /// has several addresses and changes them (RFC 8981). An IPv4 and an IPv6 address cannot be compared, so that a person
    /// who is at both is asked: nothing else tells them from a stranger.
    pub(crate) fn is_same_as(self, other: Self) -> bool {
        let (Self::Known(one), Self::Known(other)) = (self, other) else {
            return false;
        };
        (one.is_loopback() && other.is_loopback()) || network(one) == network(other)
    }
}

/// IPv4 as it is, IPv6 by its /64, which one customer has at least.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// Who a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    /// The client's address.
    pub(crate) address: ClientAddress,
    /// The nearest address that is no trusted proxy, or else the last proxy's.
    nearest: Option<IpAddr>,
}

impl Peer {
    /// Of a request.
    pub(crate) fn of(parts: &Parts, app: &App) -> Self {
        Self::behind(parts, &app.config.trusted_proxies, app.origins.is_local)
    }

    /// What limits count by. Clients behind a proxy that does not say who they are count as one.
    pub(crate) fn limit_key(&self) -> String {
        self.nearest.map_or_else(String::new, limit_key)
    }

    /// The client's address is the peer's own or, when the peer is a trusted proxy, the nearest one in `X-Forwarded-For` that
    /// is not. Each proxy writes at the end of the list who came to it, so whatever stands before an address that is not
    /// trusted is that client's claim: it forwards for somebody, and is a proxy itself.
    fn behind(parts: &Parts, proxies: &TrustedProxies, is_local: bool) -> Self {
        let Some((nearest, forwards)) = nearest(parts, proxies) else {
            return Self {
                address: ClientAddress::Unknown,
                nearest: None,
            };
        };
        // Nobody outside this machine reaches a server that listens and is named on the loopback alone.
        let is_this_machine = is_local && nearest.is_loopback();
        let is_client = !forwards && (is_this_machine || !proxies.may_contain(nearest));
        Self {
            address: if is_client {
                ClientAddress::Known(nearest)
            } else {
                ClientAddress::Unknown
            },
            nearest: Some(nearest),
        }
    }
}

/// The nearest address that is no trusted proxy, or else the last proxy's: what connections are counted by.
pub(crate) fn client_address(parts: &Parts, proxies: &TrustedProxies) -> Option<IpAddr> {
    nearest(parts, proxies).map(|(address, _)| address)
}

/// The same, and whether it forwards for somebody.
fn nearest(parts: &Parts, proxies: &TrustedProxies) -> Option<(IpAddr, bool)> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let mut nearest = peer.ip().to_canonical();
    let mut before = forwarded(&parts.headers).peekable();
    while proxies.contains(nearest) {
        // At the list's end, or at a word that is no address, the proxy that was told last is all that is known.
        let Some(Some(address)) = before.peek().copied() else {
            break;
        };
        before.next();
        nearest = address;
    }
    Some((nearest, before.next().is_some()))
}

/// See [`Peer::limit_key`].
fn limit_key(address: IpAddr) -> String {
    match network(address) {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("{v6}/64"),
    }
}

impl FromRequestParts<Arc<App>> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self::of(parts, app))
    }
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

    fn peer(socket: &str, forwarded: &[&str], proxies: Option<&[&str]>, is_local: bool) -> Peer {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let socket: SocketAddr = socket.parse().expect("a socket address");
        parts.extensions.insert(ConnectInfo(socket));
        let proxies = match proxies {
            Some(named) => {
                let named: Vec<_> = named.iter().map(|text| (*text).to_owned()).collect();
                TrustedProxies::parse(&named).expect("networks")
            }
            None => TrustedProxies::default(),
        };
        Peer::behind(&parts, &proxies, is_local)
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed_and_only_its_own_word() {
        for (socket, forwarded, address, key) in [
            ("203.0.113.3:5", &[][..], Some("203.0.113.3"), "203.0.113.3"),
            ("127.0.0.1:5", &["8.8.8.8"], Some("8.8.8.8"), "8.8.8.8"),
            ("[::1]:5", &["8.8.8.8"], Some("8.8.8.8"), "8.8.8.8"),
            ("[::ffff:203.0.113.3]:5", &[], Some("203.0.113.3"), "203.0.113.3"),
            // A proxy that nobody named forwards, or a client claims to.
            ("203.0.113.3:5", &["8.8.8.8"], None, "203.0.113.3"),
            ("[::1]:5", &["1.1.1.1, 8.8.8.8"], None, "8.8.8.8"),
            ("127.0.0.1:5", &["1.1.1.1", "8.8.8.8"], None, "8.8.8.8"),
            // A proxy that does not say for whom it asks.
            ("127.0.0.1:5", &[], None, "127.0.0.1"),
            ("127.0.0.1:5", &["junk"], None, "127.0.0.1"),
            ("127.0.0.1:5", &["8.8.8.8, "], None, "127.0.0.1"),
            // It may be one.
            ("10.1.2.3:5", &[], None, "10.1.2.3"),
            ("127.0.0.1:5", &["10.1.2.3"], None, "10.1.2.3"),
        ] {
            let peer = peer(socket, forwarded, None, false);
            let row = format!("{socket} {forwarded:?}");
            assert_eq!(peer.address.text().as_deref(), address, "{row}");
            assert_eq!(peer.limit_key(), key, "{row}");
        }
    }

    #[test]
    fn the_nearest_address_that_is_no_trusted_proxy_is_the_client() {
        let proxies = Some(&["10.0.0.0/8", "fd00::7"][..]);
        for (socket, forwarded, address, key) in [
            ("10.1.2.3:5", &[][..], None, "10.1.2.3"),
            ("10.1.2.3:5", &["8.8.8.8"], Some("8.8.8.8"), "8.8.8.8"),
            ("11.1.2.3:5", &["8.8.8.8"], None, "11.1.2.3"),
            ("192.168.1.1:5", &[], Some("192.168.1.1"), "192.168.1.1"),
            // Forged by the client, then what two proxies saw.
            ("10.1.2.3:5", &["1.1.1.1, 8.8.8.8, 10.9.9.9"], None, "8.8.8.8"),
            ("10.1.2.3:5", &["8.8.8.8, 10.9.9.9"], Some("8.8.8.8"), "8.8.8.8"),
            (
                "127.0.0.1:5",
                &["8.8.8.8", "10.9.9.9"],
                Some("8.8.8.8"),
                "8.8.8.8",
            ),
            ("10.1.2.3:5", &["10.4.4.4, 10.9.9.9"], None, "10.4.4.4"),
            ("10.1.2.3:5", &["8.8.8.8, junk, 10.9.9.9"], None, "10.9.9.9"),
            (
                "[fd00::7]:5",
                &["2001:db8::1"],
                Some("2001:db8::1"),
                "2001:db8::/64",
            ),
            (
                "[::ffff:10.1.2.3]:5",
                &["[2001:db8::1]"],
                Some("2001:db8::1"),
                "2001:db8::/64",
            ),
            ("10.1.2.3:5", &["8.8.8.8:4711"], Some("8.8.8.8"), "8.8.8.8"),
            (
                "10.1.2.3:5",
                &["[2001:db8::1]:4711"],
                Some("2001:db8::1"),
                "2001:db8::/64",
            ),
        ] {
            let peer = peer(socket, forwarded, proxies, false);
            let row = format!("{socket} {forwarded:?}");
            assert_eq!(peer.address.text().as_deref(), address, "{row}");
            assert_eq!(peer.limit_key(), key, "{row}");
        }
    }

    #[test]
    fn this_machine_is_known_where_nobody_else_can_come() {
        for forwarded in [&[][..], &["127.0.0.1"], &["::1"]] {
            let local = peer("127.0.0.1:5", forwarded, None, true);
            assert!(local.address.text().is_some(), "{forwarded:?}");
            let reachable = peer("127.0.0.1:5", forwarded, None, false);
            assert_eq!(reachable.address.text(), None, "{forwarded:?}");
        }
    }

    // CWE-290: an address that says nothing proves nothing.
    #[test]
    fn unknown_is_the_same_as_nothing_and_ipv6_as_its_network() {
        for (one, other, same) in [
            (Some("203.0.113.1"), Some("203.0.113.1"), true),
            (Some("203.0.113.1"), Some("203.0.113.2"), false),
            (Some("2001:db8::1"), Some("2001:db8::ffff:2"), true),
            (Some("2001:db8::1"), Some("2001:db8:0:1::1"), false),
            (Some("203.0.113.1"), Some("2001:db8::1"), false),
            (Some("127.0.0.1"), Some("::1"), true),
            (Some("junk"), Some("junk"), false),
            (Some("203.0.113.1"), None, false),
            (None, None, false),
        ] {
            let [one, other] = [one, other].map(ClientAddress::stored);
            assert_eq!(one.is_same_as(other), same, "{one:?} {other:?}");
        }
    }
}
