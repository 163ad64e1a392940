//! Several nodes on one PostgreSQL behind nginx, round robin and without sticky sessions: every request may hit another.
//!
//! The third parties are a server of their own, which is not behind nginx and outlives every node, as real ones do.

use crate::balancer::{self, Clients};
use crate::control::Control;
use crate::kept::Options;
use crate::nginx::Nginx;
use crate::postgres::Postgres;
use crate::process::Home;
use crate::stub::Stub;

/// Nodes behind a load balancer.
#[derive(Debug)]
pub struct Cluster {
    balancer: Nginx,
    nodes: Vec<Stub>,
    third_parties: Stub,
    database: Postgres,
    _configuration: Home,
}

impl Cluster {
    /// Starts `count` nodes; `None`, said in one line, where nginx or PostgreSQL is not installed.
    pub async fn start(count: usize) -> Option<Self> {
        let environments: Vec<&[_]> = vec![&[]; count];
        Self::of(&environments).await
    }

    /// As [`start`](Self::start), a node for each of these environments. The third parties are in the first one.
    pub async fn of(environments: &[&[(&str, &str)]]) -> Option<Self> {
        if !Nginx::is_installed() {
            return None;
        }
        let database = Postgres::new()?;
        let at = Nginx::free("127.0.0.1:0");
        let public = format!("http://{at}");
        // A test's many people come from one address, and some of them are one person.
        let configuration = Home::new();
        let file = configuration.path().join("cluster.toml");
        std::fs::write(
            &file,
            "[quotas]\nsignUpStartsPerMinute = 10000\nsessionsPerUser = 10000\n",
        )
        .expect("a file of our own");
        let file = file.display().to_string();
        let node = |environment: &[(&str, &str)]| {
            let store = Options::of(database.url());
            let node = Stub::builder().single().storing(store);
            let node = node.args(["--public-url", &public, "--config", &file]);
            environment
                .iter()
                .fold(node, |node, (name, value)| node.env(name, value))
        };
        let third_parties = node(environments.first().copied().unwrap_or_default());
        let third_parties = third_parties.start().await;
        let mut nodes = Vec::new();
        for environment in environments {
            let node = node(environment).sharing_sandbox_of(&third_parties);
            nodes.push(node.start().await);
        }
        let apis: Vec<&str> = nodes.iter().map(Stub::api).collect();
        let lines = balancer::configuration(at, &apis, Clients::OnePerConnection);
        let balancer = Nginx::start(at, &lines).await;
        Some(Self {
            balancer,
            nodes,
            third_parties,
            database,
            _configuration: configuration,
        })
    }

    /// Origin of the API, as everybody sees it.
    pub fn url(&self) -> String {
        self.balancer.url()
    }

    /// The nodes.
    pub fn nodes(&mut self) -> &mut [Stub] {
        &mut self.nodes
    }

    /// Takes a node out, to end it in some way.
    pub fn take(&mut self, node: usize) -> Stub {
        self.nodes.remove(node)
    }

    /// Controls of the third parties. What they publish is committed by a server that no IDE is connected to.
    pub fn control(&self) -> &Control {
        self.third_parties.control()
    }

    /// What they share.
    pub fn database(&self) -> &Postgres {
        &self.database
    }

    /// What the load balancer logged.
    pub fn balancer_log(&self) -> String {
        self.balancer.log()
    }
}
