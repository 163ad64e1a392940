//! What nearly every test begins with: a stub, an IDE and a browser, perhaps a proxy between, perhaps a session.

use std::time::Duration;

use codestream_protocol::activity::Activity;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::{ConnectionStatus, DataType, DidLogin};
use codestream_protocol::lsp::request::Started;
use e2e::methods::{ConnectionChanged, DataChanged};
use e2e::{Control, FaultProxy, HeadlessIde, IdeBuilder, Page, SandboxUser, Stub, StubBuilder, TestBrowser};
use reqwest::Method;
use url::Url;

/// Within this an IDE knows what happened in the browser.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(1);

/// A stub and a browser.
pub(crate) struct Scene {
    // The order of the fields is the order of their ends.
    pub(crate) browser: TestBrowser,
    pub(crate) stub: Stub,
    pub(crate) proxy: Option<FaultProxy>,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::of(Stub::builder()).await
    }

    /// With options of the stub.
    pub(crate) async fn of(stub: StubBuilder) -> Self {
        Self {
            browser: TestBrowser::new(),
            stub: stub.start().await,
            proxy: None,
        }
    }

    /// With a proxy between the stub and everybody else.
    pub(crate) async fn behind_proxy(stub: StubBuilder) -> Self {
        let proxy = FaultProxy::start().await;
        let stub = stub.args(["--public-url", &proxy.url()]).start().await;
        proxy.forward_to(stub.api());
        Self {
            browser: TestBrowser::new(),
            stub,
            proxy: Some(proxy),
        }
    }

    /// Where the API is for everybody.
    pub(crate) fn api(&self) -> String {
        self.proxy
            .as_ref()
            .map_or_else(|| self.stub.api().to_owned(), FaultProxy::url)
    }

    pub(crate) fn proxy(&self) -> &FaultProxy {
        self.proxy.as_ref().expect("this scene has a proxy")
    }

    pub(crate) fn control(&self) -> &Control {
        self.stub.control()
    }

    pub(crate) fn ide(&self) -> IdeBuilder {
        HeadlessIde::builder(&self.api())
    }

    /// An IDE that nobody is signed in to.
    pub(crate) async fn signed_out(&self) -> HeadlessIde {
        self.ide().start().await
    }

    /// A new user and an IDE with a session of theirs.
    pub(crate) async fn signed_in(&self) -> (HeadlessIde, SandboxUser) {
        let user = self.control().user().await;
        let ide = self.window(self.ide(), &user).await;
        (ide, user)
    }

    /// One more IDE with the same session, listening.
    pub(crate) async fn window(&self, ide: IdeBuilder, user: &SandboxUser) -> HeadlessIde {
        let ide = ide.session(&user.access_token).start().await;
        let login = ide.logged_in().await;
        assert_eq!(login.session.user_id, user.user_id);
        listening(&ide).await;
        ide
    }

    /// Comes back from a service to a server that dies of it.
    pub(crate) async fn come_back_fatally(&mut self, callback: &Url) {
        let cookie = self.browser.jar().get("127.0.0.1", "cs-browser");
        let cookie = format!("cs-browser={}", cookie.expect("the cookie"));
        let request = self.stub.http().request(Method::GET, callback.as_str());
        // Whether its answer is out by then is for the process's own tasks to race.
        drop(request.header("Cookie", cookie).send().await);
    }

    /// Connects a service the usual way.
    pub(crate) async fn connect(&mut self, ide: &HeadlessIde, provider: &str) -> Page {
        let started = ide.connect(provider).await.expect("a link");
        ide.opened().await;
        let page = self.browser.approve(&started.url).await;
        let end = ide.end_of(started.attempt_id).await;
        assert_eq!(end.outcome, Outcome::Connected, "{end:?}");
        page
    }
}

/// Goes through the browser with what a sign-up or a sign-in began, until the me-channel is up.
pub(crate) async fn sign_in(ide: &HeadlessIde, browser: &mut TestBrowser, started: Started) -> DidLogin {
    ide.opened().await;
    browser.approve(&started.url).await;
    let login = ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    listening(ide).await;
    login
}

/// Waits for the me-channel to be up.
pub(crate) async fn listening(ide: &HeadlessIde) {
    ide.await_notification::<ConnectionChanged>(|change| change.status == ConnectionStatus::Reconnected)
        .await;
}

/// Waits for what a third party told.
pub(crate) async fn told(ide: &HeadlessIde) -> Activity {
    let change = ide
        .await_notification::<DataChanged>(|change| change.kind == DataType::Activities)
        .await;
    let activities: Vec<Activity> = serde_json::from_value(change.data).expect("activities");
    activities.into_iter().next().expect("one")
}
