//! Whose word about a client's address is taken: seen at the rate limit of callbacks, which counts each address by itself.

use e2e::{Home, Stub};
use futures_util::stream::{self, StreamExt as _};
use reqwest::Method;

/// More than an address may ask for in the time that they take.
const REQUESTS: usize = 300;

/// A server with two networks of proxies beside this machine's own, which every test's requests come through.
async fn trusting() -> Stub {
    let home = Home::new();
    let file = home.path().join("codestream.toml");
    let proxies = r#"["10.0.0.0/24", "fd00:10::/64"]"#;
    std::fs::write(&file, format!("[apiServer]\ntrustedProxies = {proxies}\n")).expect("a file");
    let stub = Stub::builder().single();
    stub.args(["--config", &file.display().to_string()]).start().await
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

fn through(proxy: &'static str) -> impl Fn(usize) -> String {
    move |number| format!("{}, {proxy}", client(number))
}

#[tokio::test]
async fn a_proxy_that_is_named_says_for_whom_it_asks() {
    let stub = trusting().await;
    for proxy in ["10.0.0.10", "fd00:10::1", "10.0.0.10, fd00:10::1"] {
        assert!(!are_one_client(&stub, through(proxy)).await, "{proxy}");
    }
    let one = |_| format!("{}, 10.0.0.10", client(0));
    assert!(are_one_client(&stub, one).await, "each is counted");
}

#[tokio::test]
async fn a_proxy_that_is_not_named_is_a_client_whatever_it_says() {
    let stub = trusting().await;
    for proxy in ["10.0.1.10", "fd00:11::1", "10.0.1.11, 10.0.0.10"] {
        assert!(are_one_client(&stub, through(proxy)).await, "{proxy}");
    }
}

#[tokio::test]
async fn a_clients_own_word_is_not_taken() {
    let stub = trusting().await;
    assert!(are_one_client(&stub, through("198.51.100.7, 10.0.0.10")).await);
}
