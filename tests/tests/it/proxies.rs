//! Whose word about a client's address is taken: seen at the rate limit of callbacks, which counts each address by itself.

use std::net::{IpAddr, UdpSocket};

use e2e::peer::available;
use e2e::{Home, Stub};
use futures_util::stream::{self, StreamExt as _};
use reqwest::Method;

/// More than an address may ask for in the time that they take.
const REQUESTS: usize = 300;

/// An address of this machine that is not its loopback, whose every address is trusted without being named.
fn own() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    // Nothing is sent: the system says which address it would send from.
    let routed = socket
        .connect("198.51.100.1:9")
        .and_then(|()| socket.local_addr());
    let own = routed.ok().map(|at| at.ip()).filter(|ip| !ip.is_loopback());
    available("a network address of this machine", own.is_some()).then_some(own?)
}

async fn trusting(own: IpAddr, proxies: &[&str]) -> Stub {
    let home = Home::new();
    let file = home.path().join("codestream.toml");
    std::fs::write(&file, format!("[apiServer]\ntrustedProxies = {proxies:?}\n")).expect("a file");
    Stub::builder()
        .single()
        .listen(&format!("{own}:0"))
        .args(["--config", &file.display().to_string()])
        .start()
        .await
}

/// Whether requests that are forwarded for these are too many for one client.
async fn are_one_client(stub: &Stub, forwarded: impl Fn(usize) -> String) -> bool {
    let (http, url) = (stub.http(), stub.url("/no-auth/provider-token/github"));
    let answers = (0..REQUESTS).map(|number| {
        let request = http.request(Method::GET, &url);
        e2e::Http::send(request.header("x-forwarded-for", forwarded(number)))
    });
    let statuses: Vec<_> = stream::iter(answers)
        .buffer_unordered(50)
        .map(|answer| answer.status.as_u16())
        .collect()
        .await;
    assert!(
        statuses.iter().all(|status| [302, 429].contains(status)),
        "{statuses:?}"
    );
    statuses.contains(&429)
}

/// Another client each.
fn client(number: usize) -> String {
    format!("203.0.{}.{}", 100 + number / 250, number % 250)
}

#[tokio::test]
async fn a_peer_that_is_not_named_cannot_say_for_whom_it_asks() {
    let Some(own) = own() else { return };
    let stub = trusting(own, &["10.0.0.10", "fd00:10::/64"]).await;
    assert!(are_one_client(&stub, client).await);
}

#[tokio::test]
async fn a_proxy_that_is_named_says_for_whom_it_asks() {
    let Some(own) = own() else { return };
    let stub = trusting(own, &["10.0.0.10", &format!("{own}/30")]).await;
    assert!(!are_one_client(&stub, client).await);
    assert!(are_one_client(&stub, |_| client(0)).await, "each is counted");
}

#[tokio::test]
async fn behind_two_proxies_the_client_is_found_and_its_own_word_is_not_taken() {
    let Some(own) = own() else { return };
    let stub = trusting(own, &["10.0.0.0/24", &own.to_string()]).await;
    let through = |proxy: &'static str| move |number| format!("{}, {proxy}", client(number));
    assert!(!are_one_client(&stub, through("10.0.0.10")).await);
    let forged = |number| format!("{}, 198.51.100.7, 10.0.0.10", client(number));
    assert!(are_one_client(&stub, forged).await, "the client wrote the first");
    assert!(
        are_one_client(&stub, through("10.0.1.10")).await,
        "who is outside of the network is a client, whatever it says"
    );
}
