//! Me-channel connections over several nodes: how long from a publish to its delivery.
//!
//! `cargo run --release --bin channel-bench -- --connections 10000`: starts PostgreSQL and the nodes, once one of them and
//! once three, spreads the connections over them, publishes on a server that none of them is connected to, and prints a
//! table. Not a test: its figures are those of the machine.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use e2e::{Cluster, SandboxUser, Socket, clock};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Measures publish-to-deliver over one node and over three.
#[derive(Debug, Parser)]
#[command(name = "channel-bench", version)]
struct Arguments {
    /// Connections in all.
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Users that they belong to: a publish reaches every connection of one user.
    #[arg(long, default_value_t = 100)]
    users: usize,
    /// Messages that are published, one after another.
    #[arg(long, default_value_t = 200)]
    messages: usize,
}

/// Handshakes under way at once.
const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    println!(
        "{:>5} {:>11} {:>9} {:>10} {:>10} {:>9} {:>9} {:>9}",
        "nodes", "connections", "connects", "messages", "deliveries", "p50 ms", "p99 ms", "max ms"
    );
    for nodes in [1, 3] {
        if measure(nodes, &arguments).await.is_none() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn measure(nodes: usize, arguments: &Arguments) -> Option<()> {
    let mut cluster = Cluster::start(nodes).await?;
    let users = cluster.control().users(arguments.users).await;
    let channels: Vec<String> = cluster
        .nodes()
        .iter()
        .map(|node| node.ready().channel.clone())
        .collect();
    let began = clock::now();
    let (heard, mut deliveries) = mpsc::unbounded_channel();
    let listening = tokio_util::task::TaskTracker::new();
    stream::iter(0..arguments.connections)
        .for_each_concurrent(AT_ONCE, |number| {
            // Every user has connections on every node.
            let user: &SandboxUser = &users[number % users.len()];
            let channel = &channels[number / users.len() % channels.len()];
            let heard = heard.clone();
            let listening = &listening;
            async move {
                let mut socket = Socket::listening(channel, user).await;
                listening.spawn(async move {
                    while let Some(mut message) = socket.published().await {
                        let id = message["messageId"].take();
                        // The other side is gone once all is measured.
                        let _ = heard.send((id, clock::now()));
                    }
                });
            }
        })
        .await;
    let connecting = began.elapsed();
    let mut times = Vec::new();
    let each = arguments.connections / users.len();
    for number in 0..arguments.messages {
        let user = &users[number % users.len()];
        let channel = format!("user-{}", user.user_id);
        let published = clock::now();
        let sent = cluster
            .control()
            .publish(&channel, json!({ "number": number }))
            .await;
        for _ in 0..each {
            let heard = tokio::time::timeout(e2e::PATIENCE, deliveries.recv()).await;
            let (id, at): (Value, Instant) =
                heard.expect("it is delivered in time").expect("somebody listens");
            assert_eq!(sent["messageId"], id, "one message at a time");
            times.push(at - published);
        }
    }
    times.sort_unstable();
    let at = |percent: usize| millis(times[(times.len() - 1) * percent / 100]);
    println!(
        "{nodes:>5} {:>11} {:>7}/s {:>10} {:>10} {:>9.2} {:>9.2} {:>9.2}",
        arguments.connections,
        arguments.connections as u128 * 1000 / connecting.as_millis().max(1),
        arguments.messages,
        times.len(),
        at(50),
        at(99),
        at(100)
    );
    Some(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
