//! Several nodes on one PostgreSQL behind nginx, round robin and without sticky sessions: every request may hit another.
//!
//! The third parties are a server of their own, which is not behind nginx and outlives every node, as real ones do.

use std::fmt::Write as _;

use crate::control::Control;
use crate::kept::Options;
use crate::nginx::Nginx;
use crate::postgres::Postgres;
use crate::stub::Stub;

/// Nodes behind a load balancer.
#[derive(Debug)]
pub struct Cluster {
    balancer: Nginx,
    nodes: Vec<Stub>,
    third_parties: Stub,
    database: Postgres,
}

impl Cluster {
    /// Starts `count` nodes; `None`, said in one line, where nginx or PostgreSQL is not installed.
    pub async fn start(count: usize) -> Option<Self> {
        if !Nginx::is_installed() {
            return None;
        }
        let database = Postgres::new()?;
        let port = Nginx::free_port();
        let public = format!("http://127.0.0.1:{port}");
        let node = || {
            let store = Options::of(database.url());
            Stub::builder().storing(store).args(["--public-url", &public])
        };
        let third_parties = node().start().await;
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(node().sharing_sandbox_of(&third_parties).start().await);
        }
        let balancer = Nginx::start(port, &balance(port, &nodes)).await;
        Some(Self {
            balancer,
            nodes,
            third_parties,
            database,
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

/// A node that dies is left out for a second; a request that it did not answer goes to the next one. Each connection
/// counts as a client of its own, so that a test's many browsers are not taken for one.
fn balance(port: u16, nodes: &[Stub]) -> String {
    let mut servers = String::new();
    for node in nodes {
        let address = node.api().trim_start_matches("http://");
        // Writing to a String cannot fail.
        let _ = writeln!(servers, "        server {address} max_fails=1 fail_timeout=1s;");
    }
    format!(
        "    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    upstream nodes {{
{servers}    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Forwarded-For fd00::$connection;
            proxy_next_upstream error timeout http_503 non_idempotent;
            proxy_read_timeout 60s;
        }}
    }}"
    )
}
