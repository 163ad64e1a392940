//! Its nginx: with TLS, before several nodes, and before several environments.

use std::net::SocketAddr;

use e2e::{Authority, HeadlessIde, Home, Http, Nginx, Stub, Terminal, TestBrowser, bin};
use reqwest::Method;
use serde_json::json;

use super::{CHAPTER, blocks, command, replaced, sh};
use crate::scene::sign_in;

/// Where nginx stands: an address of the test's, with a certificate.
struct Edge {
    at: SocketAddr,
    authority: Authority,
    /// Both are files in [`home`](Self::home).
    certificate: String,
    key: String,
    home: Home,
}

impl Edge {
    fn of(hosts: &[&str]) -> Self {
        let (authority, home) = (Authority::new("Example CA"), Home::new());
        let (certificate, key) = authority.certificate(hosts, home.path());
        Self {
            at: Nginx::free("127.0.0.1:0"),
            authority,
            certificate,
            key,
            home,
        }
    }

    /// nginx's part of the chapter.
    fn front(&self, proxied: (&str, &str)) -> String {
        replaced(
            blocks("nginx")[0],
            &[
                ("listen 443 ssl;", &format!("listen {} ssl;", self.at)),
                ("server_name api.example.com;", "server_name localhost;"),
                ("/etc/ssl/api.example.com.pem", &self.certificate),
                ("/etc/ssl/api.example.com.key", &self.key),
                ("/var/log/nginx/codestream.log", "codestream.log"),
                proxied,
            ],
        )
    }
}

#[tokio::test]
async fn a_sign_up_goes_through_the_nginx_of_the_chapter_with_tls() {
    if !Nginx::is_installed() {
        return;
    }
    let edge = Edge::of(&["localhost"]);
    let server = format!("https://localhost:{}", edge.at.port());
    let stub = Stub::builder()
        .single()
        .args(["--public-url", &server])
        .start()
        .await;
    let front = edge.front(("http://127.0.0.1:12079", stub.api()));
    let nginx = Nginx::start(edge.at, &front).await;
    let http = Http::trusting(&edge.authority, &[]);
    let curl = replaced(&command("curl https"), &[("https://api.example.com", &server)]);
    let (_, status) = curl.split_once("curl ").expect("a URL");
    assert_eq!(http.get(status, None).await.text.trim(), "OK");

    let mut browser = TestBrowser::through(http);
    let sign_up = replaced(
        &command("sign-in github"),
        &[
            (
                "codestream-agent",
                &format!("exec {}", bin("codestream-agent").display()),
            ),
            ("https://api.example.com", &server),
        ],
    );
    let mut shell = edge.home.command("/bin/sh".as_ref());
    shell
        .arg("-c")
        .arg(sign_up)
        .env("SSL_CERT_FILE", edge.authority.file());
    let mut terminal = Terminal::run(shell);
    browser.approve(&terminal.link().await).await;
    let output = terminal.ended().await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.contains("mona@example.com"), "{output:?}");

    // An IDE needs the channel, too, which is a WebSocket.
    let ide = HeadlessIde::builder(&server)
        .option("extraCerts", edge.authority.file().display().to_string())
        .start()
        .await;
    let started = ide.sign_in("github").await.expect("a link");
    sign_in(&ide, &mut browser, started).await;
    ide.finish().await;

    let log = nginx.log();
    for line in [
        "GET /no-auth/provider-token/github 302",
        "GET /socketcluster/ 101",
    ] {
        assert!(log.contains(line), "no {line} in {log}");
    }
    for never in ["code=", "state=", "signupToken", "[warn]", "[emerg]"] {
        assert!(!log.contains(never), "{never} in {log}");
    }
}

/// The chapter's nginx of two nodes, with its TLS.
struct Balanced {
    nginx: Nginx,
    http: Http,
    origin: String,
}

impl Balanced {
    async fn of(nodes: [&str; 2]) -> Self {
        let edge = Edge::of(&["localhost"]);
        let spoken = CHAPTER.split('`').skip(1).step_by(2);
        let lines: Vec<_> = spoken
            .filter(|code| code.starts_with("proxy_") && code.ends_with(';'))
            .collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        let places = [("10.0.0.1:12079", nodes[0]), ("10.0.0.2:12079", nodes[1])];
        let upstream = replaced(blocks("nginx")[1], &places);
        let proxied = ("proxy_pass http://127.0.0.1:12079;", lines.join("\n"));
        let front = edge.front((proxied.0, &proxied.1));
        Self {
            nginx: Nginx::start(edge.at, &(upstream + &front)).await,
            http: Http::trusting(&edge.authority, &[]),
            origin: format!("https://localhost:{}", edge.at.port()),
        }
    }

    /// Status and code or text of both: what browsers and load balancers ask, and what agents write.
    async fn answers(&self) -> [(u16, String); 2] {
        let status = self.http.get(&self.url("/no-auth/status"), None).await;
        let body = json!({"token": uuid::Uuid::new_v4(), "codeVerifier": "v".repeat(43)});
        let poll = self
            .http
            .put(&self.url("/no-auth/check-signup"), None, &body)
            .await;
        [
            (status.status.as_u16(), status.text.trim().to_owned()),
            (poll.status.as_u16(), poll.code()),
        ]
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

async fn node() -> (Stub, String) {
    let stub = Stub::builder()
        .single()
        .args(["--metrics-listen", "127.0.0.1:0"])
        .start()
        .await;
    let address = stub.api().trim_start_matches("http://").to_owned();
    (stub, address)
}

fn served() -> [(u16, String); 2] {
    [(200, "OK".to_owned()), (403, "AUTH-1006".to_owned())]
}

#[tokio::test]
async fn the_nginx_of_several_nodes_passes_a_dead_one_by() {
    if !Nginx::is_installed() {
        return;
    }
    let (_stub, address) = node().await;
    let balanced = Balanced::of(["127.0.0.1:1", &address]).await;
    for _ in 0..4 {
        assert_eq!(balanced.answers().await, served(), "{}", balanced.nginx.log());
    }
    // The port of the metrics is the same wherever it is written.
    let readme = include_str!("../../../../README.md");
    let option = |text: &'static str| text.split("--metrics-listen ").nth(1).map(|rest| &rest[..14]);
    assert_eq!(option(CHAPTER), option(readme));
}

/// Linux drops who comes to a full queue, as if the machine were gone.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_nginx_of_several_nodes_passes_a_machine_by_that_is_gone() {
    if !Nginx::is_installed() {
        return;
    }
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    // A queue of 0 takes one.
    let gone = socket.listen(0).expect("it listens");
    let gone_at = gone.local_addr().expect("an address");
    let _first = tokio::net::TcpStream::connect(gone_at).await.expect("the one");
    let (_stub, address) = node().await;
    let balanced = Balanced::of([&gone_at.to_string(), &address]).await;
    // Whoever is without an answer for a minute gives up, which is how long nginx itself waits for a connection.
    assert_eq!(balanced.answers().await, served(), "{}", balanced.nginx.log());
}

#[tokio::test]
async fn the_nginx_of_several_nodes_goes_on_when_each_has_lost_an_answer() {
    if !Nginx::is_installed() {
        return;
    }
    let (stub, address) = node().await;
    let balanced = Balanced::of([&address, &address]).await;
    let lost = json!({"route": {"path": "/no-auth/status", "loseReplies": 2}});
    stub.control().fault(lost).await;
    let status = balanced.http.get(&balanced.url("/no-auth/status"), None).await;
    assert_eq!(status.status, 502, "both nodes were asked, and both lost it");
    assert_eq!(balanced.answers().await, served(), "{}", balanced.nginx.log());
}

#[tokio::test]
async fn the_hosts_of_several_environments_are_made_by_the_command_of_the_chapter() {
    if !Nginx::is_installed() {
        return;
    }
    let hosts = ["auth.example.com", "internal.example.com"];
    let edge = Edge::of(&hosts);
    let (home, port) = (&edge.home, edge.at.port());
    let stub = Stub::builder().single().start().await;
    let made = replaced(
        &command("nginx-config"),
        &[
            (
                "codestream-server-stub nginx-config",
                &format!("{} nginx-config", bin("codestream-server-stub").display()),
            ),
            // nginx looks names up when it starts.
            ("prod=https://api.example.com", "prod=https://localhost"),
            ("http://127.0.0.1:12079", stub.api()),
            ("/etc/ssl/auth.pem", &edge.certificate),
            ("/etc/ssl/auth.key", &edge.key),
            ("/etc/nginx/conf.d/codestream-hosts.conf", "hosts.conf"),
        ],
    );
    let ours = format!(
        " --listen 127.0.0.1:{port} --log-directory . --trusted-certificates {} > hosts.conf",
        edge.authority.file().display()
    );
    let output = sh(home, &replaced(&made, &[(" > hosts.conf", &ours)])).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let hosts_conf = std::fs::read_to_string(home.path().join("hosts.conf")).expect("it was made");
    let _nginx = Nginx::start(edge.at, &hosts_conf).await;
    let http = Http::trusting(
        &edge.authority,
        &hosts.map(|host| (host, ([127, 0, 0, 1], port).into())),
    );
    let callback =
        format!("https://auth.example.com:{port}/no-auth/provider-token/github?code=c&state=local!a.b.c");
    let sent_on = http.get(&callback, None).await;
    assert_eq!(
        sent_on.header("location"),
        stub.url("/no-auth/provider-token/github?code=c&state=local!a.b.c")
    );
    let action = format!("https://internal.example.com:{port}/local/no-auth/provider-action/slack");
    let answer = http.call(Method::POST, &action, None, &json!({})).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (403, "RAPI-1003")
    );
}
