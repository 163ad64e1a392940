use std::io::{self, Write};
use std::sync::Mutex;

use axum::Router;
use axum::routing::{get, put};
use clap::CommandFactory as _;
use codestream_protocol::secret::SessionToken;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::fake;

/// What was written.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a page").clone()).expect("text")
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a page").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Bench {
    shell: Shell,
    out: Page,
    err: Page,
    _directory: TempDir,
}

impl Bench {
    fn new(options: &NetworkOptions, variables: &[(&str, &str)]) -> Self {
        let environment = Environment::of(variables.iter().copied());
        let directory = TempDir::new().expect("a directory");
        let (out, err) = (Page::default(), Page::default());
        Self {
            shell: Shell {
                terminal: Terminal::new(out.clone(), err.clone()),
                network: Network::new(options, &environment).expect("a network"),
                keep: Keep::in_directory(directory.path()),
                browser: Browser::new(&environment),
                device: Device::default(),
                clock: Arc::new(SystemClock),
                random: Random::seeded(1),
                lifecycle: Lifecycle::new(),
                interrupt: CancellationToken::new(),
            },
            out,
            err,
            _directory: directory,
        }
    }

    async fn keep(&self, server: &str) {
        let kept = Kept {
            server: server.to_owned(),
            token: SessionToken::new("canary-session"),
            team_id: None,
        };
        self.shell
            .keep
            .save(&kept, Some(Choice::File))
            .await
            .expect("kept");
    }
}

fn doctor(server: Option<&str>) -> Command {
    Command::Doctor {
        server: server.map(|url| url.parse().expect("an origin")),
    }
}

/// An API that knows one session.
async fn api() -> String {
    let login = json!({
        "user": {"id": "0123456789abcdef01234567", "email": "a@b.test"}, "accessToken": "canary-session", "teams": [], "providers": {},
        "broadcasterToken": "canary-broadcaster", "socketCluster": {"host": "127.0.0.1", "port": "1", "ignoreHttps": true}
    });
    let router = Router::new()
        .route(
            "/no-auth/capabilities",
            get(|| async { axum::Json(json!({"capabilities": {"x": {}}})) }),
        )
        .route("/login", put(move || async move { axum::Json(login) }));
    format!("http://{}", fake::serve(router).await)
}

#[test]
fn the_command_line_is_as_it_is_documented() {
    Cli::command().debug_assert();
    let parse = |line: &str| Cli::try_parse_from(line.split_whitespace());
    for good in [
        "codestream-agent",
        "codestream-agent --stdio",
        "codestream-agent sign-in github --server https://a.test",
        "codestream-agent sign-in github --server https://a.test --sign-up --store file",
        "codestream-agent connect trello --proxy http://p:1",
        "codestream-agent --disable-strict-ssl disconnect trello",
        "codestream-agent status",
        "codestream-agent doctor",
        "codestream-agent doctor --server http://127.0.0.1:1",
    ] {
        assert!(parse(good).is_ok(), "{good}");
    }
    for bad in [
        "codestream-agent sign-in github",
        "codestream-agent sign-in --server https://a.test",
        "codestream-agent sign-in github --server a.test",
        "codestream-agent sign-in github --server https://a.test/path",
        "codestream-agent sign-in github --server https://a.test --store cloud",
        "codestream-agent connect",
        "codestream-agent launch",
        "codestream-agent --port 1",
    ] {
        assert_eq!(
            parse(bad).expect_err(bad).exit_code(),
            i32::from(Exit::Usage.code()),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn without_a_session_a_command_says_how_to_get_one() {
    for command in [
        Command::Status,
        Command::Connect {
            provider: "github".into(),
        },
        Command::Disconnect {
            provider: "github".into(),
        },
    ] {
        let bench = Bench::new(&NetworkOptions::default(), &[]);
        assert_eq!(bench.shell.run(command).await, Exit::NotSignedIn);
        assert!(
            bench
                .err
                .text()
                .contains("codestream-agent sign-in github --server "),
            "{}",
            bench.err.text()
        );
        assert_eq!(bench.out.text(), "");
    }
}

#[tokio::test]
async fn the_doctor_tries_every_part_and_shows_no_secret() {
    let server = api().await;
    let proxy = "http://me:canary-proxy@proxy.test:3128";
    let bench = Bench::new(&NetworkOptions::default(), &[("HTTP_PROXY", proxy)]);
    bench.keep(&server).await;
    assert_eq!(bench.shell.run(doctor(None)).await, Exit::Failed);
    let text = bench.out.text();
    for expected in [
        "operating system's trust store",
        "checked",
        "session.json",
        &format!("server        {server}"),
        "set, but not used for this machine",
        "CodeStream, 1 capabilities",
        "a@b.test",
        "http://127.0.0.1:1: Could not connect",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    assert!(
        !text.contains("canary") && !bench.err.text().contains("canary"),
        "{text}"
    );
}

#[tokio::test]
async fn the_doctor_shows_a_session_to_its_own_server_alone() {
    let server = api().await;
    let bench = Bench::new(&NetworkOptions::default(), &[]);
    bench.keep("http://127.0.0.1:1").await;
    assert_eq!(bench.shell.run(doctor(Some(&server))).await, Exit::Done);
    assert!(bench.out.text().contains("not signed in"), "{}", bench.out.text());
}

#[tokio::test]
async fn the_doctor_names_the_proxy_and_where_it_comes_from() {
    let options = NetworkOptions {
        disable_strict_ssl: true,
        ..NetworkOptions::default()
    };
    let bench = Bench::new(&options, &[("HTTPS_PROXY", "http://me:canary@127.0.0.1:1")]);
    assert_eq!(
        bench.shell.run(doctor(Some("https://a.test"))).await,
        Exit::Failed
    );
    let text = bench.out.text();
    for expected in [
        "127.0.0.1:1, with credentials, named by the environment variable HTTPS_PROXY",
        "NOT CHECKED",
        "a.test through the proxy 127.0.0.1:1",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn an_interrupt_ends_a_command_that_waits() {
    let address = fake::listen(|_stream| std::future::pending()).await;
    let bench = Bench::new(&NetworkOptions::default(), &[]);
    let running = bench.shell.run(doctor(Some(&format!("http://{address}"))));
    let interrupting = async {
        tokio::task::yield_now().await;
        bench.shell.interrupt.cancel();
    };
    assert_eq!(tokio::join!(running, interrupting).0, Exit::Cancelled);
}

/// CWE-150, CWE-451: names are written by strangers, and a terminal obeys what it is sent.
#[tokio::test]
async fn hostile_names_do_nothing_to_a_terminal() {
    let corpus: serde_json::Value =
        serde_json::from_str(include_str!("../../../protocol/golden/hostile_names.json"))
            .expect("golden JSON");
    let rows = corpus["names"].as_array().expect("rows");
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().expect("a text").to_owned();
    let accounts: serde_json::Map<_, _> = (0..)
        .zip(rows)
        .map(|(number, row)| {
            let repeat = usize::try_from(row["repeat"].as_u64().unwrap_or(1)).expect("a count");
            let who = text(row, "text").repeat(repeat);
            (format!("w{number}"), json!({"accessToken": "t", "who": who}))
        })
        .collect();
    let (user, team) = ("0123456789abcdef01234567", "abcdef0123456789abcdef01");
    let hostile = "Slack\u{1b}]0;owned\u{7}\r\n\u{202E}forged";
    let login = json!({
        "user": {"id": user, "email": "eve\u{1b}[2J@b.test", "teamIds": [team], "version": 1,
            "providerInfo": {team: {"slack": {"multiple": accounts}}}},
        "accessToken": "canary-session", "teams": [{"id": team, "name": "t"}], "broadcasterToken": "b",
        "providers": {"slack*com": {"id": "slack*com", "name": "slack", "displayName": hostile, "host": "slack.com",
            "apiBase": "https://slack.com/api/"}},
        "socketCluster": {"host": "127.0.0.1", "port": "1", "ignoreHttps": true},
    });
    let router = Router::new().route("/login", put(move || async move { axum::Json(login) }));
    let server = format!("http://{}", fake::serve(router).await);
    let bench = Bench::new(&NetworkOptions::default(), &[]);
    bench.keep(&server).await;
    assert_eq!(bench.shell.run(Command::Status).await, Exit::Done);
    let out = bench.out.text();
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines.len(), 2, "no line is forged: {out:?}");
    assert_eq!(lines[0], format!("Signed in to {server} as eve@b.test."));
    assert!(lines[1].starts_with("  Slack forged: "), "{out:?}");
    assert!(!out.replace('\n', "").chars().any(char::is_control), "{out:?}");
    for row in rows {
        assert!(lines[1].contains(&text(row, "shown")), "{row}");
    }
}
