//! The API as tests see it: `codestream-server-stub` with its sandbox.
//!
//! One process; or, where `CODESTREAM_TEST_NODES` says how many, nodes on one database behind a load balancer, so that each
//! request may hit another. What a test asks for is the same.

use std::net::SocketAddr;
use std::process::Command;

use crate::balancer::{self, Clients};
use crate::bins::bin;
use crate::control::Control;
use crate::http::Http;
use crate::kept::{Kept, Options};
use crate::nginx::Nginx;
use crate::node::{Node, Ready};
use crate::process::Home;

/// How a stub is started.
#[derive(Debug, Default)]
pub struct StubBuilder {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    listen: Option<String>,
    configuration: Option<String>,
    descriptors: Option<String>,
    store: Option<Options>,
    any_exit: bool,
    single: bool,
    sandbox: Sandbox,
}

/// The imitated third parties.
#[derive(Debug, Clone, Default)]
enum Sandbox {
    /// Of its own.
    #[default]
    Own,
    /// Another stub's.
    At(String),
    /// Another node's, with controls of its own.
    Shared(String),
    /// None.
    None,
}

impl Sandbox {
    fn options(&self) -> Vec<&str> {
        const OWN: [&str; 3] = ["--sandbox", "--sandbox-listen", "127.0.0.1:0"];
        match self {
            Self::Own => OWN.to_vec(),
            Self::At(url) => vec!["--sandbox-url", url],
            Self::Shared(url) => [&OWN[..], &["--sandbox-url", url]].concat(),
            Self::None => Vec::new(),
        }
    }
}

impl StubBuilder {
    /// Adds arguments of its command line.
    pub fn args<A: Into<String>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives each process a configuration file with this text.
    pub fn configured(mut self, text: &str) -> Self {
        self.configuration = Some(text.to_owned());
        self
    }

    /// Most descriptors that each process may have open.
    pub fn descriptors(mut self, most: u32) -> Self {
        self.descriptors = Some(format!("-n {most}"));
        self
    }

    /// As many, until it raises its limit.
    pub fn soft_descriptors(mut self, most: u32) -> Self {
        self.descriptors = Some(format!("-S -n {most}"));
        self
    }

    /// Where the API listens; a free port otherwise.
    pub fn listen(mut self, address: &str) -> Self {
        self.listen = Some(address.to_owned());
        self
    }

    /// Keeps everything here; in a store of its own otherwise.
    pub fn keeping(self, store: &Kept) -> Self {
        self.storing(store.options())
    }

    pub(crate) fn storing(mut self, store: Options) -> Self {
        self.store = Some(store);
        self
    }

    /// With another stub's third parties.
    pub fn sharing_sandbox_of(mut self, other: &Stub) -> Self {
        self.sandbox = Sandbox::At(other.sandbox().to_owned());
        self
    }

    /// Without the imitated third parties, as in production.
    pub fn without_sandbox(mut self) -> Self {
        self.sandbox = Sandbox::None;
        self
    }

    /// The test ends it in its own way: any exit status is good.
    pub fn any_exit(mut self) -> Self {
        self.any_exit = true;
        self
    }

    /// What is tested is a property of one process, such as its memory: it is one whatever the rest of the suite runs on.
    pub fn single(mut self) -> Self {
        self.single = true;
        self
    }

    /// Starts it and waits until every listener is up.
    pub async fn start(mut self) -> Stub {
        let store = self.store.take().unwrap_or_else(Options::passing);
        let count = if self.single { 1 } else { balancer::nodes() };
        if count == 1 {
            let at = self.listen.as_deref().unwrap_or("127.0.0.1:0");
            let node = self.node(&store, at, &[], &self.sandbox).await;
            return Stub {
                ready: node.ready().clone(),
                control: node.ready().sandbox.as_deref().map(Control::new),
                any_exit: self.any_exit,
                nodes: vec![node],
                balancer: None,
            };
        }
        let at = Nginx::free(self.listen.as_deref().unwrap_or("127.0.0.1:0"));
        let api = format!("http://{at}");
        let given = |option| self.arguments.iter().any(|argument| argument == option);
        let public: &[&str] = if given("--public-url") {
            &[]
        } else {
            &["--public-url", &api]
        };
        let mut sandbox = self.sandbox.clone();
        let mut nodes: Vec<Node> = Vec::new();
        for _ in 0..count {
            let node = self.node(&store, "127.0.0.1:0", public, &sandbox).await;
            if let (Sandbox::Own, Some(url), false) =
                (&sandbox, &node.ready().sandbox, given("--sandbox-url"))
            {
                sandbox = Sandbox::Shared(url.clone());
            }
            nodes.push(node);
        }
        Stub::behind(at, nodes, self.any_exit).await
    }

    fn program(&self, home: &Home) -> Command {
        let program = bin("codestream-server-stub");
        let Some(most) = &self.descriptors else {
            return home.command(&program);
        };
        let mut command = home.command("/bin/sh".as_ref());
        let script = format!("ulimit {most}; exec \"$0\" \"$@\"");
        command.arg("-c").arg(script).arg(program);
        command
    }

    async fn node(&self, store: &Options, listen: &str, public: &[&str], sandbox: &Sandbox) -> Node {
        let home = Home::new();
        let mut command = self.program(&home);
        if let Some(text) = &self.configuration {
            let file = home.path().join("codestream.toml");
            std::fs::write(&file, text).expect("a file");
            command.arg("serve").arg("--config").arg(file);
        } else {
            command.arg("serve");
        }
        command
            .args(sandbox.options())
            .args(["--ready-json", "--listen", listen])
            .args(public)
            .args(
                store
                    .database
                    .iter()
                    .flat_map(|database| ["--database", database]),
            )
            .args(&self.arguments)
            .env("RUST_LOG", "info")
            .envs(store.environment.iter().copied())
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        let node = Node::start(home, &mut command).await;
        let wanted = !matches!(sandbox, Sandbox::None);
        assert_eq!(node.ready().sandbox.is_some(), wanted, "{:?}", node.ready());
        node
    }
}

/// A running stub with its sandbox. Ends with it.
#[derive(Debug)]
pub struct Stub {
    control: Option<Control>,
    ready: Ready,
    // The order of the fields is the order of their ends.
    nodes: Vec<Node>,
    balancer: Option<Nginx>,
    any_exit: bool,
}

impl Stub {
    /// One with defaults.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// One with options.
    pub fn builder() -> StubBuilder {
        StubBuilder::default()
    }

    async fn behind(at: SocketAddr, nodes: Vec<Node>, any_exit: bool) -> Self {
        let apis: Vec<&str> = nodes.iter().map(|node| node.ready().api.as_str()).collect();
        let balancer = Nginx::start(at, &balancer::configuration(at, &apis, Clients::AsTheyAre)).await;
        let first = nodes[0].ready();
        let ready = Ready {
            api: format!("http://{at}"),
            channel: format!("ws://{at}/socketcluster/"),
            sandbox: first.sandbox.clone(),
            metrics: first.metrics.clone(),
        };
        let sandboxes = nodes.iter().filter_map(|node| node.ready().sandbox.as_deref());
        Self {
            control: ready.sandbox.as_deref().map(|_| Control::of(sandboxes)),
            ready,
            nodes,
            balancer: Some(balancer),
            any_exit,
        }
    }

    /// Origin of the API.
    pub fn api(&self) -> &str {
        &self.ready.api
    }

    /// A URL of the API.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ready.api)
    }

    /// Origin of the sandbox.
    pub fn sandbox(&self) -> &str {
        self.ready.sandbox.as_deref().expect("this stub has a sandbox")
    }

    /// What it said when it was ready.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The sandbox's control endpoints.
    pub fn control(&self) -> &Control {
        self.control.as_ref().expect("this stub has a sandbox")
    }

    /// A client to call it with.
    pub fn http(&self) -> Http {
        Http::new()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.nodes.iter().map(Node::log).collect()
    }

    /// Waits until it has logged these words.
    ///
    /// # Panics
    /// When it does not.
    pub async fn logs(&self, words: &str) {
        let logged = async {
            while !self.log().contains(words) {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(crate::PATIENCE, logged).await;
        assert!(in_time.is_ok(), "it does not log {words:?}:\n{}", self.log());
    }

    /// What it printed after its ready line.
    pub fn printed(&self) -> Vec<String> {
        self.nodes.iter().flat_map(Node::printed).collect()
    }

    /// Its process id, when it is [`single`](StubBuilder::single).
    pub fn id(&self) -> u32 {
        self.single().id()
    }

    /// Waits for an end that something else brought about, and gives the exit status, when it is
    /// [`single`](StubBuilder::single).
    pub async fn ended(&mut self) -> Option<i32> {
        self.single();
        self.nodes[0].ended().await
    }

    fn single(&self) -> &Node {
        assert_eq!(self.nodes.len(), 1, "this is asked of one process");
        &self.nodes[0]
    }

    /// Ends it without a word, as a power cut does.
    pub async fn kill(&mut self) {
        self.any_exit = true;
        // First, or it would still tell somebody that the nodes are gone.
        self.balancer = None;
        self.nodes.iter_mut().for_each(Node::kill);
        for node in &mut self.nodes {
            node.gone().await;
        }
    }

    /// Tells it to end, as a service manager does.
    pub fn terminate(&mut self) {
        self.nodes.iter_mut().for_each(Node::terminate);
    }

    /// Ends it as a service manager does, and gives its exit status and its log.
    pub async fn stop(mut self) -> (Option<i32>, String) {
        self.terminate();
        let code = self.gone().await;
        (code, self.log())
    }

    /// Waits until every process has ended, and gives the first exit status that is not 0.
    pub async fn gone(&mut self) -> Option<i32> {
        let mut code = Some(0);
        for node in &mut self.nodes {
            let ended = node.gone().await;
            code = if code == Some(0) { ended } else { code };
        }
        self.any_exit = true;
        code
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.terminate();
        let codes: Vec<_> = self.nodes.iter_mut().map(Node::gone_blocking).collect();
        if std::thread::panicking() {
            self.nodes.iter().for_each(Node::last_words);
            return;
        }
        let printed = self.printed();
        assert!(
            printed.is_empty(),
            "the stub printed more than its ready line: {printed:?}"
        );
        assert!(
            self.any_exit || codes.iter().all(|code| *code == Some(0)),
            "the stub ended with {codes:?}:\n{}",
            self.log()
        );
    }
}
