//! The rules of an attempt: opening, waiting, finishing, ended. Pure.
//!
//! Steps never go back, nothing follows an end, and every attempt ends: at its deadline at the latest, or [`FINISHING`]
//! after it was granted. Nobody is told of an attempt without a link: the press itself is refused then.

use std::time::Duration;

use codestream_protocol::UnixMillis;
use codestream_protocol::lsp::attempt::{Attempt, AttemptEnd, AttemptKind, Outcome, Step};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::Started;

use crate::attempt::Link;
use crate::error::{AgentError, Failure};
use crate::session::Opened;

/// Time for finding out who was connected.
pub(crate) const FINISHING: Duration = Duration::from_secs(10);

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    /// There is a first link.
    Linked(Link),
    /// A further link is there, in place of the one before.
    Relinked {
        link: Link,
        /// Whether a browser is to open it.
        open: bool,
    },
    /// It cannot go on: there will be no link, or no session.
    Failed(Failure),
    /// The link was handed over.
    Opened(Opened),
    /// The server said yes.
    Granted,
    /// An account came back from a link: the person is to confirm it.
    CameBack { account: String },
    /// The person confirmed it, and the server is being told.
    Confirmed,
    /// Something for the person to know.
    Noted(String),
    /// The server said no.
    Refused(Failure),
    /// The third party said who is connected; or why it could not be asked.
    Identified {
        account: Option<String>,
        doubt: Option<Failure>,
    },
    /// There is a session.
    SignedIn { account: String },
    /// The person gave up.
    Cancelled,
    /// A newer attempt for the same service has begun.
    Superseded,
    /// Time has passed.
    Woken,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Answer the press.
    Answer(Result<Started, AgentError>),
    /// Tell everyone the attempt as it now stands.
    Tell,
    /// Hand the link to a browser.
    Open(String),
    /// Ask for the grant of the link as it now is, and of no other.
    Poll,
    /// Find out who was connected.
    Identify,
    /// Stop whatever runs for it.
    Stop,
}

/// An attempt and what its rules need beside it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Machine {
    attempt: Attempt,
    polling: bool,
    finish_by: Option<UnixMillis>,
}

impl Machine {
    /// The press. `attempt` has no link yet.
    pub(crate) fn new(attempt: Attempt) -> Self {
        Self {
            attempt,
            polling: false,
            finish_by: None,
        }
    }

    /// As the IDE sees it.
    pub(crate) fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        self.attempt.end.is_none()
    }

    /// Whether anybody was told of it.
    pub(crate) fn is_known(&self) -> bool {
        !self.attempt.url.is_empty()
    }

    /// When it must be woken at the latest.
    pub(crate) fn deadline(&self) -> Option<UnixMillis> {
        let deadline = self.finish_by.unwrap_or(self.attempt.expires_at);
        self.is_running().then_some(deadline)
    }

    /// Takes an input.
    pub(crate) fn step(mut self, input: Input, now: UnixMillis) -> (Self, Vec<Effect>) {
        if !self.is_running() {
            return (self, Vec::new());
        }
        let finishing = self.attempt.step == Step::Finishing;
        let effects = match input {
            Input::Linked(link) => self.linked(link),
            Input::Relinked { .. } if self.attempt.step >= Step::Confirming => Vec::new(),
            Input::Relinked { link, open } => self.relinked(link, open),
            // Nothing is certain of a link until the server answers the confirmation.
            Input::Granted if self.attempt.kind == AttemptKind::Link => {
                let account = self.attempt.account.clone();
                self.end(Outcome::Connected, None, account)
            }
            Input::Refused(failure) if finishing && self.attempt.kind == AttemptKind::Link => {
                self.end(Outcome::Failed, Some(failure), None)
            }
            // What was granted is granted: a late no, a late cancel and a late browser change nothing.
            Input::Opened(_) | Input::Granted | Input::Refused(_) | Input::Cancelled if finishing => {
                Vec::new()
            }
            Input::Opened(opened) => self.opened(opened),
            Input::CameBack { account } if self.attempt.step < Step::Confirming => {
                self.attempt.step = Step::Confirming;
                self.attempt.account = Some(account);
                vec![Effect::Tell]
            }
            Input::Confirmed if self.attempt.step == Step::Confirming => {
                self.attempt.step = Step::Finishing;
                self.finish_by = Some(now + FINISHING);
                vec![Effect::Tell]
            }
            // The first account that came back is the one that the person sees.
            Input::CameBack { .. } | Input::Confirmed => Vec::new(),
            Input::Noted(note) if finishing || self.attempt.note.as_ref() == Some(&note) => Vec::new(),
            Input::Noted(note) => {
                self.attempt.note = Some(note);
                vec![Effect::Tell]
            }
            Input::Granted => {
                self.attempt.step = Step::Finishing;
                self.finish_by = Some(now + FINISHING);
                let mut effects = vec![Effect::Tell];
                if self.attempt.kind == AttemptKind::Connect {
                    effects.push(Effect::Identify);
                }
                effects
            }
            Input::Refused(failure) if failure.kind == ErrorKind::Expired => {
                self.end(Outcome::Expired, Some(failure), None)
            }
            Input::Refused(failure) | Input::Failed(failure) => {
                self.end(Outcome::Failed, Some(failure), None)
            }
            Input::Identified { account, doubt } => match doubt {
                Some(doubt) if !doubt.retryable => self.end(Outcome::Failed, Some(doubt), account),
                doubt => self.end(Outcome::Connected, doubt, account),
            },
            Input::SignedIn { account } => self.end(Outcome::SignedIn, None, Some(account)),
            Input::Cancelled => {
                let message = "You cancelled. Nothing was changed.";
                let failure = Failure::new(ErrorKind::Cancelled, message);
                self.end(Outcome::Cancelled, Some(failure), None)
            }
            Input::Superseded => {
                let message = "You started again, so this one was given up.";
                let failure = Failure::new(ErrorKind::Superseded, message);
                self.end(Outcome::Superseded, Some(failure), None)
            }
            Input::Woken => match self.deadline() {
                Some(deadline) if now >= deadline => self.too_late(),
                _ => Vec::new(),
            },
        };
        (self, effects)
    }

    fn linked(&mut self, link: Link) -> Vec<Effect> {
        self.attempt.url.clone_from(&link.url);
        self.attempt.match_code = link.match_code;
        self.attempt.expires_at = link.expires_at;
        let started = Started {
            attempt_id: self.attempt.attempt_id,
            url: link.url.clone(),
            expires_at: link.expires_at,
        };
        vec![Effect::Answer(Ok(started)), Effect::Tell, Effect::Open(link.url)]
    }

    fn relinked(&mut self, link: Link, open: bool) -> Vec<Effect> {
        self.attempt.url.clone_from(&link.url);
        self.attempt.match_code = link.match_code;
        // It was about the link before.
        self.attempt.note = None;
        let mut effects = vec![Effect::Tell];
        if self.attempt.kind == AttemptKind::SignIn {
            // At once: a link that is only copied is opened without anybody saying so.
            self.polling = true;
            effects.push(Effect::Poll);
        }
        if open {
            effects.push(Effect::Open(link.url));
        }
        effects
    }

    fn opened(&mut self, opened: Opened) -> Vec<Effect> {
        let mut effects = Vec::new();
        // Without an answer nobody knows whether a browser is open: the step goes on saying so, but the link may be used.
        if opened != Opened::NoAnswer && self.attempt.step == Step::Opening {
            self.attempt.step = Step::Waiting;
            effects.push(Effect::Tell);
        }
        if self.attempt.kind == AttemptKind::SignIn && !self.polling {
            self.polling = true;
            effects.push(Effect::Poll);
        }
        effects
    }

    fn too_late(&mut self) -> Vec<Effect> {
        if self.attempt.step == Step::Finishing {
            let message = "Connected, but the service did not say in time who you are there.";
            let doubt = Failure::new(ErrorKind::ServerUnreachable, message);
            return match self.attempt.kind {
                AttemptKind::Connect => self.end(Outcome::Connected, Some(doubt), None),
                AttemptKind::SignIn => self.end(
                    Outcome::Failed,
                    Some(Failure::internal("The session could not be begun. Start again.")),
                    None,
                ),
                AttemptKind::Link => {
                    let message = "The server did not say in time whether it linked the account. \
                                   Your identities show it.";
                    let failure = Failure::new(ErrorKind::ServerUnreachable, message);
                    self.end(Outcome::Failed, Some(failure), None)
                }
            };
        }
        let message = match self.attempt.step {
            Step::Opening => "No browser was opened in time. Start again, or copy the link into a browser.",
            Step::Confirming => "You did not confirm the account in time. Nothing was linked. Start again.",
            _ => "Nobody approved in the browser in time. Start again.",
        };
        self.end(
            Outcome::Expired,
            Some(Failure::new(ErrorKind::Expired, message)),
            None,
        )
    }

    fn end(&mut self, outcome: Outcome, failure: Option<Failure>, account: Option<String>) -> Vec<Effect> {
        self.attempt.end = Some(AttemptEnd {
            outcome,
            kind: failure.as_ref().map(|failure| failure.kind),
            code: failure.as_ref().and_then(|failure| failure.server_code.clone()),
            message: failure.as_ref().map(|failure| failure.message.clone()),
            link: failure
                .as_ref()
                .and_then(|failure| failure.link.as_deref().map(str::to_owned)),
            account,
        });
        let refusal = failure.map(|failure| {
            let failure = failure.of_provider(&self.attempt.provider).at(self.attempt.step);
            AgentError::from(failure)
        });
        match refusal {
            Some(refusal) if !self.is_known() => vec![Effect::Answer(Err(refusal)), Effect::Stop],
            _ => vec![Effect::Tell, Effect::Stop],
        }
    }
}

#[cfg(test)]
mod tests;
