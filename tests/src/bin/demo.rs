//! Both handshakes, live: `cargo run --bin demo`.
//!
//! Reads the command line and the environment, and decides the exit status; the story is in [`e2e::demo`].

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use e2e::demo::{self, Clicks, Options};

/// Signs up with GitHub and connects a second service, telling every step of both handshakes with its time.
#[derive(Debug, Parser)]
#[command(name = "demo", version)]
struct Arguments {
    /// Who approves: the demo itself, or you in the system's browser (the default where there is a display).
    #[arg(long)]
    browser: Option<Browser>,
    /// The service to connect after the sign-up: `github`, `trello`, …; or `all`: a table of every service.
    #[arg(long, default_value = "trello")]
    provider: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Browser {
    Auto,
    System,
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether there is a display is the environment's to say"
)]
fn has(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn has_display() -> bool {
    !cfg!(target_os = "linux") || has("DISPLAY") || has("WAYLAND_DISPLAY")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let clicks = match arguments.browser {
        Some(Browser::System) => Clicks::System,
        None if has_display() => Clicks::System,
        Some(Browser::Auto) | None => Clicks::Auto,
    };
    let options = Options {
        clicks,
        provider: (arguments.provider != "all").then_some(arguments.provider),
        colour: std::io::stdout().is_terminal() && !has("NO_COLOR"),
    };
    tokio::select! {
        outcome = demo::run(&options) => match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("demo: {failure}");
                ExitCode::FAILURE
            }
        },
        // Dropping the story ends its processes.
        _ = tokio::signal::ctrl_c() => ExitCode::from(130),
    }
}
