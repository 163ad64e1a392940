//! The session: who is signed in, what they are connected to, which handshakes are in flight.
//!
//! [`actor`] is the one owner of all of it and changes it in the order of its inbox; everything else (requests, timers,
//! pollers, the me-channel) sends it a closed set of inputs. [`Session`] is the handle: cheap to clone, one method per
//! request of the protocol. Nothing here knows LSP: a [`Host`] opens links and is told what changes.

mod access;
mod accounts;
mod actor;
mod attempts;
mod calls;
mod data;
mod hosts;
mod inbox;
mod login;
mod logins;
mod providers;
mod refresh;
mod reopening;

use std::sync::Arc;

use async_trait::async_trait;
use codestream_protocol::AttemptId;
use codestream_protocol::TeamId;
use codestream_protocol::lsp::attempt::Attempt;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::{
    AttemptDidChange, DidChangeConnectionStatus, DidChangeData, DidLogin, DidLogout,
};
use codestream_protocol::lsp::request::{
    AddParams, Added, AttemptParams, CallParams, Called, ConfigureParams, Disconnected, Identities,
    LinkParams, LoginResult, OtcParams, Person, ProviderList, ProviderParams, RemoveParams, ReopenParams,
    Reopened, SessionEnd, SessionList, SessionsEnded, SsoParams, Started, Status, TokenParams, UnlinkParams,
};
use codestream_protocol::secret::SessionToken;
use tokio::sync::{mpsc, oneshot};

use crate::api::{Device, ServerUrl};
use crate::clock::Clock;
use crate::error::{AgentError, Failure};
use crate::lifecycle::Lifecycle;
use crate::net::Network;
use crate::random::Random;

use inbox::{Input, Reply, Request};

/// What a session belongs to.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The server; or why there is none, which every request that needs one then answers.
    pub server: Result<ServerUrl, Failure>,
    /// The team to work in; the user's own otherwise.
    pub team_id: Option<TeamId>,
    /// A session that was kept.
    pub access_token: Option<SessionToken>,
    /// Where handshakes are started, for the page that says so.
    pub device: Device,
}

/// What a session needs of the rest.
pub struct SessionDeps {
    /// The way out.
    pub network: Network,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for ids and verifiers.
    pub random: Random,
    /// Where its tasks run.
    pub lifecycle: Lifecycle,
    /// Who opens links and is told what changes.
    pub host: Arc<dyn Host>,
}

/// What became of a link that was to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// Handed to a browser.
    HandedOver,
    /// No browser here; the person was shown the link.
    Shown,
    /// Whoever was asked did not answer in time. No second browser is tried.
    NoAnswer,
}

/// What a host is told; each is a notification of the protocol.
#[derive(Debug, Clone, PartialEq)]
pub enum Notification {
    /// `codestream/attempt/didChange`.
    Attempt(AttemptDidChange),
    /// `codestream/didLogin`: holds the session token.
    Login(DidLogin),
    /// `codestream/didLogout`.
    Logout(DidLogout),
    /// `window/showMessage`: something that the user is told once.
    Notice(String),
    /// `codestream/didChangeData`.
    Data(DidChangeData),
    /// `codestream/didChangeConnectionStatus`.
    Connection(DidChangeConnectionStatus),
}

/// Where a session lives: an IDE, a terminal, a test.
#[async_trait]
pub trait Host: Send + Sync + 'static {
    /// Has a browser open `url`, byte for byte. Ends within half a minute.
    async fn open_url(&self, url: &str) -> Opened;

    /// Is told what changed, in order. Must not block.
    fn notify(&self, notification: Notification);
}

/// A handle of a running session.
#[derive(Debug, Clone)]
pub struct Session {
    inbox: mpsc::UnboundedSender<Input>,
}

impl Session {
    /// Starts a session; with an access token it signs in by itself. It ends with the lifecycle, or when every handle is
    /// gone and nothing is in flight.
    pub fn start(config: SessionConfig, deps: SessionDeps) -> Self {
        let (inbox, inputs) = mpsc::unbounded_channel();
        let session = Self { inbox };
        let lifecycle = deps.lifecycle.clone();
        let actor = actor::Actor::new(config, deps, session.inbox.downgrade());
        lifecycle.spawn(actor.run(inputs));
        session
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, AgentError> {
        let (reply, answer) = oneshot::channel();
        // Without an actor the reply is dropped, which the answer tells.
        let _ = self.inbox.send(Input::Request(request(reply)));
        answer
            .await
            .unwrap_or_else(|_| Err(Failure::new(ErrorKind::Cancelled, "The agent is shutting down.").into()))
    }

    /// `codestream/provider/connect`. The link is being opened when this answers; the end is told by
    /// [`Notification::Attempt`] and [`Session::ended`].
    ///
    /// # Errors
    /// As every method here: [`AgentError`].
    pub async fn connect(&self, params: ProviderParams) -> Result<Started, AgentError> {
        self.ask(|reply| Request::Connect(params, reply)).await
    }

    /// `codestream/login/sso`.
    pub async fn sign_in(&self, params: SsoParams) -> Result<Started, AgentError> {
        self.ask(|reply| Request::SignIn(params, reply)).await
    }

    /// The attempt, once it has ended.
    pub async fn ended(&self, attempt_id: AttemptId) -> Result<Attempt, AgentError> {
        self.ask(|reply| Request::Ended(attempt_id, reply)).await
    }

    /// `codestream/attempt/cancel`. An attempt that has ended stays as it is.
    pub async fn cancel(&self, params: AttemptParams) -> Result<(), AgentError> {
        self.ask(|reply| Request::Cancel(params, reply)).await
    }

    /// `codestream/attempt/reopen`: a new link for the same attempt, in place of the one before.
    pub async fn reopen(&self, params: ReopenParams) -> Result<Reopened, AgentError> {
        self.ask(|reply| Request::Reopen(params, reply)).await
    }

    /// `codestream/login/link`: ends only after [`Session::confirm`].
    pub async fn link(&self, params: LinkParams) -> Result<Started, AgentError> {
        self.ask(|reply| Request::Link(params, reply)).await
    }

    /// `codestream/attempt/confirm`.
    pub async fn confirm(&self, params: AttemptParams) -> Result<(), AgentError> {
        self.ask(|reply| Request::Confirm(params, reply)).await
    }

    /// `codestream/login/identities`.
    pub async fn identities(&self) -> Result<Identities, AgentError> {
        self.ask(Request::Identities).await
    }

    /// `codestream/login/unlink`.
    pub async fn unlink(&self, params: UnlinkParams) -> Result<(), AgentError> {
        self.ask(|reply| Request::Unlink(params, reply)).await
    }

    /// `codestream/session/list`.
    pub async fn sessions(&self) -> Result<SessionList, AgentError> {
        self.ask(Request::Sessions).await
    }

    /// `codestream/session/end`.
    pub async fn end_session(&self, params: SessionEnd) -> Result<SessionsEnded, AgentError> {
        self.ask(|reply| Request::EndSession(params, reply)).await
    }

    /// `codestream/login/otc`.
    pub async fn login_otc(&self, params: OtcParams) -> Result<LoginResult, AgentError> {
        self.ask(|reply| Request::LoginOtc(params, reply)).await
    }

    /// `codestream/login/token`.
    pub async fn login_token(&self, params: TokenParams) -> Result<LoginResult, AgentError> {
        self.ask(|reply| Request::LoginToken(params, reply)).await
    }

    /// `codestream/logout`. Also without a session.
    pub async fn logout(&self) -> Result<(), AgentError> {
        self.ask(Request::Logout).await
    }

    /// `codestream/provider/list`.
    pub async fn providers(&self) -> Result<ProviderList, AgentError> {
        self.ask(Request::Providers).await
    }

    /// `codestream/provider/disconnect`.
    pub async fn disconnect(&self, params: ProviderParams) -> Result<Disconnected, AgentError> {
        self.ask(|reply| Request::Disconnect(params, reply)).await
    }

    /// `codestream/provider/configure`.
    pub async fn configure(&self, params: ConfigureParams) -> Result<(), AgentError> {
        self.ask(|reply| Request::Configure(params, reply)).await
    }

    /// `codestream/provider/add`.
    pub async fn add(&self, params: AddParams) -> Result<Added, AgentError> {
        self.ask(|reply| Request::Add(params, reply)).await
    }

    /// `codestream/provider/remove`.
    pub async fn remove(&self, params: RemoveParams) -> Result<(), AgentError> {
        self.ask(|reply| Request::Remove(params, reply)).await
    }

    /// `codestream/provider/me`: from a direct call to the third party.
    pub async fn me(&self, params: ProviderParams) -> Result<Person, AgentError> {
        self.ask(|reply| Request::Me(params, reply)).await
    }

    /// `codestream/provider/request`: 4xx and 5xx are answers.
    pub async fn call(&self, params: CallParams) -> Result<Called, AgentError> {
        self.ask(|reply| Request::Call(params, reply)).await
    }

    /// `codestream/status`.
    pub async fn status(&self) -> Result<Status, AgentError> {
        self.ask(Request::Status).await
    }
}

#[cfg(test)]
mod tests;
