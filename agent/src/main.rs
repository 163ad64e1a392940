//! `codestream-agent`: an LSP server, or one command. Reads the process's surroundings, once, and gives them on.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use codestream_agent::cli::{self, Cli};
use codestream_agent::clock::SystemClock;
use codestream_agent::environment::Environment;
use codestream_agent::lifecycle::Lifecycle;
use codestream_agent::log::Log;
use codestream_agent::lsp::{self, Surroundings};
use codestream_agent::random::Random;
use tokio_util::sync::CancellationToken;

/// How long tasks may take to end after a command has.
const GRACE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let Cli { command, network, .. } = Cli::parse();
    let environment = Environment::capture();
    let log = Log::start(&environment);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no runtime");
            return ExitCode::FAILURE;
        }
    };
    let lifecycle = Lifecycle::new();
    let exit = runtime.block_on(async {
        match command {
            None => {
                let surroundings = Surroundings {
                    environment,
                    clock: Arc::new(SystemClock),
                    random: Random::system(),
                    lifecycle: lifecycle.clone(),
                    log,
                };
                ExitCode::from(lsp::serve(tokio::io::stdin(), tokio::io::stdout(), surroundings).await)
            }
            Some(command) => {
                let interrupt = CancellationToken::new();
                let (signal, end) = (interrupt.clone(), lifecycle.soft().clone());
                lifecycle.spawn(async move {
                    if let Some(Ok(())) = end.run_until_cancelled(tokio::signal::ctrl_c()).await {
                        signal.cancel();
                    }
                });
                let exit = cli::run(command, &network, &environment, &lifecycle, interrupt).await;
                lifecycle.stop(GRACE).await;
                exit.into()
            }
        }
    });
    // A read of standard input cannot be called back; nothing waits for it.
    runtime.shutdown_background();
    exit
}
