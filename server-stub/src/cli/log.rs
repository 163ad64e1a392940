//! The log: to stderr, as `RUST_LOG` asks.
//!
//! Other crates are never logged below `info`, whatever is asked: at `trace` some of them write out headers and bodies,
//! and with them tokens.

use codestream_protocol::text::log::OneLine;
use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Environment;

/// Starts logging.
pub(super) fn start(environment: &Environment) {
    let asked = environment.get("RUST_LOG").unwrap_or("info");
    let asked = EnvFilter::try_new(asked).unwrap_or_else(|_| EnvFilter::new("info"));
    let ours = filter_fn(|about| about.target().starts_with("codestream") || *about.level() <= Level::INFO);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(|| OneLine(std::io::stderr()))
        .with_ansi(false)
        .with_filter(asked.and(ours));
    // Err means that whoever embeds us logs already.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
