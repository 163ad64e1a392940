//! The demo: signs up with one service and connects another, live, and tells every step of both handshakes as it passes;
//! or takes every service through its whole life, as a table.
//!
//! Owns the story and nothing else. What happens is observed from outside, by the IDE's messages and by a proxy in front
//! of the server, so the story is the same whether a person clicks or not.

mod all;
mod connect;
mod console;
mod sign_up;
mod stage;

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use self::console::Console;
use self::stage::Stage;

/// Who presses the buttons at the third party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clicks {
    /// The demo itself, without a browser.
    Auto,
    /// A person, in the system's browser.
    System,
}

/// What the demo does.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who presses the buttons.
    pub clicks: Clicks,
    /// The service to connect, by its lower-case name; `None` for the table of every one that the server offers.
    pub provider: Option<String>,
    /// Whether the output may have colours.
    pub colour: bool,
}

/// The demo stopped.
#[derive(Debug, thiserror::Error)]
#[error("stopped at “{step}”: {reason}")]
pub struct Failure {
    /// What it was about to tell.
    step: String,
    /// What was wrong.
    reason: String,
}

/// The service that the demo signs up with.
const SIGN_UP: &str = "github";

/// Runs the demo to its end.
pub async fn run(options: &Options) -> Result<(), Failure> {
    // The harness reports by panicking; here that becomes the failure of a step.
    std::panic::set_hook(Box::new(|_| {}));
    let console = Console::new(options.colour);
    let outcome = AssertUnwindSafe(story(options, &console)).catch_unwind().await;
    outcome.map_err(|panic| Failure {
        step: console.step(),
        reason: words(&*panic),
    })
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned())
}

async fn story(options: &Options, console: &Console) {
    let Some(provider) = &options.provider else {
        return all::run(options.clicks, console).await;
    };
    console.title("CodeStream: both handshakes, live");
    let mut stage = Stage::set(options.clicks, console).await;
    stage.introduce(console);
    sign_up::run(&mut stage, SIGN_UP, console).await;
    connect::run(&mut stage, provider, console).await;
    stage.strike(console).await;
    console.done("Both handshakes are complete.");
}
