//! The one owner of the session's state: takes inputs in order, never waits for anything itself.
//!
//! What takes time runs as a task of the lifecycle with a [`Work`] in hand and comes back as an input. The rules of each
//! room stand beside this file: [`attempts`](super::attempts), [`logins`](super::logins), [`data`](super::data),
//! [`calls`](super::calls).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use codestream_protocol::lsp::notification::ConnectionStatus;
use codestream_protocol::lsp::request::Status;
use codestream_protocol::{TeamId, UnixMillis};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::api::{Api, ApiError, Device};
use crate::channel::{ChannelDeps, ChannelEvent, ChannelHandle};
use crate::error::{AgentError, Failure};
use crate::session::accounts::AccountKey;
use crate::session::attempts::Attempts;
use crate::session::inbox::{Input, Reply, Request};
use crate::session::login::Login;
use crate::session::refresh::Schedule;
use crate::session::{Notification, SessionConfig, SessionDeps};
use crate::thirdparty::ThirdParty;

/// A timer is set anew after this long at the latest: a laptop that slept has a clock that jumped.
const NAP: Duration = Duration::from_secs(5);
/// How often the me-object is looked into while an attempt waits and the channel is down.
const LOOK: Duration = Duration::from_secs(5);
/// Messages of the channel that may wait for the actor.
const BACKLOG: usize = 256;

/// What tasks share.
pub(crate) struct Shared {
    pub(crate) deps: SessionDeps,
    pub(crate) api: Result<Api, Failure>,
    pub(crate) third_party: ThirdParty,
    pub(crate) device: Device,
}

/// What one task has in hand.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) shared: Arc<Shared>,
    inbox: mpsc::UnboundedSender<Input>,
}

impl Work {
    /// Tells the actor. Without one there is nobody left to be told.
    pub(crate) fn tell(&self, input: Input) {
        let _ = self.inbox.send(input);
    }

    /// Passes on what a call said, and notices when it proves that the session has ended.
    pub(crate) fn heed<T>(&self, epoch: u64, result: Result<T, ApiError>) -> Result<T, ApiError> {
        if let Err(error) = &result
            && error.ends_session()
        {
            self.tell(Input::SessionRefused {
                epoch,
                why: error.end_of_session(),
            });
        }
        result
    }
}

/// Whether there is a session.
pub(crate) enum Phase {
    Out,
    /// A kept session is being checked; requests wait for the first answer, later ones are told the trouble.
    Restoring {
        waiting: Vec<Request>,
        trouble: Option<Failure>,
    },
    In(Box<Login>),
}

/// The me-channel of a login.
pub(crate) struct Channel {
    pub(crate) events: mpsc::Receiver<ChannelEvent>,
    _handle: ChannelHandle,
}

pub(crate) struct Actor {
    pub(crate) shared: Arc<Shared>,
    inbox: mpsc::WeakUnboundedSender<Input>,
    pub(crate) wanted_team: Option<TeamId>,
    pub(crate) phase: Phase,
    /// Counts logins and logouts: what belongs to an earlier one is dropped.
    pub(crate) epoch: u64,
    pub(crate) channel: Option<Channel>,
    pub(crate) connection: ConnectionStatus,
    pub(crate) attempts: Attempts,
    pub(crate) schedule: Schedule,
    /// Who waits for a renewed token: one renewal per account at a time.
    pub(crate) renewing: BTreeMap<AccountKey, Vec<Reply<codestream_protocol::http::ProviderInfo>>>,
    /// When to look into the me-object, while an attempt waits and the channel is down.
    look_at: Option<Instant>,
    /// What waits for the me-object to be fetched.
    pub(crate) after_fetch: Vec<super::data::AfterFetch>,
}

impl Actor {
    pub(crate) fn new(
        config: SessionConfig,
        deps: SessionDeps,
        inbox: mpsc::WeakUnboundedSender<Input>,
    ) -> Self {
        let api = config.server.map(|server| Api::new(deps.network.clone(), server));
        let shared = Shared {
            third_party: ThirdParty::new(deps.network.clone()),
            device: config.device,
            api,
            deps,
        };
        let mut actor = Self {
            shared: Arc::new(shared),
            inbox,
            wanted_team: config.team_id,
            phase: Phase::Out,
            epoch: 0,
            channel: None,
            connection: ConnectionStatus::Disconnected,
            attempts: Attempts::default(),
            schedule: Schedule::default(),
            renewing: BTreeMap::new(),
            look_at: None,
            after_fetch: Vec::new(),
        };
        if let Some(token) = config.access_token {
            actor.restore(token);
        }
        actor
    }

    pub(crate) async fn run(mut self, mut inputs: mpsc::UnboundedReceiver<Input>) {
        let soft = self.shared.deps.lifecycle.soft().clone();
        loop {
            let nap = self.next_due().map_or(NAP, |due| due.since(self.now())).min(NAP);
            let look = self.look_at.map_or(NAP, |at| at.duration_since(Instant::now()));
            let nap = nap.min(look);
            tokio::select! {
                biased;
                () = soft.cancelled() => break,
                input = inputs.recv() => match input {
                    Some(input) => self.take(input),
                    None => break,
                },
                event = next_event(&mut self.channel) => self.heard(event),
                () = sleep(nap) => {}
            }
            self.attend();
        }
        self.attempts.stop();
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.shared.deps.clock.now()
    }

    pub(crate) fn notify(&self, notification: Notification) {
        self.shared.deps.host.notify(notification);
    }

    /// Runs what takes time.
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce(Work) -> F) {
        // Without a sender every handle is gone, and so is whoever could ask for anything.
        if let Some(inbox) = self.inbox.upgrade() {
            let work = Work {
                shared: Arc::clone(&self.shared),
                inbox,
            };
            let lifecycle = &self.shared.deps.lifecycle;
            drop(lifecycle.spawn(task(work)));
        }
    }

    fn next_due(&self) -> Option<UnixMillis> {
        let due = [self.attempts.next_deadline(), self.schedule.next()];
        due.into_iter().flatten().min()
    }

    /// Does what is due.
    fn attend(&mut self) {
        let now = self.now();
        for id in self.attempts.overdue(now) {
            self.step(id, crate::attempt::machine::Input::Woken);
        }
        for key in self.schedule.take(now) {
            self.renew(key, None);
        }
        if !self.is_waiting_in_the_dark() {
            self.look_at = None;
        } else if self.look_at.is_none_or(|at| at <= Instant::now()) {
            if self.look_at.is_some() {
                self.look();
            }
            self.look_at = Some(Instant::now() + LOOK);
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Request(request) => self.asked(request),
            Input::Attempt(id, input) => self.step(id, input),
            Input::Linked(id, link) => self.linked(id, link),
            Input::Relinked { id, renewed, press } => self.relinked(id, renewed, press),
            Input::Replaced(id, token) => self.replaced(id, &token),
            Input::Granted(id, login) => self.granted(id, *login),
            Input::LoggedIn {
                login,
                team_id,
                reply,
            } => self.logged_in(*login, team_id, reply),
            Input::Restored { epoch, login } if epoch == self.epoch => self.restored(login),
            Input::Fetched { epoch, fetched } if epoch == self.epoch => self.fetched(fetched),
            Input::TeamsFetched { epoch, login } if epoch == self.epoch => self.teams_fetched(*login),
            Input::Changed { epoch, change } if epoch == self.epoch => {
                self.user_changed(&change.user);
            }
            Input::TeamChanged { epoch, change } if epoch == self.epoch => self.team_changed(&change),
            Input::Renew {
                epoch,
                key,
                refused,
                reply,
            } if epoch == self.epoch => self.replace(key, refused.as_ref(), reply),
            Input::Renewed { epoch, key, result } if epoch == self.epoch => self.renewed(key, result),
            Input::Met { epoch, key, who } if epoch == self.epoch => self.met(key, who),
            Input::LinkSeen { epoch, state } if epoch == self.epoch => self.link_seen(state),
            Input::OwnSessionEnded { epoch } if epoch == self.epoch => self.logged_out(),
            Input::SessionRefused { epoch, why } if epoch == self.epoch => self.session_ended(why),
            // Of an earlier login.
            Input::Restored { .. }
            | Input::Fetched { .. }
            | Input::TeamsFetched { .. }
            | Input::Changed { .. }
            | Input::TeamChanged { .. }
            | Input::Renew { .. }
            | Input::Renewed { .. }
            | Input::Met { .. }
            | Input::LinkSeen { .. }
            | Input::OwnSessionEnded { .. }
            | Input::SessionRefused { .. } => {}
        }
    }

    pub(crate) fn asked(&mut self, request: Request) {
        if let Phase::Restoring {
            waiting,
            trouble: None,
        } = &mut self.phase
            && request.needs_login()
        {
            waiting.push(request);
            return;
        }
        match request {
            Request::Connect(params, reply) => self.connect(&params, reply),
            Request::SignIn(params, reply) => self.sign_in(params, reply),
            Request::Ended(id, reply) => self.watch(id, reply),
            Request::Cancel(params, reply) => self.cancel(params.attempt_id, reply),
            Request::Reopen(params, reply) => self.reopen(&params, reply),
            Request::LoginOtc(params, reply) => self.login_otc(&params, reply),
            Request::LoginToken(params, reply) => self.login_token(params, reply),
            Request::Link(params, reply) => self.link(&params, reply),
            Request::Confirm(params, reply) => self.confirm(params.attempt_id, reply),
            Request::Identities(reply) => self.identities(reply),
            Request::Unlink(params, reply) => self.unlink(params.identity_id, reply),
            Request::Sessions(reply) => self.sessions(reply),
            Request::EndSession(params, reply) => self.end_session(params.session_id, reply),
            Request::Logout(reply) => self.logout(reply),
            Request::Providers(reply) => self.providers(reply),
            Request::Disconnect(params, reply) => self.disconnect(&params, reply),
            Request::Configure(params, reply) => self.configure(params, reply),
            Request::Add(params, reply) => self.add(params, reply),
            Request::Remove(params, reply) => self.remove(&params, reply),
            Request::Me(params, reply) => self.me(&params, reply),
            Request::Call(params, reply) => self.call(params, reply),
            Request::Status(reply) => answer(reply, Ok(self.status())),
        }
    }

    /// The API, or why there is none.
    pub(crate) fn api(&self) -> Result<Api, AgentError> {
        Ok(self.shared.api.clone()?)
    }

    /// The login, or why there is none.
    pub(crate) fn login(&self) -> Result<&Login, AgentError> {
        self.shared.api.as_ref().map_err(Clone::clone)?;
        match &self.phase {
            Phase::In(login) => Ok(login),
            Phase::Restoring {
                trouble: Some(trouble),
                ..
            } => Err(trouble.clone().into()),
            Phase::Restoring { .. } | Phase::Out => Err(Failure::not_signed_in().into()),
        }
    }

    pub(crate) fn login_mut(&mut self) -> Option<&mut Login> {
        match &mut self.phase {
            Phase::In(login) => Some(login),
            Phase::Out | Phase::Restoring { .. } => None,
        }
    }

    /// Begins to listen for what happens to who is now signed in.
    pub(crate) fn listen(&mut self) {
        let Some(login) = self.login_mut() else { return };
        let config = login.channel();
        let (sender, events) = mpsc::channel(BACKLOG);
        let deps = &self.shared.deps;
        let deps = ChannelDeps {
            network: deps.network.clone(),
            clock: Arc::clone(&deps.clock),
            random: deps.random.clone(),
            lifecycle: deps.lifecycle.clone(),
            events: sender,
        };
        self.channel = Some(Channel {
            events,
            _handle: crate::channel::start(deps, config),
        });
    }

    fn status(&self) -> Status {
        let server = self.shared.api.as_ref().ok().map(Api::server);
        Status {
            server: server.map_or_else(String::new, |server| server.as_str().to_owned()),
            session: self.login().ok().map(Login::info),
            connection: self.connection,
            attempts: self.attempts.all(),
            way: server.map(|server| self.shared.deps.network.way(server.url())),
        }
    }
}

impl Request {
    /// Whether it waits while a kept session is being checked.
    fn needs_login(&self) -> bool {
        matches!(
            self,
            Self::Connect(..)
                | Self::Link(..)
                | Self::Identities(..)
                | Self::Unlink(..)
                | Self::Sessions(..)
                | Self::EndSession(..)
                | Self::Providers(..)
                | Self::Disconnect(..)
                | Self::Configure(..)
                | Self::Add(..)
                | Self::Remove(..)
                | Self::Me(..)
                | Self::Call(..)
        )
    }
}

/// Answers; a caller that has gone away is not missed.
pub(crate) fn answer<T>(reply: Reply<T>, result: Result<T, AgentError>) {
    let _ = reply.send(result);
}

async fn next_event(channel: &mut Option<Channel>) -> ChannelEvent {
    if let Some(open) = channel
        && let Some(event) = open.events.recv().await
    {
        return event;
    }
    std::future::pending().await
}
