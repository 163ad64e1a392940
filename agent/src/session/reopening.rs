//! *Open again* and *Copy link*: a fresh link for an attempt that runs, one at a time.
//!
//! A sign-in's link cannot be replaced without the server: whoever finishes the one before would leave a session that nobody
//! holds. So the new link is made first, then the old sign-up is ended there, which also says when it has been granted in the
//! same moment; that grant is taken then. Until both are done the attempt keeps the link that it has.

use std::collections::VecDeque;
use std::time::Duration;

use codestream_protocol::AttemptId;
use codestream_protocol::http::{CheckSignup, LoginResponse};
use codestream_protocol::id::CodeId;
use codestream_protocol::lsp::attempt::{Attempt, Step};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{ReopenParams, Reopened};
use codestream_protocol::secret::{SessionToken, SignupToken};
use tokio_util::sync::CancellationToken;

use crate::api::Withdrawn;
use crate::attempt::machine::Input as Happened;
use crate::attempt::{Link, Target, driver};
use crate::error::{AgentError, Failure};
use crate::session::actor::{Actor, Work, answer};
use crate::session::attempts::{Wanted, link, no_such_attempt};
use crate::session::inbox::{Input, Reply};

/// A press that waits for its link.
pub(crate) struct Reopening {
    open: bool,
    reply: Reply<Reopened>,
}

/// What such a press led to.
pub(crate) enum Renewed {
    /// A new link, and what it is for.
    Link(Link, Target),
    /// The link before had just been granted.
    Granted(Box<LoginResponse>),
}

/// The presses that wait while one is served.
pub(crate) type Waiting = Option<VecDeque<Reopening>>;

impl Actor {
    /// `codestream/attempt/reopen`.
    pub(crate) fn reopen(&mut self, params: &ReopenParams, reply: Reply<Reopened>) {
        let id = params.attempt_id;
        let Some(entry) = self.attempts.entry(id) else {
            return answer(reply, Err(no_such_attempt()));
        };
        let press = Reopening {
            open: params.open,
            reply,
        };
        if let Some(waiting) = &mut entry.reopening {
            waiting.push_back(press);
        } else {
            entry.reopening = Some(VecDeque::from([press]));
            self.next_reopening(id);
        }
    }

    /// Serves the next press, if one waits.
    fn next_reopening(&mut self, id: AttemptId) {
        while let Some(entry) = self.attempts.entry(id) {
            let Some(press) = entry.reopening.as_mut().and_then(VecDeque::pop_front) else {
                entry.reopening = None;
                return;
            };
            match over(entry.machine.attempt()) {
                Some(over) => answer(press.reply, Err(over)),
                None => return self.renew_link(id, press),
            }
        }
    }

    fn renew_link(&mut self, id: AttemptId, press: Reopening) {
        let session = self.login().ok().map(|login| login.data.access_token.clone());
        let (now, epoch) = (self.now(), self.epoch);
        let Some(entry) = self.attempts.entry(id) else {
            return answer(press.reply, Err(no_such_attempt()));
        };
        let attempt = entry.machine.attempt();
        let renewal = Renewal {
            epoch,
            provider: attempt.provider.clone(),
            before: entry.target.clone(),
            session,
            remaining: attempt.expires_at.since(now),
            noted: entry.noted.clone(),
            cancel: entry.cancel.clone(),
        };
        self.spawn(async move |work| {
            let renewed = renewal.run(&work).await;
            work.tell(Input::Relinked { id, renewed, press });
        });
    }

    /// A further link is there, or will not be.
    pub(crate) fn relinked(&mut self, id: AttemptId, renewed: Result<Renewed, Failure>, press: Reopening) {
        let ended = match self.attempts.entry(id) {
            Some(entry) => over(entry.machine.attempt()),
            None => Some(no_such_attempt()),
        };
        match (renewed, ended) {
            (Ok(Renewed::Granted(login)), ended) => {
                let granted = Failure::new(ErrorKind::Superseded, "You have just been signed in.");
                answer(press.reply, Err(ended.unwrap_or_else(|| granted.into())));
                self.granted(id, *login);
            }
            (_, Some(over)) => answer(press.reply, Err(over)),
            (Ok(Renewed::Link(link, target)), None) => {
                self.take_link(id, &link, target);
                // A caller that has given up meanwhile does not get a browser either.
                let open = press.open && !press.reply.is_closed();
                let url = link.url.clone();
                self.step(id, Happened::Relinked { link, open });
                answer(press.reply, Ok(Reopened { url }));
            }
            (Err(failure), None) => {
                answer(press.reply, Err(failure.into()));
                // The old link may be dead all the same: its poll says so.
                self.poll(id);
            }
        }
        self.next_reopening(id);
    }

    fn take_link(&mut self, id: AttemptId, link: &Link, target: Target) {
        let Some(entry) = self.attempts.entry(id) else {
            return;
        };
        entry.target = target;
        // Those that another browser owns are the server's to end, and nothing that happens to them is this attempt's.
        let noted = std::mem::take(&mut entry.noted);
        entry.codes.retain(|code| !noted.contains(code));
        entry.codes.extend(link.code_id);
    }

    /// The server has ended the sign-up behind the attempt's link, and no new one was made: the answer was lost.
    pub(crate) fn replaced(&mut self, id: AttemptId, which: &SignupToken) {
        let Some(entry) = self.attempts.entry(id) else {
            return;
        };
        let current = matches!(&entry.target, Target::SignIn { token, .. } if token == which);
        if current && entry.reopening.is_none() {
            let note = "The link no longer works, and the server did not answer when a new one was asked for. Press \
                        Open again.";
            self.step(id, Happened::Noted(note.to_owned()));
        }
    }
}

/// What a new link is made from.
struct Renewal {
    epoch: u64,
    provider: String,
    before: Target,
    session: Option<SessionToken>,
    remaining: Duration,
    noted: Vec<CodeId>,
    cancel: CancellationToken,
}

impl Renewal {
    async fn run(self, work: &Work) -> Result<Renewed, Failure> {
        let deps = &work.shared.deps;
        let target = self.before.renewed(&deps.random);
        let wanted = Wanted {
            epoch: self.epoch,
            provider: &self.provider,
            target: &target,
            session: self.session.as_ref(),
            remaining: self.remaining,
            replaces: &self.noted,
        };
        let link = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(cancelled()),
            link = link(work, wanted) => link?,
        };
        let Target::SignIn { token, verifier, .. } = self.before else {
            return Ok(Renewed::Link(link, target));
        };
        let check = CheckSignup {
            token,
            code_verifier: Some(verifier),
            nr_account_id: None,
            note: None,
        };
        let api = work.shared.api.as_ref().map_err(Clone::clone)?;
        match driver::withdraw(api, &deps.random, &check, &self.cancel).await? {
            Withdrawn::Ended => Ok(Renewed::Link(link, target)),
            Withdrawn::Granted(login) => Ok(Renewed::Granted(login)),
        }
    }
}

fn cancelled() -> Failure {
    Failure::new(ErrorKind::Cancelled, "You cancelled. Nothing was changed.")
}

/// Why an attempt gets no further link, if so.
fn over(attempt: &Attempt) -> Option<AgentError> {
    let failure = match &attempt.end {
        Some(end) => {
            let kind = end.kind.unwrap_or(ErrorKind::Expired);
            Failure::new(kind, "This attempt has ended. Start again.")
        }
        None if attempt.step >= Step::Confirming => Failure::new(
            ErrorKind::Superseded,
            "You have just approved: no new link is needed.",
        ),
        None => return None,
    };
    Some(failure.of_provider(&attempt.provider).into())
}
