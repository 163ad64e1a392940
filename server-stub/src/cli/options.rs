//! Options and commands, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::{ConfirmSignIn, Options};
use crate::nginx::Wanted;

/// The API side of `CodeStream`'s integrations.
#[derive(Debug, Parser)]
#[command(
    name = "codestream-server-stub",
    version,
    args_conflicts_with_subcommands = true
)]
pub(super) struct Cli {
    #[command(subcommand)]
    command: Option<Given>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Given {
    /// Run the server (the default).
    Serve(Serve),
    /// Check options and configuration, and do nothing else.
    CheckConfig(Serve),
    /// Print the nginx configuration of a callback host that serves several environments.
    NginxConfig(NginxConfig),
    /// Print how to register an app with each service, as Markdown.
    Services,
}

/// Options of `nginx-config`.
#[derive(Debug, Args)]
pub(super) struct NginxConfig {
    /// An environment and the origin of its API; once for each.
    #[arg(long, value_name = "NAME=URL")]
    environment: Vec<String>,
    /// The host that third parties send browsers back to [default: the default host of its address].
    #[arg(long, value_name = "HOST")]
    callback_host: Option<String>,
    /// The host that third parties call from server to server [default: none].
    #[arg(long, value_name = "HOST")]
    internal_host: Option<String>,
    /// Where both hosts listen [default: 80; 443 with a certificate].
    #[arg(long, value_name = "[ADDRESS:]PORT")]
    listen: Option<String>,
    /// A certificate for both hosts, with its chain, in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate_key")]
    certificate: Option<String>,
    /// The certificate's key, in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_key: Option<String>,
    /// Where the logs are written.
    #[arg(long, value_name = "DIRECTORY", default_value = "/var/log/nginx")]
    log_directory: String,
    /// Who vouches for environments with https, in PEM.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/ssl/certs/ca-certificates.crt"
    )]
    trusted_certificates: String,
}

impl From<NginxConfig> for Wanted {
    fn from(given: NginxConfig) -> Self {
        Self {
            environments: given.environment,
            callback_host: given.callback_host,
            internal_host: given.internal_host,
            listen: given.listen,
            tls: given.certificate.zip(given.certificate_key),
            log_directory: given.log_directory,
            trusted_certificates: given.trusted_certificates,
        }
    }
}

/// What to do.
pub(super) enum Command {
    Serve(Serve),
    CheckConfig(Serve),
    NginxConfig(NginxConfig),
    Services,
}

/// Options of `serve`. Secrets are never among them.
#[expect(clippy::struct_excessive_bools, reason = "one field for each switch")]
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where the API listens; port 0 takes any free one [default: 127.0.0.1:12079].
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The API's origin as browsers and agents see it [default: where it listens].
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The callback origin of providers that accept only one fixed callback host.
    #[arg(long, value_name = "URL")]
    auth_origin: Option<String>,
    /// The environment's name in OAuth states [default: local].
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// sqlite:PATH, `sqlite::memory`: or `postgres://[USER@]HOST/NAME` [default: a file in the data directory; in memory with --sandbox].
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// A configuration file in TOML.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where browsers go after a successful handshake [default: a page of this server].
    #[arg(long, value_name = "URL")]
    success_url: Option<String>,
    /// Imitate every third party, with keys and OAuth apps made up for it.
    #[arg(long)]
    sandbox: bool,
    /// Where the sandbox listens [default: 127.0.0.1:12080].
    #[arg(long, value_name = "HOST:PORT")]
    sandbox_listen: Option<String>,
    /// The sandbox's origin as browsers, agents and this server see it [default: where it listens]. Without --sandbox, that
    /// of another node, which has the same public URL and keys.
    #[arg(long, value_name = "URL")]
    sandbox_url: Option<String>,
    /// Where Prometheus reads metrics [default: nowhere].
    #[arg(long, value_name = "HOST:PORT")]
    metrics_listen: Option<String>,
    /// Answer every poll at once.
    #[arg(long)]
    no_long_poll: bool,
    /// Accept sign-ups without a code challenge, as old agents make them.
    #[arg(long)]
    allow_legacy_sign_up: bool,
    /// Whether the browser asks to compare a code before it finishes [default: auto; never with --sandbox].
    #[arg(long, value_name = "WHEN")]
    confirm_sign_in: Option<ConfirmSignIn>,
    /// Print one line of JSON on stdout once every listener is up.
    #[arg(long)]
    pub(super) ready_json: bool,
}

impl Cli {
    pub(super) fn wanted(self) -> Command {
        match self.command {
            None => Command::Serve(self.serve),
            Some(Given::Serve(options)) => Command::Serve(options),
            Some(Given::CheckConfig(options)) => Command::CheckConfig(options),
            Some(Given::NginxConfig(options)) => Command::NginxConfig(options),
            Some(Given::Services) => Command::Services,
        }
    }
}

impl From<Serve> for Options {
    fn from(given: Serve) -> Self {
        Self {
            listen: given.listen,
            public_url: given.public_url,
            auth_origin: given.auth_origin,
            environment: given.environment,
            database: given.database,
            config: given.config,
            success_url: given.success_url,
            sandbox: given.sandbox,
            sandbox_listen: given.sandbox_listen,
            sandbox_url: given.sandbox_url,
            metrics_listen: given.metrics_listen,
            no_long_poll: given.no_long_poll,
            allow_legacy_sign_up: given.allow_legacy_sign_up,
            confirm_sign_in: given.confirm_sign_in,
        }
    }
}

/// The first paragraph of clap's report, in one line.
pub(super) fn one_line(error: &clap::Error) -> String {
    let report = error.render().to_string();
    let report = report.trim_start().trim_start_matches("error: ");
    let lines: Vec<&str> = report
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .map(str::trim)
        .collect();
    format!("{}; --help lists what there is", lines.join(" "))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("codestream-server-stub").chain(line.split_whitespace()))
    }

    #[test]
    fn the_options_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default() {
        for line in [
            "--sandbox --listen 127.0.0.1:0",
            "serve --sandbox --listen 127.0.0.1:0",
        ] {
            let Command::Serve(options) = parse(line).expect(line).wanted() else {
                panic!("{line}");
            };
            assert!(options.sandbox);
            assert_eq!(options.listen.as_deref(), Some("127.0.0.1:0"));
        }
        assert!(matches!(
            parse("check-config --sandbox").expect("a command").wanted(),
            Command::CheckConfig(_)
        ));
        let nginx = parse("nginx-config --environment a=https://a --environment b=https://b");
        let Command::NginxConfig(options) = nginx.expect("a command").wanted() else {
            panic!("nginx-config");
        };
        assert_eq!(options.environment, ["a=https://a", "b=https://b"]);
        assert!(matches!(
            parse("services").expect("a command").wanted(),
            Command::Services
        ));
    }

    #[test]
    fn every_misuse_is_one_line() {
        for line in [
            "--nonsense",
            "--listen",
            "--confirm-sign-in maybe",
            "nonsense",
            "--sandbox serve",
            "--sandbox --sandbox",
            "nginx-config --certificate a.pem",
        ] {
            let text = one_line(&parse(line).expect_err(line));
            assert!(!text.contains('\n') && !text.starts_with("error"), "{text}");
        }
    }
}
