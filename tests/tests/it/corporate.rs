//! Companies' networks: a private certificate authority, a proxy with and without a password, and what goes past both.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::ErrorKind;
use e2e::peer::available;
use e2e::{
    Authority, ConnectProxy, HeadlessIde, Home, Http, IdeBuilder, Output, Stub, StubBuilder, TestBrowser,
    TlsFront, bin, run,
};
use serde_json::json;
use tempfile::NamedTempFile;

use crate::scene::{listening, sign_in};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// RFC 6761 §6.2: names that no resolver knows; the company's proxy does.
const API: &str = "codestream.test";
const SANDBOX: &str = "sandbox.test";
const DEAD: &str = "http://127.0.0.1:1";

/// A server that can be reached by its name through the company's proxy alone, over TLS with the company's certificates.
struct Company {
    authority: Authority,
    proxy: ConnectProxy,
    _stub: Stub,
    _fronts: [TlsFront; 2],
}

impl Company {
    async fn new() -> Self {
        Self::with(ConnectProxy::start().await, None).await
    }

    async fn with(proxy: ConnectProxy, credentials: Option<&str>) -> Self {
        let authority = Authority::new("Example Company CA");
        let way_out = credentials.map_or_else(|| proxy.url(), |credentials| proxy.url_with(credentials));
        let stub = behind(Stub::builder(), &way_out, authority.file())
            .args(["--public-url", &format!("https://{API}")])
            .args(["--sandbox-url", &format!("https://{SANDBOX}")])
            .start()
            .await;
        let api = TlsFront::serve(TlsFront::bind(HERE).await, &authority, &[API], stub.api());
        let sandbox = TlsFront::serve(TlsFront::bind(HERE).await, &authority, &[SANDBOX], stub.sandbox());
        proxy.host(&format!("{API}:443"), api.address());
        proxy.host(&format!("{SANDBOX}:443"), sandbox.address());
        Self {
            authority,
            proxy,
            _stub: stub,
            _fronts: [api, sandbox],
        }
    }

    fn url() -> String {
        format!("https://{API}")
    }

    fn browser(&self, proxy: &str) -> TestBrowser {
        TestBrowser::through(Http::behind(proxy, &[&self.authority]))
    }

    /// An IDE with the company's certificates in its settings.
    fn ide(&self) -> IdeBuilder {
        trusting(HeadlessIde::builder(&Self::url()), &self.authority)
    }

    async fn doctor(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        doctor(&Self::url(), arguments, environment).await
    }
}

fn behind(stub: StubBuilder, proxy: &str, authority: &Path) -> StubBuilder {
    stub.env("HTTPS_PROXY", proxy)
        .env("SSL_CERT_FILE", &authority.display().to_string())
}

fn trusting(ide: IdeBuilder, authority: &Authority) -> IdeBuilder {
    ide.option("extraCerts", authority.file().display().to_string())
}

fn proxied(ide: IdeBuilder, url: &str) -> IdeBuilder {
    ide.option("proxy", json!({"url": url, "strictSSL": true}))
}

async fn doctor(server: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let home = Home::new();
    let mut command = home.command(&bin("codestream-agent"));
    command.args(["doctor", "--server", server]).args(arguments);
    command.envs(environment.iter().copied());
    run(command).await
}

fn says(output: &Output, wanted: &[&str]) {
    for wanted in wanted {
        assert!(output.stdout.contains(wanted), "no “{wanted}” in {output:?}");
    }
}

/// Signs up, which needs the API, the browser's way and, from the server, the third party.
async fn signs_up(ide: HeadlessIde, browser: &mut TestBrowser) {
    let started = ide.sign_up("github").await.expect("a link");
    sign_in(&ide, browser, started).await;
    ide.finish().await;
}

#[tokio::test]
async fn api_and_channel_go_through_the_proxy_of_the_setting_and_trust_the_extra_certificates() {
    let company = Company::new().await;
    let before = company.proxy.opened_to("codestream.test:443");
    let ide = proxied(company.ide(), &company.proxy.url()).start().await;
    signs_up(ide, &mut company.browser(&company.proxy.url())).await;
    // The agent's calls, its channel, and the browser.
    assert!(company.proxy.opened_to("codestream.test:443") >= before + 3);
    assert!(company.proxy.opened_to("sandbox.test:443") >= 1);
    assert!(company.proxy.tunnels().iter().all(|one| one.status == 200));
}

#[tokio::test]
async fn the_environment_names_the_proxy_where_no_setting_does() {
    let company = Company::new().await;
    let ide = company
        .ide()
        .env("HTTPS_PROXY", &company.proxy.url())
        .start()
        .await;
    signs_up(ide, &mut company.browser(&company.proxy.url())).await;
    let found = company
        .doctor(
            &["--extra-certs", &company.authority.file().display().to_string()],
            &[("https_proxy", &company.proxy.url())],
        )
        .await;
    assert_eq!(found.code, Some(0), "{found:?}");
    says(
        &found,
        &[
            &format!(
                "{}, named by the environment variable https_proxy",
                company.proxy.address()
            ),
            &company.authority.file().display().to_string(),
            "CodeStream, ",
        ],
    );
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_is_explained_and_gets_it_from_the_url() {
    let credentials = "ada:s3cret-of-the-proxy";
    let proxy = ConnectProxy::start_with(credentials).await;
    let company = Company::with(proxy, Some(credentials)).await;
    let certificates = company.authority.file().display().to_string();
    for url in [company.proxy.url(), company.proxy.url_with("ada:wrong")] {
        let ide = proxied(company.ide(), &url).start().await;
        let refused = ide.sign_up("github").await.expect_err("407");
        assert_eq!(refused.kind(), ErrorKind::ProxyAuth, "{refused:?}");
        assert!(
            refused.message.contains("http://user:password@host:port"),
            "{refused:?}"
        );
        assert!(ide.status().await.attempts.is_empty());
        ide.finish().await;
        let found = company
            .doctor(&["--proxy", &url, "--extra-certs", &certificates], &[])
            .await;
        assert_eq!(found.code, Some(1), "{found:?}");
        says(&found, &["The proxy wants a user name and a password"]);
    }
    let url = company.proxy.url_with(credentials);
    let ide = proxied(company.ide(), &url).start().await;
    let way = ide.status().await.way.expect("a server is configured");
    signs_up(ide, &mut company.browser(&url)).await;
    let found = company
        .doctor(&["--proxy", &url, "--extra-certs", &certificates], &[])
        .await;
    assert_eq!(found.code, Some(0), "{found:?}");
    says(&found, &["with credentials, named by the setting `proxy`"]);
    assert!(
        !format!("{found:?} {way:?}").contains("s3cret"),
        "{found:?} {way:?}"
    );
    // An IDE tells the same without a second process.
    assert!(way.strict && way.trust.ends_with(&certificates), "{way:?}");
    says(&found, &[&way.proxy, &way.trust]);
}

#[tokio::test]
async fn an_untrusted_authority_is_named_with_the_setting_that_trusts_it() {
    let company = Company::new().await;
    let ide = proxied(HeadlessIde::builder(&Company::url()), &company.proxy.url())
        .start()
        .await;
    let refused = ide.sign_up("github").await.expect_err("not trusted");
    assert_eq!(refused.kind(), ErrorKind::TlsUntrusted, "{refused:?}");
    for wanted in [company.authority.name(), "`extraCerts`", API] {
        assert!(refused.message.contains(wanted), "no {wanted} in {refused:?}");
    }
    assert_eq!(refused.data["step"], "opening", "{refused:?}");
    ide.finish().await;
    let url = company.proxy.url();
    let found = company.doctor(&["--proxy", &url], &[]).await;
    assert_eq!(found.code, Some(1), "{found:?}");
    says(&found, &[company.authority.name(), "`extraCerts`"]);
    let found = company
        .doctor(&["--proxy", &url, "--disable-strict-ssl"], &[])
        .await;
    assert_eq!(found.code, Some(0), "{found:?}");
    says(&found, &["NOT CHECKED"]);
}

#[tokio::test]
async fn a_proxy_that_is_down_is_named() {
    let ide = proxied(HeadlessIde::builder(&Company::url()), DEAD).start().await;
    let refused = ide.sign_up("github").await.expect_err("no proxy");
    assert_eq!(refused.kind(), ErrorKind::ServerUnreachable, "{refused:?}");
    assert!(
        refused.message.contains("through the proxy 127.0.0.1:1"),
        "{refused:?}"
    );
    ide.finish().await;
}

#[tokio::test]
async fn plain_http_never_goes_through_a_proxy() {
    let proxy = ConnectProxy::start().await;
    let server = format!("http://{API}");
    let ide = HeadlessIde::builder(&server)
        .env("HTTP_PROXY", &proxy.url())
        .start()
        .await;
    let warned = |params: &serde_json::Value| {
        let text = params["message"].as_str().unwrap_or_default();
        text.contains("is not encrypted") && text.contains(&server)
    };
    ide.message("window/showMessage", warned).await;
    let refused = ide.sign_up("github").await.expect_err("in the clear");
    assert_eq!(refused.kind(), ErrorKind::ProxyNeedsTls, "{refused:?}");
    ide.finish().await;
    let found = doctor(&server, &[], &[("HTTP_PROXY", &proxy.url())]).await;
    assert_eq!(found.code, Some(1), "{found:?}");
    says(&found, &["Use https://"]);
    assert!(proxy.tunnels().is_empty());
}

#[tokio::test]
async fn this_machine_is_reached_past_every_proxy() {
    let mut scene = crate::scene::Scene::new().await;
    let user = scene.control().user().await;
    let ide = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
        .iter()
        .fold(scene.ide(), |ide, name| ide.env(name, DEAD));
    let ide = scene.window(proxied(ide, DEAD), &user).await;
    scene.connect(&ide, "github").await;
    assert!(ide.me("github").await.is_ok());
    ide.finish().await;
    let found = doctor(scene.stub.api(), &[], &[("HTTP_PROXY", DEAD)]).await;
    assert_eq!(found.code, Some(0), "{found:?}");
    says(&found, &["set, but not used for this machine"]);
}

/// This machine's own name, which is not `localhost`, and its address.
async fn own_name() -> Option<(String, IpAddr)> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim().to_owned();
    let found = tokio::net::lookup_host((name.as_str(), 0)).await;
    let address = found.ok()?.next()?.ip();
    (name != "localhost").then_some((name, address))
}

#[tokio::test]
async fn what_no_proxy_lists_goes_past_the_proxy_and_nothing_else() {
    let own = own_name().await;
    if !available("a name of this machine that resolves", own.is_some()) {
        return;
    }
    let (name, address) = own.expect("looked for just now");
    let authority = Authority::new("Example Company CA");
    let proxy = ConnectProxy::start().await;
    let listener = TlsFront::bind(address).await;
    let port = listener.local_addr().expect("an address").port();
    let server = format!("https://{name}:{port}");
    let stub = Stub::builder().args(["--public-url", &server]).start().await;
    let front = TlsFront::serve(listener, &authority, &[&name], stub.api());
    proxy.host(&format!("{name}:{port}"), front.address());
    let certificates = authority.file().display().to_string();
    for (listed, tunnels) in [(name.as_str(), false), ("other.test", true), ("*", false)] {
        let before = proxy.tunnels().len();
        let user = stub.control().user().await;
        let ide = trusting(HeadlessIde::builder(&server), &authority)
            .env("HTTPS_PROXY", &proxy.url())
            .env("NO_PROXY", listed)
            .session(&user.access_token)
            .start()
            .await;
        ide.logged_in().await;
        listening(&ide).await;
        ide.finish().await;
        assert_eq!(proxy.tunnels().len() > before, tunnels, "NO_PROXY={listed}");
        let environment = [("HTTPS_PROXY", proxy.url()), ("NO_PROXY", listed.to_owned())];
        let environment = environment
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let found = doctor(&server, &["--extra-certs", &certificates], &environment).await;
        assert_eq!(found.code, Some(0), "{found:?}");
        let wanted = if tunnels {
            format!(
                "{}, named by the environment variable HTTPS_PROXY",
                proxy.address()
            )
        } else {
            format!("set, but not used: NO_PROXY has {listed}")
        };
        says(&found, &[&wanted]);
    }
}

/// A server on this machine over TLS, whose third parties are elsewhere.
struct Developer {
    server: String,
    stub: Stub,
    _fronts: [TlsFront; 2],
    _trusted: NamedTempFile,
}

impl Developer {
    async fn new(proxy: &ConnectProxy, authority: &Authority, theirs: &Authority) -> Self {
        let both = NamedTempFile::new().expect("a file");
        let of = |one: &Authority| std::fs::read_to_string(one.file()).expect("a certificate");
        std::fs::write(both.path(), of(authority) + &of(theirs)).expect("written");
        let listener = TlsFront::bind(HERE).await;
        let server = format!(
            "https://localhost:{}",
            listener.local_addr().expect("bound").port()
        );
        let stub = behind(Stub::builder(), &proxy.url(), both.path())
            .args([
                "--public-url",
                &server,
                "--sandbox-url",
                &format!("https://{SANDBOX}"),
            ])
            .start()
            .await;
        let api = TlsFront::serve(listener, authority, &["localhost"], stub.api());
        let sandbox = TlsFront::serve(TlsFront::bind(HERE).await, theirs, &[SANDBOX], stub.sandbox());
        proxy.host(&format!("{SANDBOX}:443"), sandbox.address());
        Self {
            server,
            stub,
            _fronts: [api, sandbox],
            _trusted: both,
        }
    }

    async fn ide(&self, proxy: &ConnectProxy, authority: &Authority) -> HeadlessIde {
        let user = self.stub.control().user().await;
        let ide = trusting(HeadlessIde::builder(&self.server), authority)
            .env("HTTPS_PROXY", &proxy.url())
            .session(&user.access_token)
            .start()
            .await;
        ide.logged_in().await;
        listening(&ide).await;
        ide
    }
}

#[tokio::test]
async fn third_parties_go_through_the_proxy_with_the_same_trust_and_this_machine_does_not() {
    let authority = Authority::new("Example Company CA");
    let proxy = ConnectProxy::start().await;
    let developer = Developer::new(&proxy, &authority, &authority).await;
    let mut browser = TestBrowser::through(Http::behind(&proxy.url(), &[&authority]));
    let ide = developer.ide(&proxy, &authority).await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.account.as_deref()),
        (Outcome::Connected, Some("mona")),
        "{end:?}"
    );
    let answer = ide.get("github", "user").await.expect("an answer");
    assert_eq!(answer.status, 200);
    // The browser, the server and the agent.
    assert!(proxy.opened_to("sandbox.test:443") >= 3, "{:?}", proxy.tunnels());
    assert!(
        proxy.tunnels().iter().all(|one| one.target == "sandbox.test:443"),
        "{:?}",
        proxy.tunnels()
    );
    ide.finish().await;
}

#[tokio::test]
async fn a_third_party_behind_an_untrusted_authority_ends_the_attempt_with_its_name() {
    let authority = Authority::new("Example Company CA");
    let theirs = Authority::new("Inspecting Appliance CA");
    let proxy = ConnectProxy::start().await;
    let developer = Developer::new(&proxy, &authority, &theirs).await;
    let ide = developer.ide(&proxy, &authority).await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let mut browser = TestBrowser::through(Http::behind(&proxy.url(), &[&authority, &theirs]));
    browser.approve(&started.url).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind),
        (Outcome::Failed, Some(ErrorKind::TlsUntrusted)),
        "{end:?}"
    );
    let message = end.message.expect("a reason");
    assert!(
        message.contains(theirs.name()) && message.contains("`extraCerts`"),
        "{message}"
    );
    ide.finish().await;
}
