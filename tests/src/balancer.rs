//! A load balancer in front of nodes: nginx, round robin and without sticky sessions.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// Whom the nodes take for their clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clients {
    /// Whoever they are.
    AsTheyAre,
    /// A client for each connection, so that a test's many browsers are not taken for one: of IPv6 the /64 counts.
    OnePerConnection,
}

/// How many nodes the suite runs on: `CODESTREAM_TEST_NODES`, or one.
///
/// # Panics
/// When several are asked for and the store is not PostgreSQL, or nginx is not installed.
#[expect(
    clippy::disallowed_methods,
    reason = "what is tested is the environment's to say"
)]
pub(crate) fn nodes() -> usize {
    let Ok(text) = std::env::var("CODESTREAM_TEST_NODES") else {
        return 1;
    };
    let nodes: usize = text
        .parse()
        .ok()
        .filter(|nodes| *nodes > 0)
        .unwrap_or_else(|| panic!("CODESTREAM_TEST_NODES is a number, not {text}"));
    let postgres = std::env::var("CODESTREAM_TEST_DATABASE").is_ok_and(|store| store == "postgres");
    assert!(
        nodes == 1 || postgres,
        "several nodes need CODESTREAM_TEST_DATABASE=postgres"
    );
    nodes
}

/// What belongs inside of nginx's `http { }`. A request that a node did not answer goes to the next one, and none is left out
/// for it: where every node loses an answer on purpose, a test would find them all left out.
pub(crate) fn configuration(at: SocketAddr, nodes: &[&str], clients: Clients) -> String {
    let mut servers = String::new();
    for node in nodes {
        let address = node.trim_start_matches("http://");
        // Writing to a String cannot fail.
        let _ = writeln!(servers, "        server {address} max_fails=0;");
    }
    let client = match clients {
        Clients::AsTheyAre => "$remote_addr",
        Clients::OnePerConnection => "fd00:0:0:$connection::1",
    };
    format!(
        "    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    upstream nodes {{
{servers}    }}
    server {{
        listen {at};
        client_max_body_size 0;
        location / {{
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Forwarded-For {client};
            proxy_next_upstream error timeout non_idempotent;
            proxy_read_timeout 60s;
        }}
    }}"
    )
}
