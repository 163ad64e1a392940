//! The chapter on hosting it oneself is true: its files are accepted by what they are for, its commands do what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::LogoutReason;
use e2e::methods::LoggedOut;
use e2e::peer::{available, runs};
use e2e::{
    Authority, FaultProxy, HeadlessIde, Home, Http, Kept, Nginx, Output, Postgres, Socket, Stub, StubBuilder,
    Terminal, TestBrowser, bin, run,
};
use reqwest::Method;
use serde_json::json;

use crate::scene::{Scene, listening};

const CHAPTER: &str = include_str!("../../../server-stub/SELF-HOSTING.md");

const OLD: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const NEW: &str = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

/// The fenced blocks of a kind, in their order.
fn blocks(kind: &str) -> Vec<&'static str> {
    let fence = format!("```{kind}\n");
    let inside = |rest: &'static str| rest.split("```").next().expect("a fence ends");
    CHAPTER.split(&fence).skip(1).map(inside).collect()
}

/// A command, by words in it, without its prompt.
fn command(words: &str) -> String {
    let text = blocks("console").concat().replace("\\\n", " ");
    let commands = text
        .lines()
        .filter_map(|line| line.strip_prefix("# ").or_else(|| line.strip_prefix("$ ")));
    let mut found = commands.filter(|command| command.contains(words));
    found
        .next()
        .unwrap_or_else(|| panic!("no command with {words}"))
        .to_owned()
}

/// With this machine's places in place of the chapter's, each of which must be there.
fn replaced(text: &str, places: &[(&str, &str)]) -> String {
    places.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "no {from} in {text}");
        text.replace(from, to)
    })
}

async fn sh(home: &Home, script: &str) -> Output {
    let mut command = home.command("/bin/sh".as_ref());
    command.arg("-c").arg(script);
    run(command).await
}

/// The configuration file, with a real key and a database of the test's.
fn configuration(database: &str) -> String {
    replaced(
        blocks("toml")[0],
        &[
            ("64 hexadecimal characters", OLD),
            ("sqlite:/var/lib/codestream/server.db", database),
            ("127.0.0.1:12079", "127.0.0.1:0"),
        ],
    )
}

fn kept_in(home: &Home, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let file = home.path().join("codestream.toml");
    std::fs::write(&file, text).expect("a file");
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(&file, mode).expect("its owner's");
    file.display().to_string()
}

async fn check(text: &str) -> Output {
    let home = Home::new();
    let file = kept_in(&home, text);
    let script = replaced(
        &command("check-config"),
        &[
            (
                "sudo -u codestream codestream-server-stub",
                &bin("codestream-server-stub").display().to_string(),
            ),
            ("/etc/codestream/codestream.toml", &file),
        ],
    );
    sh(&home, &script).await
}

#[tokio::test]
async fn the_configuration_file_is_accepted_and_serves_the_app_that_is_registered() {
    let home = Home::new();
    let text = configuration(&format!("sqlite:{}/server.db", home.path().display()));
    let output = check(&text).await;
    assert_eq!(
        (output.code, output.stdout.as_str(), output.stderr.as_str()),
        (Some(0), "", "")
    );

    let file = kept_in(&home, &text);
    let stub = Stub::builder()
        .single()
        .without_sandbox()
        .args(["--config", &file])
        .start()
        .await;
    let verifier_of_nobody = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let token = uuid::Uuid::new_v4();
    let start = format!("/web/provider-auth/github?signupToken={token}&codeChallenge={verifier_of_nobody}");
    // As nginx passes it on.
    let request = stub.http().request(Method::GET, &stub.url(&start));
    let to_github = Http::send(request.header("host", "api.example.com")).await;
    let location = to_github.header("location");
    for part in [
        "https://github.com/login/oauth/authorize?",
        "client_id=Iv1.0123456789abcdef",
        "redirect_uri=https%3A%2F%2Fapi.example.com%2Fno-auth%2Fprovider-token%2Fgithub",
        "state=prod%21",
    ] {
        assert!(
            location.contains(part),
            "no {part} in {location}: {}",
            to_github.text
        );
    }
    assert!(CHAPTER.contains("\n    https://api.example.com/no-auth/provider-token/github\n"));
}

#[tokio::test]
async fn a_nodes_file_names_its_database_and_its_proxies() {
    let Some(database) = Postgres::new() else {
        return;
    };
    let toml = blocks("toml");
    let line = |block: &'static str| block.lines().find(|line| !line.starts_with('[')).expect("a line");
    let url = replaced(
        line(toml[2]),
        &[("postgres://codestream@db.example.com/codestream", &database.url())],
    );
    let lines = format!("{url}\n{}\n", line(toml[3]));
    let text = configuration("DATABASE").replace("database = \"DATABASE\"\n", &lines);
    assert!(text.contains(&lines), "{text}");
    let output = check(&text).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
}

/// What the server itself says may stand in a section.
async fn known(section: &str) -> BTreeSet<String> {
    let output = check(&format!("[{section}]\nnonsense = 1\n")).await;
    let (_, names) = output.stderr.split_once("expected").expect("it lists them");
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_table_has_every_key_that_there_is_and_no_other() {
    let mut documented: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in CHAPTER.lines().filter(|line| line.starts_with("| `[")) {
        let cell = row.split('|').nth(1).expect("a first cell");
        let mut section = "";
        for name in cell.split(',').map(|name| name.trim().trim_matches('`')) {
            let (at, key) = name
                .split_once("] ")
                .map_or((section, name), |(at, key)| (at, key));
            section = at;
            documented
                .entry(at.trim_start_matches('['))
                .or_default()
                .insert(key.to_owned());
        }
    }
    let sections: Vec<_> = documented.keys().copied().collect();
    assert_eq!(
        sections,
        ["apiServer", "providers.<name>", "secrets", "sharedGeneral"]
    );
    for (section, keys) in documented {
        assert_eq!(
            keys,
            known(&section.replace("<name>", "github")).await,
            "[{section}]"
        );
    }
}

#[tokio::test]
async fn systemd_takes_the_unit() {
    if !available("systemd-analyze", runs("systemd-analyze")) {
        return;
    }
    let home = Home::new();
    let file = home.path().join("codestream.service").display().to_string();
    let program = bin("codestream-server-stub").display().to_string();
    // It looks for the program.
    let unit = replaced(
        blocks("ini")[0],
        &[("/usr/local/bin/codestream-server-stub", &program)],
    );
    std::fs::write(&file, unit).expect("a file");
    let verify = replaced(
        &command("systemd-analyze verify"),
        &[("/etc/systemd/system/codestream.service", &file)],
    );
    let output = sh(&home, &verify).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(!output.stderr.contains("codestream.service"), "{output:?}");
}

/// nginx's part of the chapter, for a port of the test's.
fn front(port: u16, certificate: &(String, String), proxied: (&str, &str)) -> String {
    replaced(
        blocks("nginx")[0],
        &[
            ("listen 443 ssl;", &format!("listen 127.0.0.1:{port} ssl;")),
            ("server_name api.example.com;", "server_name localhost;"),
            ("/etc/ssl/api.example.com.pem", &certificate.0),
            ("/etc/ssl/api.example.com.key", &certificate.1),
            ("/var/log/nginx/codestream.log", "codestream.log"),
            proxied,
        ],
    )
}

#[tokio::test]
async fn a_sign_up_goes_through_the_nginx_of_the_chapter_with_tls() {
    if !Nginx::is_installed() {
        return;
    }
    let (authority, home) = (Authority::new("Example CA"), Home::new());
    let certificate = authority.certificate(&["localhost"], home.path());
    let at = Nginx::free("127.0.0.1:0");
    let port = at.port();
    let server = format!("https://localhost:{port}");
    let stub = Stub::builder()
        .single()
        .args(["--public-url", &server])
        .start()
        .await;
    let nginx = Nginx::start(
        at,
        &front(port, &certificate, ("http://127.0.0.1:12079", stub.api())),
    )
    .await;
    let http = Http::trusting(&authority, &[]);
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
    let mut shell = home.command("/bin/sh".as_ref());
    shell
        .arg("-c")
        .arg(sign_up)
        .env("SSL_CERT_FILE", authority.file());
    let mut terminal = Terminal::run(shell);
    browser.approve(&terminal.link().await).await;
    let output = terminal.ended().await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.contains("mona@example.com"), "{output:?}");

    // An IDE needs the channel, too, which is a WebSocket.
    let ide = HeadlessIde::builder(&server)
        .option("extraCerts", authority.file().display().to_string())
        .start()
        .await;
    let started = ide.sign_in("github").await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    listening(&ide).await;
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
        let (authority, home) = (Authority::new("Example CA"), Home::new());
        let certificate = authority.certificate(&["localhost"], home.path());
        let at = Nginx::free("127.0.0.1:0");
        let port = at.port();
        let spoken = CHAPTER.split('`').skip(1).step_by(2);
        let lines: Vec<_> = spoken
            .filter(|code| code.starts_with("proxy_") && code.ends_with(';'))
            .collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        let places = [("10.0.0.1:12079", nodes[0]), ("10.0.0.2:12079", nodes[1])];
        let upstream = replaced(blocks("nginx")[1], &places);
        let proxied = ("proxy_pass http://127.0.0.1:12079;", lines.join("\n"));
        let front = front(port, &certificate, (proxied.0, &proxied.1));
        Self {
            nginx: Nginx::start(at, &(upstream + &front)).await,
            http: Http::trusting(&authority, &[]),
            origin: format!("https://localhost:{port}"),
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
    let readme = include_str!("../../../README.md");
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
    let (authority, home) = (Authority::new("Example CA"), Home::new());
    let hosts = ["auth.example.com", "internal.example.com"];
    let certificate = authority.certificate(&hosts, home.path());
    let stub = Stub::builder().single().start().await;
    let at = Nginx::free("127.0.0.1:0");
    let port = at.port();
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
            ("/etc/ssl/auth.pem", &certificate.0),
            ("/etc/ssl/auth.key", &certificate.1),
            ("/etc/nginx/conf.d/codestream-hosts.conf", "hosts.conf"),
        ],
    );
    let ours = format!(
        " --listen 127.0.0.1:{port} --log-directory . --trusted-certificates {} > hosts.conf",
        authority.file().display()
    );
    let output = sh(&home, &replaced(&made, &[(" > hosts.conf", &ours)])).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let hosts_conf = std::fs::read_to_string(home.path().join("hosts.conf")).expect("it was made");
    let _nginx = Nginx::start(at, &hosts_conf).await;
    let http = Http::trusting(
        &authority,
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

#[tokio::test]
async fn a_backup_brings_sessions_and_accounts_back() {
    let (kept, home) = (Kept::new(), Home::new());
    let url = kept.url();
    let (backup, restore): (String, Vec<String>) = if let Some(database) = url.strip_prefix("sqlite:") {
        if !available("sqlite3", runs("sqlite3")) {
            return;
        }
        let here = [
            ("/var/lib/codestream/server.db", database),
            ("/var/backups/", "./"),
        ];
        let restore = [command("rm -f"), command("install -m 0600 -o codestream")];
        (
            replaced(&command("sqlite3"), &here),
            vec![
                replaced(&restore[0], &here[..1]),
                replaced(&restore[1], &here).replace("-o codestream -g codestream ", ""),
            ],
        )
    } else {
        let ours = |command: &str, name: &str| {
            let url = format!("'{url}'");
            replaced(
                command,
                &[
                    ("sudo -u postgres ", ""),
                    ("/var/backups/", "./"),
                    (name, &name.replace("codestream", &url)),
                ],
            )
        };
        (
            ours(&command("pg_dump"), "custom codestream"),
            vec![ours(&command("pg_restore"), "--dbname=codestream")],
        )
    };
    let mut scene = Scene::of(Stub::builder().single().keeping(&kept)).await;
    let (ide, user) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    ide.finish().await;
    let output = sh(&home, &backup).await;
    assert_eq!(output.code, Some(0), "{backup}: {output:?}");
    let later = scene.control().user().await;
    let me = |stub: &Stub| stub.url("/users/me");
    let http = Http::new();
    assert_eq!(
        http.get(&me(&scene.stub), Some(&later.access_token)).await.status,
        200
    );
    let Scene { stub, .. } = scene;
    assert_eq!(stub.stop().await.0, Some(0));

    for command in restore {
        let output = sh(&home, &command).await;
        assert_eq!(output.code, Some(0), "{command}: {output:?}");
    }
    let scene = Scene::of(Stub::builder().single().keeping(&kept)).await;
    let lost = http.get(&me(&scene.stub), Some(&later.access_token)).await;
    assert_eq!(lost.status, 401, "who came after the backup is not in it");
    let ide = scene.window(scene.ide(), &user).await;
    assert_eq!(ide.account("github").await.expect("an account").who, "mona");
    ide.finish().await;
}

/// The keys of a line of the chapter, as the environment takes them.
fn rotated(name: &str) -> String {
    let line = blocks("toml")[1]
        .lines()
        .find(|line| line.starts_with(name))
        .expect("its line");
    let names = line.split('"').skip(1).step_by(2);
    let keys = names.map(|name| if name == "new key" { NEW } else { OLD });
    keys.collect::<Vec<_>>().join(",")
}

/// A server whose keys change, behind one address; its third parties are a server of their own, which keeps its keys.
struct Rotating {
    kept: Kept,
    proxy: FaultProxy,
    third_parties: Stub,
    stub: Option<Stub>,
}

impl Rotating {
    async fn new() -> Self {
        let proxy = FaultProxy::start().await;
        let third_parties = Self::node(&proxy).start().await;
        Self {
            kept: Kept::new(),
            proxy,
            third_parties,
            stub: None,
        }
    }

    fn node(proxy: &FaultProxy) -> StubBuilder {
        let apps = ["GITHUB", "GITLAB"];
        let stub = Stub::builder().single().args(["--public-url", &proxy.url()]);
        apps.iter().fold(stub, |stub, app| {
            let name = format!("CODESTREAM_PROVIDER_{app}_CLIENT");
            stub.env(&format!("{name}_ID"), "app")
                .env(&format!("{name}_SECRET"), "hush")
        })
    }

    /// Restarts it with these keys.
    async fn with(&mut self, signing: &str, encryption: &str) {
        if let Some(stub) = self.stub.take() {
            assert_eq!(stub.stop().await.0, Some(0));
        }
        let stub = Self::node(&self.proxy)
            .keeping(&self.kept)
            .sharing_sandbox_of(&self.third_parties)
            .env("CODESTREAM_SIGNING_KEYS", signing)
            .env("CODESTREAM_ENCRYPTION_KEYS", encryption)
            .start()
            .await;
        self.proxy.forward_to(stub.api());
        self.stub = Some(stub);
    }

    fn stub(&self) -> &Stub {
        self.stub.as_ref().expect("it runs")
    }

    /// A channel token, as it is given now.
    async fn channel_token(&self, session: &str) -> String {
        let login = self
            .stub()
            .http()
            .put(&self.stub().url("/login"), Some(session), &json!({}))
            .await;
        let login = login.json();
        let mut socket = Socket::dial(&self.stub().ready().channel).await;
        socket.call(1, "#handshake", json!({"authToken": null})).await;
        let auth = json!({"token": login["broadcasterToken"], "uid": login["user"]["id"]});
        socket
            .send(&json!({"event": "auth", "data": auth, "cid": 2}).to_string())
            .await;
        let given = socket.find(|packet| packet["event"] == "#setAuthToken").await;
        given["data"]["token"].as_str().expect("a token").to_owned()
    }

    /// Whether a channel token is accepted.
    async fn accepts(&self, token: &str) -> bool {
        let mut socket = Socket::dial(&self.stub().ready().channel).await;
        let answer = socket.call(1, "#handshake", json!({"authToken": token})).await;
        answer["data"]["isAuthenticated"] == true
    }
}

async fn connect(ide: &HeadlessIde, browser: &mut TestBrowser, service: &str) {
    let started = ide.connect(service).await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
}

#[tokio::test]
async fn keys_are_changed_as_the_chapter_says() {
    let mut server = Rotating::new().await;
    server.with(OLD, OLD).await;
    let mut browser = TestBrowser::new();
    // Whoever has lost its server again and again asks for it again after 20 s at the latest.
    let ide = HeadlessIde::builder(&server.proxy.url())
        .droppable()
        .patience(Duration::from_secs(40))
        .start()
        .await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    let session = ide.logged_in().await.session.token.expose().to_owned();
    ide.end_of(started.attempt_id).await;
    listening(&ide).await;
    let old_token = server.channel_token(&session).await;
    connect(&ide, &mut browser, "gitlab").await;
    // On its way while the keys change.
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let page = browser.consent_page(&started.url, None).await;

    server
        .with(&rotated("signingKeys"), &rotated("encryptionKeys"))
        .await;
    browser.press(&page, "approve").await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::Connected, "an old state verifies: {end:?}");
    listening(&ide).await;
    assert!(ide.me("gitlab").await.is_ok(), "what was sealed before opens");
    assert!(server.accepts(&old_token).await);
    let new_token = server.channel_token(&session).await;

    // A day later.
    server.with(NEW, &rotated("encryptionKeys")).await;
    listening(&ide).await;
    assert!(!server.accepts(&old_token).await, "its key was taken out");
    assert!(server.accepts(&new_token).await, "the new key signs");
    assert!(ide.me("github").await.is_ok() && ide.me("gitlab").await.is_ok());

    // The old encryption key has leaked.
    server.with(NEW, NEW).await;
    let out = ide.await_notification::<LoggedOut>(|_| true).await;
    assert_eq!(out.reason, LogoutReason::SessionEnded);
    let started = ide.sign_in("github").await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    assert!(ide.me("github").await.is_ok(), "the sign-in connected it again");
    let account = ide.account("gitlab").await.expect("it is still listed");
    assert!(
        account.error.is_some(),
        "it says that it must be connected again: {account:?}"
    );
    connect(&ide, &mut browser, "gitlab").await;
    assert!(ide.me("gitlab").await.is_ok());
    ide.kill().await;
}
