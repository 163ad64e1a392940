//! The command line.
//!
//! The only room that writes to stdout, installs signal handlers and decides on exit codes: 0 done, 1 failed, 2 bad
//! options or configuration. What is wrong is said in one line on stderr.

mod check;
mod log;
mod options;
mod ready;
mod signal;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use tokio::net::TcpListener;

use crate::config::{self, Database, Environment, KeyRing, Settings};
use crate::keys;
use crate::listen;
use crate::nginx;
use crate::providers;
use crate::random::Random;
use crate::serve::{Listeners, Server};
use options::{Cli, Command};

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// Runs the program with the process's arguments and environment.
pub fn run() -> ExitCode {
    run_with(std::env::args_os(), &Environment::capture())
}

fn run_with(arguments: impl Iterator<Item = OsString>, environment: &Environment) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            return print(&error.render().to_string());
        }
        Err(error) => return fail(USAGE, options::one_line(&error)),
    };
    let random = Random::system();
    match cli.wanted() {
        Command::NginxConfig(given) => match nginx::configuration(given.into()) {
            Ok(text) => print(&text),
            Err(error) => fail(USAGE, error),
        },
        Command::Services => print(&providers::handbook()),
        Command::CheckConfig(given) => {
            let options: config::Options = given.into();
            let file = options.config.clone();
            // Nothing is kept by a mere check.
            match config::load(options, environment, |_| Ok(keys::fresh(&random))) {
                Ok(settings) => check(&settings, file.as_deref()),
                Err(error) => fail(USAGE, error),
            }
        }
        Command::Serve(given) => {
            let ready_json = given.ready_json;
            let options: config::Options = given.into();
            let file = options.config.clone();
            match config::load(options, environment, |database| sandbox_keys(database, &random)) {
                Ok(settings) => serve(settings, file.as_deref(), ready_json, environment),
                Err(error) => fail(USAGE, error),
            }
        }
    }
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

fn check(settings: &Settings, file: Option<&Path>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(FAILED, error),
    };
    let findings = runtime.block_on(check::findings(settings, file));
    let failed = findings
        .iter()
        .fold(None, |_, finding| Some(fail(USAGE, finding)));
    failed.unwrap_or_else(|| print(&check::limits(settings)))
}

fn sandbox_keys(database: &Database, random: &Random) -> io::Result<(KeyRing, KeyRing)> {
    match database {
        Database::SqliteMemory | Database::Postgres(_) => Ok(keys::fresh(random)),
        Database::SqliteFile(path) => keys::kept_beside(path, random),
    }
}

fn serve(settings: Settings, file: Option<&Path>, ready_json: bool, environment: &Environment) -> ExitCode {
    log::start(environment);
    if let Some(warning) = check::secret_file(file) {
        tracing::warn!("{warning}");
    }
    listen::raise();
    let served = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            let served = runtime.block_on(listen_and_serve(settings, ready_json));
            // What did not end in its grace must not hold the process up.
            runtime.shutdown_background();
            served
        });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(FAILED, problem),
    }
}

async fn listen_and_serve(settings: Settings, ready_json: bool) -> Result<(), String> {
    // Before anything is promised, so that a signal right after the ready line is obeyed.
    let stop = signal::survive_file_size_limits()
        .and_then(|()| signal::stop())
        .map_err(|error| format!("cannot listen for signals: {error}"))?;
    let api = bind(&settings.listen).await?;
    let sandbox = match &settings.sandbox_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let metrics = match &settings.metrics_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let listeners = Listeners {
        api,
        sandbox,
        metrics,
    };
    let notes = check::notes(&settings.config);
    let server = Server::new(listeners, settings.config)
        .await
        .map_err(|error| error.to_string())?;
    let ready = ready::Ready::of(&server).map_err(|error| error.to_string())?;
    tracing::info!(api = %ready.api, sandbox = ready.sandbox.as_deref(), "ready");
    for note in notes {
        tracing::info!("{note}");
    }
    if ready_json {
        ready
            .write(io::stdout().lock())
            .map_err(|error| format!("cannot write the ready line: {error}"))?;
    }
    server.run(stop).await.map_err(|error| error.to_string())
}

async fn bind(address: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))
}

fn fail(code: u8, problem: impl Display) -> ExitCode {
    // Nothing is left to tell it to when stderr is gone.
    let _ = writeln!(io::stderr(), "codestream-server-stub: {problem}");
    ExitCode::from(code)
}
