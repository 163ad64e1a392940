//! The attempts of a session: starts them, carries inputs to their machines and does what the machines say.

use std::time::Duration;

use codestream_protocol::http::{CheckSignup, LoginResponse};
use codestream_protocol::id::CodeId;
use codestream_protocol::lsp::attempt::{Attempt, AttemptKind, Outcome, Step};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::AttemptDidChange;
use codestream_protocol::lsp::request::{LinkParams, ProviderParams, SsoParams, Started};
use codestream_protocol::secret::{CodeVerifier, SessionToken, SignupToken};
use codestream_protocol::{AttemptId, ProviderId, ServerCode, UnixMillis, text};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::api::Purpose;
use crate::attempt::machine::{Effect, Input as Happened, Machine};
use crate::attempt::{LIFETIME, Link, Target, driver};
use crate::error::{AgentError, Failure};
use crate::session::Notification;
use crate::session::actor::{Actor, Shared, Work, answer};
use crate::session::inbox::{Input, Reply};
use crate::session::reopening::Waiting;
use crate::thirdparty;

/// A machine and what belongs to it.
pub(crate) struct Entry {
    pub(crate) machine: Machine,
    pub(crate) target: Target,
    press: Option<Reply<Started>>,
    watchers: Vec<Reply<Attempt>>,
    /// The handshakes of its links, as the server names them.
    pub(crate) codes: Vec<CodeId>,
    /// Those of them whose link another browser has opened.
    pub(crate) noted: Vec<CodeId>,
    /// Presses for a further link; `None` when none is being made.
    pub(crate) reopening: Waiting,
    /// The handshake whose account is shown for confirmation.
    came_back: Option<CodeId>,
    /// Since when the service was connected at the press, in the server's time.
    before: Option<UnixMillis>,
    /// Ends what runs for it.
    running: Option<DropGuard>,
    /// Ends the poll for its grant.
    polling: Option<DropGuard>,
    pub(crate) cancel: CancellationToken,
}

/// Running ones, and the last ended one of each service.
#[derive(Default)]
pub(crate) struct Attempts {
    entries: Vec<Entry>,
}

impl Attempts {
    pub(crate) fn entry(&mut self, id: AttemptId) -> Option<&mut Entry> {
        self.entries
            .iter_mut()
            .find(|entry| entry.machine.attempt().attempt_id == id)
    }

    fn running(&self, accept: impl Fn(&Entry) -> bool) -> Vec<AttemptId> {
        self.entries
            .iter()
            .filter(|entry| entry.machine.is_running() && accept(entry))
            .map(|entry| entry.machine.attempt().attempt_id)
            .collect()
    }

    /// As the IDE sees them.
    pub(crate) fn all(&self) -> Vec<Attempt> {
        let known = self.entries.iter().filter(|entry| entry.machine.is_known());
        known
            .map(|entry| entry.machine.attempt().clone().shown())
            .collect()
    }

    pub(crate) fn next_deadline(&self) -> Option<UnixMillis> {
        let machines = self.entries.iter();
        machines.filter_map(|entry| entry.machine.deadline()).min()
    }

    pub(crate) fn overdue(&self, now: UnixMillis) -> Vec<AttemptId> {
        self.running(|entry| entry.machine.deadline().is_some_and(|at| at <= now))
    }

    /// The running attempt that a handshake belongs to.
    pub(crate) fn of_code(&self, code: CodeId) -> Option<AttemptId> {
        self.running(|entry| entry.codes.contains(&code)).pop()
    }

    /// The same, whose link has been opened in another browser.
    pub(crate) fn of_noted(&mut self, code: CodeId) -> Option<AttemptId> {
        let id = self.of_code(code)?;
        let entry = self.entry(id)?;
        if !entry.noted.contains(&code) {
            entry.noted.push(code);
        }
        Some(id)
    }

    /// Running attempts of a signed-in user.
    pub(crate) fn of_login(&self) -> Vec<AttemptId> {
        self.running(|entry| entry.machine.attempt().kind != AttemptKind::SignIn)
    }

    /// The handshakes of running attempts to link.
    pub(crate) fn linking(&self) -> Vec<CodeId> {
        let attempts = self
            .entries
            .iter()
            .filter(|entry| entry.machine.is_running() && entry.machine.attempt().kind == AttemptKind::Link);
        attempts.flat_map(|entry| entry.codes.iter().copied()).collect()
    }

    /// Running attempts that a lost message may have granted: since when each service was connected before, and which one.
    pub(crate) fn waiting(&self) -> Vec<(AttemptId, Option<UnixMillis>, ProviderId)> {
        let attempts = self.entries.iter();
        attempts
            .map(|entry| (entry.machine.attempt(), entry.before))
            .filter(|(one, _)| one.end.is_none() && one.kind == AttemptKind::Connect)
            .filter(|(one, _)| one.step != Step::Finishing)
            .map(|(one, before)| (one.attempt_id, before, one.provider_id.clone()))
            .collect()
    }

    /// The service of an attempt.
    pub(crate) fn provider(&mut self, id: AttemptId) -> Option<ProviderId> {
        let entry = self.entry(id)?;
        Some(entry.machine.attempt().provider_id.clone())
    }

    /// The verifier of the running sign-in with that token.
    pub(crate) fn verifier(&self, wanted: &SignupToken) -> Option<CodeVerifier> {
        self.entries
            .iter()
            .filter(|entry| entry.machine.is_running())
            .find_map(|entry| match &entry.target {
                Target::SignIn { token, verifier, .. } if token == wanted => Some(verifier.clone()),
                _ => None,
            })
    }

    /// The agent is ending.
    pub(crate) fn stop(&mut self) {
        self.entries.clear();
    }

    /// Drops what a newer end of the same service replaces.
    fn tidy(&mut self, ended: AttemptId) {
        let Some(entry) = self.entry(ended) else { return };
        let (kind, provider) = {
            let attempt = entry.machine.attempt();
            (attempt.kind, attempt.provider.clone())
        };
        self.entries.retain(|entry| {
            let attempt = entry.machine.attempt();
            entry.machine.is_running()
                || attempt.attempt_id == ended
                || attempt.kind != kind
                || attempt.provider != provider
        });
    }
}

impl Actor {
    /// `codestream/provider/connect`.
    pub(crate) fn connect(&mut self, params: &ProviderParams, reply: Reply<Started>) {
        let begun = self.login().and_then(|login| {
            let row = login.row(&params.provider_id)?;
            if row.token_only {
                return Err(driver::no_app(row).into());
            }
            let team_id = login.team()?.clone();
            let session = login.data.access_token.clone();
            Ok((row.clone(), team_id, session, login.since(row)))
        });
        let (row, team_id, session, before) = match begun {
            Ok(begun) => begun,
            Err(error) => return answer(reply, Err(error)),
        };
        let target = Target::Connect {
            team_id,
            host: row.is_enterprise.then(|| row.host.clone()),
        };
        let provider = row.name.clone();
        let attempt = self.attempt(AttemptKind::Connect, row.name, row.id, row.host);
        let id = self.begin(attempt, target.clone(), before, reply);
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let wanted = Wanted {
                epoch,
                provider: &provider,
                target: &target,
                session: Some(&session),
                remaining: LIFETIME,
                replaces: &[],
            };
            let link = link(&work, wanted).await;
            work.tell(Input::Linked(id, link));
        });
    }

    /// `codestream/login/sso`.
    pub(crate) fn sign_in(&mut self, params: SsoParams, reply: Reply<Started>) {
        if let Err(error) = self.api() {
            return answer(reply, Err(error));
        }
        let SsoParams { provider, signup } = params;
        // The server's own row is asked for before a link is made; until then the built-in table knows the names.
        let known = thirdparty::service(&provider);
        let (name, id, host) = known.map_or_else(
            || (provider.clone(), ProviderId::of_host(&provider), provider.clone()),
            |service| (service.name.to_owned(), service.id(), service.host.to_owned()),
        );
        let attempt = self.attempt(AttemptKind::SignIn, name, id, host);
        let random = &self.shared.deps.random;
        let target = Target::sign_in(random, signup);
        let id = self.begin(attempt, target.clone(), None, reply);
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let wanted = Wanted {
                epoch,
                provider: &provider,
                target: &target,
                session: None,
                remaining: LIFETIME,
                replaces: &[],
            };
            let link = link(&work, wanted).await;
            work.tell(Input::Linked(id, link));
        });
    }

    /// `codestream/login/link`.
    pub(crate) fn link(&mut self, params: &LinkParams, reply: Reply<Started>) {
        let begun = self.login().and_then(|login| {
            let row = login.row(&params.provider)?;
            let row = driver::offered(&params.provider, Some(row.clone()))?;
            Ok((row, login.team()?.clone(), login.data.access_token.clone()))
        });
        let (row, team_id, session) = match begun {
            Ok(begun) => begun,
            Err(error) => return answer(reply, Err(error)),
        };
        let target = Target::Link { team_id };
        let provider = row.name.clone();
        let attempt = self.attempt(AttemptKind::Link, row.name, row.id, row.host);
        let id = self.begin(attempt, target.clone(), None, reply);
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let wanted = Wanted {
                epoch,
                provider: &provider,
                target: &target,
                session: Some(&session),
                remaining: LIFETIME,
                replaces: &[],
            };
            let link = link(&work, wanted).await;
            work.tell(Input::Linked(id, link));
        });
    }

    /// An account came back from a link handshake.
    pub(crate) fn came_back(&mut self, code: CodeId, account: &str) {
        let Some(id) = self.attempts.of_code(code) else {
            return;
        };
        if let Some(entry) = self.attempts.entry(id) {
            entry.came_back.get_or_insert(code);
        }
        let account = text::name(account, "an account without a name");
        self.step(id, Happened::CameBack { account });
    }

    /// `codestream/attempt/confirm`: confirms the very account that the attempt shows.
    pub(crate) fn confirm(&mut self, id: AttemptId, reply: Reply<()>) {
        let begun = self.login().map(|login| login.data.access_token.clone());
        let begun = begun.and_then(|session| Ok((session, self.api()?)));
        let (session, api) = match begun {
            Ok(begun) => begun,
            Err(error) => return answer(reply, Err(error)),
        };
        let Some(entry) = self.attempts.entry(id) else {
            return answer(reply, Err(no_such_attempt()));
        };
        let waits = entry.machine.is_running() && entry.machine.attempt().step == Step::Confirming;
        let Some(code) = entry.came_back.filter(|_| waits) else {
            let message =
                "There is no account to confirm: none has come back yet, or the attempt has gone on.";
            return answer(reply, Err(Failure::new(ErrorKind::Forbidden, message).into()));
        };
        self.step(id, Happened::Confirmed);
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let confirmed = work.heed(epoch, api.confirm_link(&session, code).await);
            match confirmed {
                Ok(()) => {
                    work.tell(Input::Attempt(id, Happened::Granted));
                    answer(reply, Ok(()));
                }
                Err(error) => {
                    let failure = Failure::from(&error);
                    work.tell(Input::Attempt(id, Happened::Refused(failure.clone())));
                    answer(reply, Err(failure.into()));
                }
            }
        });
    }

    /// Tells the server of links that this window does not want any more.
    fn give_up_links(&self, codes: Vec<CodeId>) {
        let (Ok(api), Ok(login)) = (self.api(), self.login()) else {
            return;
        };
        let session = login.data.access_token.clone();
        self.spawn(async move |_| {
            for code in codes {
                if let Err(error) = api.give_up_link(&session, code).await {
                    tracing::info!(%error, "a link was left to expire");
                }
            }
        });
    }

    /// Looks for what no message tells of links.
    pub(crate) fn look_at_links(&self) {
        let codes = self.attempts.linking();
        let (Ok(api), Ok(login)) = (self.api(), self.login()) else {
            return;
        };
        if codes.is_empty() {
            return;
        }
        let session = login.data.access_token.clone();
        let epoch = self.epoch;
        self.spawn(async move |work| {
            for code in codes {
                match work.heed(epoch, api.link_state(&session, code).await) {
                    Ok(state) => work.tell(Input::LinkSeen { epoch, state }),
                    Err(error) => tracing::info!(%error, "a link could not be looked at"),
                }
            }
        });
    }

    fn attempt(&self, kind: AttemptKind, provider: String, provider_id: ProviderId, host: String) -> Attempt {
        let now = self.now();
        Attempt {
            attempt_id: AttemptId(self.shared.deps.random.uuid()),
            kind,
            provider,
            provider_id,
            step: Step::Opening,
            host,
            url: String::new(),
            started_at: now,
            expires_at: now + LIFETIME,
            match_code: None,
            account: None,
            note: None,
            end: None,
        }
    }

    /// Starts an attempt, in place of the one that runs for the same service.
    fn begin(
        &mut self,
        attempt: Attempt,
        target: Target,
        before: Option<UnixMillis>,
        press: Reply<Started>,
    ) -> AttemptId {
        let same = self.attempts.running(|entry| {
            let running = entry.machine.attempt();
            running.kind == attempt.kind && running.provider_id == attempt.provider_id
        });
        for older in same {
            self.step(older, Happened::Superseded);
        }
        let id = attempt.attempt_id;
        let cancel = CancellationToken::new();
        self.attempts.entries.push(Entry {
            machine: Machine::new(attempt),
            target,
            press: Some(press),
            watchers: Vec::new(),
            codes: Vec::new(),
            came_back: None,
            noted: Vec::new(),
            reopening: None,
            before,
            polling: None,
            running: Some(cancel.clone().drop_guard()),
            cancel,
        });
        id
    }

    /// A first link is there, or will not be.
    pub(crate) fn linked(&mut self, id: AttemptId, link: Result<Link, Failure>) {
        let input = match link {
            Ok(link) => {
                self.note_code(id, &link);
                Happened::Linked(link)
            }
            Err(failure) => Happened::Failed(failure),
        };
        self.step(id, input);
    }

    fn note_code(&mut self, id: AttemptId, link: &Link) {
        if let Some(entry) = self.attempts.entry(id) {
            entry.codes.extend(link.code_id);
        }
    }

    /// `codestream/attempt/cancel`.
    pub(crate) fn cancel(&mut self, id: AttemptId, reply: Reply<()>) {
        if self.attempts.entry(id).is_none() {
            return answer(reply, Err(no_such_attempt()));
        }
        self.step(id, Happened::Cancelled);
        answer(reply, Ok(()));
    }

    /// The attempt, once it has ended.
    pub(crate) fn watch(&mut self, id: AttemptId, reply: Reply<Attempt>) {
        match self.attempts.entry(id) {
            None => answer(reply, Err(no_such_attempt())),
            Some(entry) if entry.machine.is_running() => entry.watchers.push(reply),
            Some(entry) => answer(reply, Ok(entry.machine.attempt().clone().shown())),
        }
    }

    /// A sign-in was granted: the session begins, then the attempt ends.
    pub(crate) fn granted(&mut self, id: AttemptId, login: LoginResponse) {
        let running = |entry: &mut Entry| entry.machine.is_running();
        if !self.attempts.entry(id).is_some_and(running) {
            if self
                .login()
                .is_ok_and(|held| held.data.access_token == login.access_token)
            {
                // The poll and a press of *Open again* have both heard of the same grant.
                return;
            }
            // Cancelled in the same moment: nobody wants this session.
            return self.give_back(login.access_token);
        }
        self.step(id, Happened::Granted);
        match self.establish(login, None) {
            Ok(info) => self.step(id, Happened::SignedIn { account: info.email }),
            Err(failure) => self.step(id, Happened::Failed(failure)),
        }
    }

    /// Carries an input to an attempt's machine and does what it says.
    pub(crate) fn step(&mut self, id: AttemptId, input: Happened) {
        let now = self.now();
        let Some(entry) = self.attempts.entry(id) else {
            return;
        };
        let (machine, effects) = entry.machine.clone().step(input, now);
        entry.machine = machine;
        for effect in effects {
            self.perform(id, effect);
        }
    }

    fn perform(&mut self, id: AttemptId, effect: Effect) {
        let Some(entry) = self.attempts.entry(id) else {
            return;
        };
        match effect {
            Effect::Answer(result) => {
                let wanted = entry.press.take().is_none_or(|press| {
                    let good = result.is_ok();
                    press.send(result).is_ok() || !good
                });
                if !wanted {
                    // The request was cancelled before it was answered: so is what it began.
                    self.step(id, Happened::Cancelled);
                }
            }
            Effect::Tell => {
                let attempt = entry.machine.attempt().clone().shown();
                self.notify(Notification::Attempt(AttemptDidChange { attempt }));
            }
            Effect::Open(url) => self.spawn(async move |work| {
                let opened = work.shared.deps.host.open_url(&url).await;
                work.tell(Input::Attempt(id, Happened::Opened(opened)));
            }),
            Effect::Poll => self.poll(id),
            Effect::Identify => self.identify(id),
            Effect::Stop => {
                entry.running = None;
                let attempt = entry.machine.attempt().clone().shown();
                let codes = match &attempt.end {
                    Some(end) if attempt.kind == AttemptKind::Link && end.outcome != Outcome::Connected => {
                        std::mem::take(&mut entry.codes)
                    }
                    _ => Vec::new(),
                };
                for watcher in std::mem::take(&mut entry.watchers) {
                    answer(watcher, Ok(attempt.clone()));
                }
                self.attempts.tidy(id);
                self.give_up_links(codes);
            }
        }
    }

    pub(crate) fn poll(&mut self, id: AttemptId) {
        let Ok(api) = self.api() else { return };
        let Some(entry) = self.attempts.entry(id) else {
            return;
        };
        let Target::SignIn { token, verifier, .. } = entry.target.clone() else {
            return;
        };
        let cancel = entry.cancel.child_token();
        entry.polling = Some(cancel.clone().drop_guard());
        let expires_at = entry.machine.attempt().expires_at;
        self.spawn(async move |work| {
            let deps = &work.shared.deps;
            let noted = |note: &str| work.tell(Input::Attempt(id, Happened::Noted(note.to_owned())));
            let which = token.clone();
            let check = CheckSignup {
                token,
                code_verifier: Some(verifier),
                nr_account_id: None,
                note: None,
            };
            let clock = deps.clock.as_ref();
            match driver::grant(&api, clock, &deps.random, &check, expires_at, &cancel, &noted).await {
                None => {}
                Some(Err(failure))
                    if failure.server_code.as_deref() == Some(ServerCode::LinkReplaced.as_str()) =>
                {
                    work.tell(Input::Replaced(id, which));
                }
                Some(Ok(login)) => work.tell(Input::Granted(id, login)),
                Some(Err(failure)) => work.tell(Input::Attempt(id, Happened::Refused(failure))),
            }
        });
    }
}

/// What a link is asked for with.
pub(crate) struct Wanted<'a> {
    pub(crate) epoch: u64,
    pub(crate) provider: &'a str,
    pub(crate) target: &'a Target,
    pub(crate) session: Option<&'a SessionToken>,
    /// What the attempt has left.
    pub(crate) remaining: Duration,
    /// Handshakes that lead nowhere any more.
    pub(crate) replaces: &'a [CodeId],
}

/// A link for an attempt.
pub(crate) async fn link(work: &Work, wanted: Wanted<'_>) -> Result<Link, Failure> {
    let Shared {
        api, deps, device, ..
    } = work.shared.as_ref();
    let Wanted {
        epoch,
        provider,
        target,
        session,
        remaining,
        replaces,
    } = wanted;
    let api = api.as_ref().map_err(Clone::clone)?;
    let clock = deps.clock.as_ref();
    match (target, session) {
        (Target::SignIn { .. }, _) => {
            driver::sign_in_link(api, clock, provider, target, remaining, device).await
        }
        (Target::Connect { .. } | Target::Link { .. }, None) => Err(Failure::not_signed_in()),
        (Target::Connect { team_id, host }, Some(session)) => {
            let at = (provider, host.as_deref());
            let purpose = Purpose::Connect;
            let made = driver::connect_link(
                api, clock, session, team_id, purpose, at, remaining, device, replaces,
            )
            .await;
            work.heed(epoch, made).map_err(|error| Failure::from(&error))
        }
        (Target::Link { team_id }, Some(session)) => {
            let at = (provider, None);
            let purpose = Purpose::Link;
            let made = driver::connect_link(
                api, clock, session, team_id, purpose, at, remaining, device, replaces,
            )
            .await;
            work.heed(epoch, made).map_err(|error| Failure::from(&error))
        }
    }
}

pub(crate) fn no_such_attempt() -> AgentError {
    AgentError::Params("There is no attempt with this `attemptId`.".to_owned())
}
