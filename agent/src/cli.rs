//! The command line: the LSP server's start, and a handful of commands for people without an IDE, on the same session.
//!
//! Results and links go to standard output through one [`Terminal`], complaints to standard error. Every command ends by
//! itself, by its attempt's deadline at the latest, and Ctrl-C cancels what it began.

mod access;
mod account;
mod doctor;
mod handshake;
mod terminal;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgGroup, Args, Parser, Subcommand};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::init::ProxyOptions;
use codestream_protocol::{IdentityId, SessionId};
use tokio_util::sync::CancellationToken;

use crate::api::{Device, ServerUrl};
use crate::browser::Browser;
use crate::clock::{Clock, SystemClock};
use crate::environment::Environment;
use crate::error::AgentError;
use crate::keep::{Choice, Keep, Kept};
use crate::lifecycle::Lifecycle;
use crate::net::{Network, NetworkOptions};
use crate::random::Random;
use crate::session::{Session, SessionConfig, SessionDeps};

use terminal::{Terminal, TerminalHost};

/// The IDE's name on the pages of a handshake that a terminal began.
const IDE: &str = "Terminal";

/// The CodeStream agent: connects an IDE to third-party services.
///
/// Without a command it is an LSP server on standard input and output.
#[derive(Debug, Parser)]
#[command(name = "codestream-agent", version, after_help = EXITS)]
pub struct Cli {
    /// Speak LSP on standard input and output (the default)
    #[arg(long)]
    pub stdio: bool,
    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to reach the server.
    #[command(flatten)]
    pub network: NetworkArguments,
}

const EXITS: &str = "Exit status: 0 done, 1 failed, 2 wrong usage, 3 not signed in, 130 cancelled.";

/// One thing to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in with a service, through the browser
    SignIn {
        /// The service, for example `github`
        provider: String,
        /// The server, for example `https://codestream.example.com`
        #[arg(long, value_name = "URL")]
        server: ServerUrl,
        /// Create an account if there is none
        #[arg(long)]
        sign_up: bool,
        /// Where to keep the session; by default in the keyring, else in a file, else nowhere
        #[arg(long, value_enum, value_name = "PLACE")]
        store: Option<Choice>,
    },
    /// Connect a service, through the browser
    Connect {
        /// The service, for example `github`
        provider: String,
    },
    /// Disconnect a service and end the access that it granted
    Disconnect {
        /// The service, for example `github`
        provider: String,
    },
    /// List, link and unlink the accounts that sign in as you
    Identities {
        /// What to do; by default, list them
        #[command(subcommand)]
        command: Option<IdentitiesCommand>,
    },
    /// List and end the sessions of your account
    Sessions {
        /// What to do; by default, list them
        #[command(subcommand)]
        command: Option<SessionsCommand>,
    },
    /// Say who is signed in and what is connected
    Status,
    /// Try every part of the way to the server, and say what was found; shows no secrets
    Doctor {
        /// The server; by default the one that is signed in to
        #[arg(long, value_name = "URL")]
        server: Option<ServerUrl>,
    },
}

/// What to do with the accounts that sign in as the user.
#[derive(Debug, Subcommand)]
pub enum IdentitiesCommand {
    /// List them
    List,
    /// Let one more account sign in as you, through the browser; asks before it does
    Link {
        /// The service, for example `github`
        provider: String,
        /// Do not ask: link exactly the account of this name, and no other
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
    },
    /// Let an account no longer sign in as you
    Unlink {
        /// Its id, as the list has it
        id: IdentityId,
    },
}

/// What to do with the sessions of the user.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List them
    List,
    /// End one, or all but this one
    #[command(group(ArgGroup::new("which").required(true).args(["id", "others"])))]
    End {
        /// Its id, as the list has it
        id: Option<SessionId>,
        /// All but the one of this command line
        #[arg(long)]
        others: bool,
    },
}

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct NetworkArguments {
    /// A proxy, instead of the environment's
    #[arg(long, global = true, value_name = "URL")]
    proxy: Option<String>,
    /// A PEM file with further certificate authorities
    #[arg(long, global = true, value_name = "FILE")]
    extra_certs: Option<PathBuf>,
    /// Accept any certificate
    #[arg(long, global = true)]
    disable_strict_ssl: bool,
}

impl NetworkArguments {
    fn options(&self) -> NetworkOptions {
        NetworkOptions {
            proxy: self.proxy.as_ref().map(|url| ProxyOptions {
                url: url.clone(),
                strict_ssl: true,
            }),
            extra_certs: self.extra_certs.clone(),
            disable_strict_ssl: self.disable_strict_ssl,
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed, and the reason was told.
    Failed,
    /// Used in a wrong way.
    Usage,
    /// There is no session.
    NotSignedIn,
    /// The person gave up.
    Cancelled,
}

impl Exit {
    /// The exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotSignedIn => 3,
            Self::Cancelled => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Runs one command to its end. `interrupt` is cancelled by Ctrl-C.
pub async fn run(
    command: Command,
    network: &NetworkArguments,
    environment: &Environment,
    lifecycle: &Lifecycle,
    interrupt: CancellationToken,
) -> Exit {
    let terminal = Terminal::standard();
    let options = network.options();
    let network = match Network::new(&options, environment) {
        Ok(network) => network,
        Err(error) => {
            terminal.complain(&error);
            return Exit::Usage;
        }
    };
    let shell = Shell {
        keep: Keep::new(environment),
        browser: Browser::new(environment),
        device: Device {
            ide: Some(IDE.to_owned()),
            machine: environment.machine_name().map(str::to_owned),
        },
        clock: Arc::new(SystemClock),
        random: Random::system(),
        lifecycle: lifecycle.clone(),
        network,
        terminal,
        interrupt,
    };
    shell.run(command).await
}

/// What the commands share.
struct Shell {
    terminal: Terminal,
    network: Network,
    keep: Keep,
    browser: Browser,
    device: Device,
    clock: Arc<dyn Clock>,
    random: Random,
    lifecycle: Lifecycle,
    interrupt: CancellationToken,
}

impl Shell {
    async fn run(&self, command: Command) -> Exit {
        let interrupt = self.interrupt.clone();
        let done = match command {
            // These two cancel their attempt before they end.
            Command::SignIn {
                provider,
                server,
                sign_up,
                store,
            } => self.sign_in(provider, server, sign_up, store).await,
            Command::Connect { provider } => self.connect(provider).await,
            Command::Disconnect { provider } => until(&interrupt, self.disconnect(provider)).await,
            Command::Identities { command } => match command.unwrap_or(IdentitiesCommand::List) {
                IdentitiesCommand::List => until(&interrupt, self.identities()).await,
                // Cancels its attempt before it ends.
                IdentitiesCommand::Link { provider, account } => self.link(provider, account).await,
                IdentitiesCommand::Unlink { id } => until(&interrupt, self.unlink(id)).await,
            },
            Command::Sessions { command } => match command.unwrap_or(SessionsCommand::List) {
                SessionsCommand::List => until(&interrupt, self.sessions()).await,
                SessionsCommand::End { id, .. } => until(&interrupt, self.end_sessions(id)).await,
            },
            Command::Status => until(&interrupt, self.status()).await,
            Command::Doctor { server } => until(&interrupt, self.doctor(server)).await,
        };
        done.err().unwrap_or(Exit::Done)
    }

    fn start(&self, server: ServerUrl, kept: Option<&Kept>) -> (Session, Arc<TerminalHost>) {
        if let Some(warning) = server.in_the_clear() {
            tracing::warn!(%server, "sessions are sent over plain http to another machine");
            self.terminal.complain(&warning);
        }
        let host = Arc::new(TerminalHost::new(self.terminal.clone(), self.browser));
        let config = SessionConfig {
            server: Ok(server),
            team_id: kept.and_then(|kept| kept.team_id.clone()),
            access_token: kept.map(|kept| kept.token.clone()),
            device: self.device.clone(),
        };
        let deps = SessionDeps {
            network: self.network.clone(),
            clock: Arc::clone(&self.clock),
            random: self.random.clone(),
            lifecycle: self.lifecycle.clone(),
            host: Arc::clone(&host) as Arc<_>,
        };
        (Session::start(config, deps), host)
    }

    /// The session that was kept.
    async fn resume(&self) -> Result<(Session, Arc<TerminalHost>), Exit> {
        let kept = match self.keep.load().await {
            Ok(kept) => kept,
            Err(error) => {
                self.terminal.complain(&error);
                return Err(Exit::Failed);
            }
        };
        let Some((kept, _)) = kept else {
            return Err(self.not_signed_in("You are not signed in.", None));
        };
        match kept.server.parse::<ServerUrl>() {
            Ok(server) => Ok(self.start(server, Some(&kept))),
            Err(error) => Err(self.not_signed_in(&error.to_string(), None)),
        }
    }

    fn not_signed_in(&self, why: &str, server: Option<&str>) -> Exit {
        let server = server.unwrap_or("URL");
        self.terminal.complain(&format_args!(
            "{why} Run: codestream-agent sign-in github --server {server}"
        ));
        Exit::NotSignedIn
    }

    /// Tells what went wrong; a session that has ended is forgotten.
    async fn failed(&self, error: AgentError) -> Exit {
        match error.kind() {
            Some(ErrorKind::NotSignedIn) => {}
            Some(ErrorKind::UnknownProvider) => {
                self.terminal.complain(&format_args!(
                    "There is no service {:?}. `codestream-agent status` lists those that there are.",
                    error.provider().unwrap_or_default()
                ));
                return Exit::Failed;
            }
            _ => {
                self.terminal.complain(&error);
                return Exit::Failed;
            }
        }
        let mut server = None;
        if let Ok(Some((kept, place))) = self.keep.load().await {
            if let Err(error) = self.keep.forget(&place).await {
                self.terminal.complain(&error);
            }
            server = Some(kept.server);
        }
        self.not_signed_in("Your session has ended.", server.as_deref())
    }
}

/// The command, or its end by Ctrl-C.
async fn until(
    interrupt: &CancellationToken,
    command: impl Future<Output = Result<(), Exit>>,
) -> Result<(), Exit> {
    interrupt
        .run_until_cancelled(command)
        .await
        .unwrap_or(Err(Exit::Cancelled))
}

#[cfg(test)]
mod tests;
