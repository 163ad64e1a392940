//! `sign-in` and `connect`: a handshake from the link to its end.

use std::io::IsTerminal as _;
use std::time::Duration;

use codestream_protocol::AttemptId;
use codestream_protocol::lsp::attempt::{AttemptEnd, Outcome};
use codestream_protocol::lsp::request::{AttemptParams, LinkParams, ProviderParams, SsoParams, Started};
use tokio::time::timeout;

use crate::api::ServerUrl;
use crate::cli::{Exit, Shell};
use crate::error::AgentError;
use crate::keep::{Choice, Kept, Place};
use crate::session::Session;
use crate::thirdparty::service;

/// Time between the end of a sign-in and the session's word of it.
const WORD: Duration = Duration::from_secs(5);

impl Shell {
    pub(super) async fn sign_in(
        &self,
        provider: String,
        server: ServerUrl,
        sign_up: bool,
        store: Option<Choice>,
    ) -> Result<(), Exit> {
        let (session, host) = self.start(server.clone(), None);
        let params = SsoParams {
            provider,
            signup: sign_up,
        };
        self.attempt(&session, session.sign_in(params)).await?;
        let Ok(Some(login)) = timeout(WORD, host.login()).await else {
            self.terminal
                .complain(&"The sign-in ended without a session. Try again.");
            return Err(Exit::Failed);
        };
        let kept = Kept {
            server: server.to_string(),
            token: login.session.token,
            team_id: login.session.team_id,
        };
        self.terminal
            .say(&format_args!("Signed in to {server} as {}.", login.session.email));
        match self.keep.save(&kept, store).await {
            Ok(Place::Nowhere) => self
                .terminal
                .say(&"The session is not kept: it ends with this command."),
            Ok(place) => self
                .terminal
                .say(&format_args!("The session is kept in {place}.")),
            Err(error) => {
                self.terminal.complain(&error);
                return Err(Exit::Failed);
            }
        }
        Ok(())
    }

    pub(super) async fn connect(&self, provider: String) -> Result<(), Exit> {
        let (session, _host) = self.resume().await?;
        let name =
            service(&provider).map_or_else(|| provider.clone(), |service| service.display_name.to_owned());
        let params = ProviderParams {
            provider_id: provider,
            provider_team_id: None,
        };
        let end = self.attempt(&session, session.connect(params)).await?;
        match end.account {
            Some(account) => self
                .terminal
                .say(&format_args!("Connected to {name} as {account}.")),
            None => self.terminal.say(&format_args!("Connected to {name}.")),
        }
        Ok(())
    }

    /// Links an account once the person, or `--account`, has confirmed it.
    pub(super) async fn link(&self, provider: String, wanted: Option<String>) -> Result<(), Exit> {
        // Whoever finishes the link could be anybody: without somebody to ask, only a named account is linked.
        if wanted.is_none() && !std::io::stdin().is_terminal() {
            self.terminal.complain(
                &"Nobody can be asked here to confirm the account. Name the account to link with --account NAME.",
            );
            return Err(Exit::Usage);
        }
        let (session, host) = self.resume().await?;
        let name =
            service(&provider).map_or_else(|| provider.clone(), |service| service.display_name.to_owned());
        let start = session.link(LinkParams { provider });
        let started = self.started(start).await?;
        let attempt_id = started.attempt_id;
        let confirming = async {
            let attempt = host.to_confirm(attempt_id).await?;
            let account = attempt.account.filter(|_| attempt.end.is_none())?;
            let confirmed = if let Some(wanted) = &wanted {
                *wanted == account
            } else {
                let question = format!("Let {account} at {name} sign in as you? [y/N]");
                let answer = self.terminal.ask(&question).await.unwrap_or_default();
                matches!(answer.to_lowercase().as_str(), "y" | "yes")
            };
            Some((account, confirmed))
        };
        match self.interrupt.run_until_cancelled(confirming).await {
            Some(Some((_, true))) => {
                // A refusal is the attempt's end, which is told below.
                let _ = session.confirm(AttemptParams { attempt_id }).await;
            }
            Some(Some((account, false))) => {
                let _ = session.cancel(AttemptParams { attempt_id }).await;
                let message =
                    format!("{account} at {name} came back, and was not linked. Nothing was changed.");
                self.terminal.complain(&message);
                return Err(Exit::Cancelled);
            }
            Some(None) | None => {}
        }
        let end = self.end_of(&session, attempt_id).await?;
        let account = end.account.as_deref().unwrap_or("the account");
        self.terminal
            .say(&format_args!("From now on {account} at {name} signs in as you."));
        Ok(())
    }

    /// Waits for the end of the attempt that `start` begins; Ctrl-C cancels it.
    async fn attempt(
        &self,
        session: &Session,
        start: impl Future<Output = Result<Started, AgentError>>,
    ) -> Result<AttemptEnd, Exit> {
        let started = self.started(start).await?;
        self.end_of(session, started.attempt_id).await
    }

    async fn started(
        &self,
        start: impl Future<Output = Result<Started, AgentError>>,
    ) -> Result<Started, Exit> {
        match self.interrupt.run_until_cancelled(start).await {
            Some(Ok(started)) => Ok(started),
            Some(Err(error)) => Err(self.failed(error).await),
            None => Err(Exit::Cancelled),
        }
    }

    async fn end_of(&self, session: &Session, attempt_id: AttemptId) -> Result<AttemptEnd, Exit> {
        let ended = self
            .interrupt
            .run_until_cancelled(session.ended(attempt_id))
            .await;
        let attempt = match ended {
            Some(Ok(attempt)) => attempt,
            Some(Err(error)) => return Err(self.failed(error).await),
            None => {
                let _ = session.cancel(AttemptParams { attempt_id }).await;
                self.terminal.complain(&"Cancelled. Nothing was changed.");
                return Err(Exit::Cancelled);
            }
        };
        match attempt.end {
            Some(end) if matches!(end.outcome, Outcome::Connected | Outcome::SignedIn) => Ok(end),
            Some(end) => {
                let message = end.message.as_deref().unwrap_or(said(end.outcome));
                self.terminal.complain(&message);
                Err(if end.outcome == Outcome::Cancelled {
                    Exit::Cancelled
                } else {
                    Exit::Failed
                })
            }
            None => Err(Exit::Failed),
        }
    }
}

fn said(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Expired => "Nobody approved in the browser in time. Start again.",
        Outcome::Cancelled => "Cancelled. Nothing was changed.",
        Outcome::Superseded => "A newer attempt for the same service took its place.",
        Outcome::Failed | Outcome::Connected | Outcome::SignedIn => "It failed. Start again.",
    }
}
