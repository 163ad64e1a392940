//! `doctor`: tries every part of the way to the server and says what was found. It shows settings and where they come from,
//! times and reasons; never a token, a password, or a URL with a query.

use std::fmt::Display;

use codestream_protocol::http::{LoginResponse, SocketCluster};
use codestream_protocol::text;
use tokio::time::Instant;

use crate::api::{Api, ServerUrl};
use crate::channel::{address, reach};
use crate::cli::{Exit, Shell};
use crate::keep::Kept;

impl Shell {
    pub(super) async fn doctor(&self, server: Option<ServerUrl>) -> Result<(), Exit> {
        let kept = self.keep.load().await;
        self.row(
            "agent",
            &format_args!(
                "{} ({} {})",
                env!("CARGO_PKG_VERSION"),
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
        );
        self.trust();
        match self.browser.unavailable() {
            None => self.row("browser", &"can be started"),
            Some(reason) => self.row("browser", &reason),
        }
        let mut sound = true;
        let kept = match kept {
            Ok(Some((kept, place))) => {
                self.row("kept session", &place);
                Some(kept)
            }
            Ok(None) => {
                self.row("kept session", &"none");
                None
            }
            Err(error) => {
                self.row("kept session", &error);
                sound = false;
                None
            }
        };
        let own = kept
            .as_ref()
            .and_then(|kept| kept.server.parse::<ServerUrl>().ok());
        let Some(server) = server.or_else(|| own.clone()) else {
            self.row("server", &"none: name one with --server URL");
            return Err(Exit::Failed);
        };
        // A session is shown to its own server alone.
        let kept = kept.filter(|_| own.as_ref() == Some(&server));
        sound &= self.server(&server, kept.as_ref()).await;
        if sound { Ok(()) } else { Err(Exit::Failed) }
    }

    fn trust(&self) {
        self.row("trust", &self.network.trust());
        let strict = if self.network.is_strict() {
            "checked"
        } else {
            "NOT CHECKED, as the settings ask"
        };
        self.row("certificates", &strict);
    }

    /// `true`: everything that was tried works.
    async fn server(&self, server: &ServerUrl, kept: Option<&Kept>) -> bool {
        self.row("server", server);
        if let Some(warning) = server.in_the_clear() {
            self.row("transport", &warning);
        }
        self.row("proxy", &self.network.route(server.url()));
        let api = Api::new(self.network.clone(), server.clone());
        let (answer, took) = timed(api.capabilities()).await;
        match &answer {
            Ok(found) => self.row(
                "api",
                &format_args!("CodeStream, {} capabilities, {took} ms", found.capabilities.len()),
            ),
            Err(error) => self.row("api", &format_args!("{error} ({took} ms)")),
        }
        let Some(kept) = kept else {
            self.row("session", &"not signed in");
            let there = self.channel(&guess(server), true).await;
            return answer.is_ok() && there;
        };
        let (login, took) = timed(api.login(&kept.token)).await;
        let there = match &login {
            Ok(login) => self.signed_in(login, took).await,
            Err(error) => {
                let what: &dyn Display = if error.ends_session() {
                    &"has ended: sign in again"
                } else {
                    error
                };
                self.row("session", &format_args!("{what} ({took} ms)"));
                false
            }
        };
        answer.is_ok() && there
    }

    async fn signed_in(&self, login: &LoginResponse, took: u128) -> bool {
        let email = text::name(&login.user.email, "somebody");
        self.row("session", &format_args!("{email}, {took} ms"));
        self.channel(&login.socket_cluster, false).await
    }

    async fn channel(&self, socket_cluster: &SocketCluster, guessed: bool) -> bool {
        let Some(url) = address(socket_cluster) else {
            self.row("push channel", &"the server names no usable address");
            return false;
        };
        let (reached, took) = timed(reach(&self.network, socket_cluster, self.random.bytes())).await;
        let place = url.origin().ascii_serialization();
        match reached {
            Ok(()) => {
                self.row("push channel", &format_args!("{place} opens, {took} ms"));
                true
            }
            Err(_) if guessed => {
                self.row("push channel", &"its address is known once you are signed in");
                true
            }
            Err(error) => {
                self.row("push channel", &format_args!("{place}: {error} ({took} ms)"));
                false
            }
        }
    }

    fn row(&self, name: &str, what: &dyn Display) {
        self.terminal.say(&format_args!("{name:<13} {what}"));
    }
}

/// Where the push channel is when nothing else is known: at the server itself.
fn guess(server: &ServerUrl) -> SocketCluster {
    let url = server.url();
    SocketCluster {
        host: url.host_str().unwrap_or_default().to_owned(),
        port: url.port_or_known_default().unwrap_or_default().to_string(),
        ignore_https: url.scheme() == "http",
    }
}

/// What came of it, and the milliseconds that it took.
async fn timed<T>(work: impl Future<Output = T>) -> (T, u128) {
    let began = Instant::now();
    let done = work.await;
    (done, began.elapsed().as_millis())
}
