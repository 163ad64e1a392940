//! The processes of the demo and what happens in the browser.

use std::time::Duration;

use codestream_protocol::AttemptId;
use codestream_protocol::http::path;
use codestream_protocol::lsp::attempt::{AttemptEnd, Outcome};
use codestream_protocol::lsp::request::Started;

use super::Clicks;
use super::console::Console;
use crate::{
    Control, Exchange, FaultProxy, HeadlessIde, PATIENCE, RpcError, ShowDocument, Stub, TestBrowser, clock,
};

/// As long as an attempt lasts: a person may take their time.
const PERSON: Duration = Duration::from_mins(5);

pub(super) struct Stage {
    pub(super) ide: HeadlessIde,
    pub(super) proxy: FaultProxy,
    pub(super) clicks: Clicks,
    pub(super) browser: TestBrowser,
    stub: Stub,
    initialized: Duration,
}

impl Stage {
    pub(super) async fn set(clicks: Clicks, console: &Console) -> Self {
        console.about_to("start the server");
        let patience = if clicks == Clicks::System {
            PERSON
        } else {
            PATIENCE
        };
        let proxy = FaultProxy::start().await.patience(patience);
        let stub = Stub::builder()
            .any_exit()
            .args(["--public-url", &proxy.url()])
            .start()
            .await;
        proxy.forward_to(stub.api());
        console.about_to("start the agent");
        let began = clock::now();
        let ide = HeadlessIde::builder(&proxy.url())
            .patience(patience)
            .droppable()
            .progress(false);
        let ide = match clicks {
            Clicks::Auto => ide,
            Clicks::System => ide.on_the_desktop().show_document(ShowDocument::Unsupported),
        };
        let ide = ide.start().await;
        let initialized = began.elapsed();
        Self {
            ide,
            proxy,
            clicks,
            browser: TestBrowser::new(),
            stub,
            initialized,
        }
    }

    /// Says what runs where.
    pub(super) fn introduce(&self, console: &Console) {
        console.aside(&format!(
            "server    {}, third parties at {}",
            self.server(),
            self.stub.sandbox()
        ));
        console.aside(&format!(
            "agent     process {}, initialized after {:.1} ms",
            self.ide.id(),
            self.initialized.as_secs_f64() * 1000.0
        ));
    }

    /// Where the server is for everybody.
    pub(super) fn server(&self) -> String {
        self.proxy.url()
    }

    pub(super) fn control(&self) -> &Control {
        self.stub.control()
    }

    pub(super) async fn strike(mut self, console: &Console) {
        console.about_to("shut everything down");
        self.ide.quit().await;
        let (code, log) = self.stub.stop().await;
        assert_eq!(code, Some(0), "the server's exit status; its log:\n{log}");
    }
}

/// Waits for the link to be on its way to a browser, and says how.
pub(super) async fn handed_over(
    ide: &HeadlessIde,
    clicks: Clicks,
    started: &Started,
    console: &Console,
) -> &'static str {
    match clicks {
        Clicks::Auto => {
            let opened = ide.opened().await;
            assert_eq!(opened.url, started.url, "the IDE opens the link of the answer");
            "agent → IDE → browser: open the link"
        }
        Clicks::System => {
            console.aside(&format!(
                "Approve in your browser. If none has opened: {}",
                started.url
            ));
            "agent → browser: open the link"
        }
    }
}

/// What a person does in the browser; nothing when there is one.
pub(super) async fn approve(browser: &mut TestBrowser, clicks: Clicks, url: &str) {
    if clicks == Clicks::Auto {
        let page = browser.approve(url).await;
        assert!(
            page.status.is_success(),
            "the browser ends on {}: {}",
            page.url.path(),
            page.text()
        );
    }
}

/// Reads an attempt to its good end.
pub(super) async fn good_end(ide: &HeadlessIde, id: AttemptId) -> AttemptEnd {
    let end = ide.end_of(id).await;
    let good = matches!(end.outcome, Outcome::Connected | Outcome::SignedIn);
    assert!(
        good,
        "the attempt ended as {:?}: {}",
        end.outcome,
        end.message.as_deref().unwrap_or("")
    );
    end
}

/// Who this is, from a direct call of the agent to the third party.
pub(super) async fn direct_call(ide: &HeadlessIde, provider: &str, console: &Console) {
    console.about_to(&format!("call {provider} directly"));
    let began = clock::now();
    let me = or_words(ide.me(provider).await);
    let took = began.elapsed().as_secs_f64() * 1000.0;
    let me = serde_json::to_string_pretty(&me).expect("a person is JSON");
    console.answer(
        &format!("agent → {provider}: “who am I?”, with the new token, answered in {took:.1} ms"),
        &me,
    );
}

/// A refusal in words.
pub(super) fn or_words<T>(answer: Result<T, RpcError>) -> T {
    answer.unwrap_or_else(|error| panic!("{}", error.message))
}

/// The browser's way through the server, as the proxy saw it.
pub(super) struct Passage<'a> {
    proxy: &'a FaultProxy,
    provider: String,
    /// How much of the log is older than the press.
    from: usize,
}

impl<'a> Passage<'a> {
    pub(super) fn new(proxy: &'a FaultProxy, provider: &str) -> Self {
        Self {
            proxy,
            provider: provider.to_owned(),
            from: proxy.exchanges().len(),
        }
    }

    async fn find(&self, wanted: &str, accept: impl Fn(&Exchange) -> bool) -> Exchange {
        self.proxy
            .until(wanted, |log| {
                log[self.from..].iter().find(|one| accept(one)).cloned()
            })
            .await
    }

    /// The link was opened: the server sends the browser on.
    pub(super) async fn begun(&self) -> Exchange {
        let path = format!("{}/{}", path::WEB_PROVIDER_AUTH, self.provider);
        self.find("answer to the link", |one| {
            one.path == path && one.reply.is_some()
        })
        .await
    }

    /// The third party sent the browser back.
    pub(super) async fn returned(&self) -> Exchange {
        let path = self.callback();
        self.find("return from the third party", |one| one.path == path)
            .await
    }

    /// The server is done with it: the browser goes to the last page.
    pub(super) async fn settled(&self) -> Exchange {
        let path = self.callback();
        let done = |one: &Exchange| one.method == "POST" || (300..400).contains(&one.status());
        self.find("end of the callback", |one| {
            one.path == path && one.reply.is_some() && done(one)
        })
        .await
    }

    /// A request of the agent was answered with success.
    pub(super) async fn granted(&self, path: &str) -> Exchange {
        self.find("answer to the agent", |one| {
            one.path == path && (200..300).contains(&one.status())
        })
        .await
    }

    /// A request of the agent arrived.
    pub(super) async fn asked(&self, path: &str) -> Exchange {
        self.find("request of the agent", |one| one.path == path).await
    }

    fn callback(&self) -> String {
        format!("{}/{}", path::PROVIDER_TOKEN, self.provider)
    }
}

/// When an exchange was over.
pub(super) fn over(exchange: &Exchange) -> std::time::Instant {
    exchange.reply.as_ref().map_or(exchange.at, |reply| reply.at)
}

/// The host that a redirect leads to.
pub(super) fn target(exchange: &Exchange) -> String {
    let location = exchange.reply_header("location").unwrap_or("");
    url::Url::parse(location).map_or_else(
        |_| location.split('?').next().unwrap_or("").to_owned(),
        |url| format!("{}{}", url.authority(), url.path()),
    )
}
