use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;

use reqwest::dns::{Addrs, Name, Resolving};

use super::*;

/// Answers with these addresses, one after the other; the last one stays.
struct Script(Mutex<VecDeque<IpAddr>>);

impl Script {
    fn of(addresses: &[&str]) -> Arc<Self> {
        let addresses = addresses.iter().map(|text| text.parse().expect("an address"));
        Arc::new(Self(Mutex::new(addresses.collect())))
    }
}

impl Resolve for Script {
    fn resolve(&self, _: Name) -> Resolving {
        let mut addresses = self.0.lock().expect("whole");
        let next = if addresses.len() > 1 {
            addresses.pop_front()
        } else {
            addresses.front().copied()
        };
        let next = SocketAddr::new(next.expect("an address"), 0);
        Box::pin(async move { Ok(Box::new(std::iter::once(next)) as Addrs) })
    }
}

fn url(text: &str) -> Url {
    text.parse().expect("a URL")
}

fn allowed(texts: &[&str]) -> AllowHosts {
    let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
    AllowHosts::parse(&texts).expect("hosts")
}

fn far(hosts: &[&str]) -> Reach {
    Reach::new(allowed(hosts), &url("https://api.example.com"), false)
}

/// A call to a name that resolves to this machine; whether it arrived.
async fn arrives(reach: Reach) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let port = listener.local_addr().expect("an address").port();
    let outbound = Outbound::with_resolver(reach, Script::of(&["127.0.0.1"])).expect("clients");
    let called = outbound.named().get(format!("http://git.example.com:{port}/"));
    let called = called.timeout(Duration::from_millis(300)).send().await;
    assert!(called.is_err(), "nobody answers");
    listener.accept().is_ok()
}

/// CWE-918: the name looks like any other.
#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_not_connected_to() {
    assert!(!arrives(far(&[])).await);
    assert!(!arrives(far(&["git.example.com", "127.0.0.0/8"])).await);
    // With a sandbox on this machine alone it is, which shows that the test would notice.
    let near = Reach::new(AllowHosts::default(), &url("http://127.0.0.1:1"), true);
    assert!(arrives(near).await);
}

/// DNS rebinding: the check is made of what is connected to, each time.
#[tokio::test]
async fn a_name_that_resolves_elsewhere_the_second_time_is_refused_then() {
    let script = Script::of(&["93.184.215.14", "169.254.169.254"]);
    let resolver = Checked::new(script, far(&[]));
    let resolve = || resolver.resolve("git.example.com".parse().expect("a name"));
    let first: Vec<_> = resolve().await.expect("outside").collect();
    assert_eq!(first, ["93.184.215.14:0".parse().expect("an address")]);
    let second = resolve().await.map(Iterator::collect::<Vec<_>>);
    let error = second.expect_err("a metadata service").to_string();
    assert!(
        error.contains("git.example.com") && error.contains("allowHosts"),
        "{error}"
    );
}

#[test]
fn the_own_network_is_called_where_the_operator_allows_it_and_nothing_else() {
    let reach = far(&[
        "10.0.0.0/8",
        "git.corp.example",
        "*.lan.example",
        "fd12::/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
    ]);
    for (name, address, admitted) in [
        ("git.example.com", "93.184.215.14", true),
        ("git.example.com", "10.1.2.3", true),
        ("git.example.com", "192.168.0.1", false),
        ("git.corp.example", "192.168.0.1", true),
        ("GIT.corp.example.", "192.168.0.1", true),
        ("x.git.corp.example", "192.168.0.1", false),
        ("git.lan.example", "fd00::1", true),
        ("lan.example", "fd00::1", false),
        ("evil-lan.example", "fd00::1", false),
        ("git.example.com", "fd12::1", true),
        ("git.example.com", "::ffff:10.1.2.3", true),
        ("git.example.com", "fd13::1", false),
        ("git.corp.example", "127.0.0.1", false),
        ("git.corp.example", "::1", false),
        ("git.corp.example", "169.254.169.254", false),
        ("git.corp.example", "64:ff9b::a9fe:a9fe", false),
        ("git.corp.example", "fd00:ec2::254", false),
    ] {
        let address: IpAddr = address.parse().expect("an address");
        assert_eq!(reach.admits_address(name, address), admitted, "{name} {address}");
    }
}

/// An HTTP client asks no resolver about a literal address.
#[test]
fn a_literal_address_is_looked_at_as_it_is_written() {
    let reach = far(&["10.0.0.0/8"]);
    for (base, admitted) in [
        ("https://git.example.com/", true),
        ("https://10.0.0.1/", true),
        ("https://192.168.0.1/", false),
        ("https://127.0.0.1/", false),
        ("https://2130706433/", false),
        ("https://[::1]/", false),
        ("https://[::ffff:7f00:1]/", false),
        ("https://localhost/", false),
        ("https://localhost./", false),
        ("https://a.localhost/", false),
        ("https://169.254.169.254/", false),
    ] {
        assert_eq!(reach.admits(&url(base)), admitted, "{base}");
    }
    for (public, has_sandbox, admitted) in [
        ("http://127.0.0.1:1", true, true),
        ("http://127.0.0.1:1", false, false),
        ("https://api.example.com", true, false),
    ] {
        let reach = Reach::new(AllowHosts::default(), &url(public), has_sandbox);
        assert_eq!(
            reach.admits(&url("http://localhost:2/")),
            admitted,
            "{public} {has_sandbox}"
        );
    }
}
