//! What changes under a login: the me-channel's messages, the answers' directives, the me-object fetched anew.
//!
//! A directive that does not start from the local version is never guessed at: the object is fetched anew, and what
//! depended on the change waits for that.

use std::time::Duration;

use codestream_protocol::AttemptId;
use codestream_protocol::channel::{AttemptEnded, AttemptNoted, Message};
use codestream_protocol::directive::{Applied, Directive};
use codestream_protocol::http::{LinkState, LoginResponse, UserAnswer};
use codestream_protocol::lsp::notification::{
    ConnectionStatus, DataType, DidChangeConnectionStatus, DidChangeData,
};
use codestream_protocol::text::{self, Limit, safe_json, web_link};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::api::kind_of;
use crate::attempt::machine::Input as Happened;
use crate::backoff::{Backoff, Jitter};
use crate::channel::ChannelEvent;
use crate::error::Failure;
use crate::session::Notification;
use crate::session::accounts::AccountKey;
use crate::session::actor::Actor;
use crate::session::inbox::Input;

/// What waits for the me-object.
pub(crate) enum AfterFetch {
    /// An attempt was granted; its account is in there.
    Identify(AttemptId),
    /// An account's new token is in there.
    Renewed(AccountKey),
    /// Messages may have been missed.
    Reset,
    /// No message can arrive, and an attempt waits for one.
    Look,
}

impl Actor {
    /// Takes what the me-channel tells.
    pub(crate) fn heard(&mut self, event: ChannelEvent) {
        match event {
            ChannelEvent::Status(status) => self.connected(status),
            ChannelEvent::Message(message) => self.received(*message),
            ChannelEvent::Reset => {
                self.after_fetch.push(AfterFetch::Reset);
                self.fetch();
            }
            ChannelEvent::SessionEnded => self.session_ended_on_channel(),
        }
    }

    fn connected(&mut self, status: ConnectionStatus) {
        if self.connection != status {
            self.connection = status;
            self.notify(Notification::Connection(DidChangeConnectionStatus {
                status,
                reset: None,
            }));
        }
    }

    fn received(&mut self, message: Message) {
        let Message {
            user,
            team,
            activity,
            attempt_confirming,
            attempt_noted,
            attempt_ended,
            ..
        } = message;
        if let Some(change) = user {
            self.user_changed(&change);
        }
        if let Some(change) = team {
            self.team_changed(&change);
        }
        if let Some(activity) = activity {
            self.tell_data(DataType::Activities, json!([activity]));
        }
        self.link_seen(LinkState {
            attempt_confirming,
            attempt_noted,
            attempt_ended,
        });
    }

    /// What the server tells of a handshake, on the channel or when asked.
    pub(crate) fn link_seen(&mut self, state: LinkState) {
        if let Some(noted) = state.attempt_noted {
            self.handshake_noted(&noted);
        }
        if let Some(confirming) = state.attempt_confirming {
            self.came_back(confirming.code_id, &confirming.account);
        }
        if let Some(ended) = state.attempt_ended {
            self.handshake_ended(ended);
        }
    }

    fn handshake_noted(&mut self, noted: &AttemptNoted) {
        if let Some(id) = self.attempts.of_noted(noted.code_id) {
            let note = text::shown(&noted.note, Limit::MESSAGE);
            self.step(id, Happened::Noted(note));
        }
    }

    fn handshake_ended(&mut self, ended: AttemptEnded) {
        let Some(id) = self.attempts.of_code(ended.code_id) else {
            // Another window's, or one that has ended here.
            return;
        };
        let input = match ended.code {
            None => Happened::Granted,
            Some(code) => {
                let known: Option<codestream_protocol::ServerCode> = code.parse().ok();
                let message = ended
                    .message
                    .filter(|message| !message.is_empty())
                    .or_else(|| known.map(|code| code.message().to_owned()))
                    .unwrap_or_else(|| "The server refused, without saying why.".to_owned());
                let mut failure = Failure::new(kind_of(&code), message);
                failure.server_code = Some(code);
                failure.link = ended
                    .link
                    .as_deref()
                    .and_then(web_link)
                    .map(|url| String::from(url).into());
                Happened::Refused(failure)
            }
        };
        self.step(id, input);
    }

    /// Applies a change of the me-object.
    pub(crate) fn user_changed(&mut self, change: &Directive) -> Applied {
        let Some(login) = self.login_mut() else {
            return Applied::AlreadyThere;
        };
        let applied = login.apply(change);
        match applied {
            Applied::Changed => {
                self.reschedule();
                self.tell_user(touches_accounts(change));
            }
            Applied::Stale => self.fetch(),
            Applied::AlreadyThere => {}
        }
        applied
    }

    pub(crate) fn team_changed(&mut self, change: &Directive) {
        let Some(login) = self.login_mut() else { return };
        match login.apply_to_team(change) {
            Some(Applied::Changed) => {
                self.tell_teams();
                self.tell_providers();
            }
            Some(Applied::Stale) => self.fetch_teams(),
            // A team that is not known yet, or a change that is.
            Some(Applied::AlreadyThere) | None => {}
        }
    }

    /// Fetches the me-object until there is an answer; one fetch at a time.
    pub(crate) fn fetch(&mut self) {
        let Ok(api) = self.api() else { return };
        let epoch = self.epoch;
        let Some(login) = self.login_mut() else { return };
        if std::mem::replace(&mut login.fetching, true) {
            return;
        }
        let token = login.data.access_token.clone();
        self.spawn(async move |work| {
            let random = &work.shared.deps.random;
            let secs = Duration::from_secs;
            let mut delays = Backoff::new(secs(1), 2.0, secs(30), Jitter::Quarter);
            loop {
                match work.heed(epoch, api.me(&token).await) {
                    Ok(fetched) => return work.tell(Input::Fetched { epoch, fetched }),
                    Err(error) if error.ends_session() => return,
                    Err(error) => {
                        tracing::info!(%error, "fetching the user again later");
                        let delay = delays.next(random.fraction());
                        sleep(error.retry_after().unwrap_or(delay)).await;
                    }
                }
            }
        });
    }

    /// The me-object is there.
    pub(crate) fn fetched(&mut self, fetched: UserAnswer) {
        let UserAnswer { user, notes } = fetched;
        let user = user.into_value();
        let Some(login) = self.login_mut() else { return };
        login.fetching = false;
        if login.replace_user(user) {
            self.reschedule();
            self.tell_user(true);
        }
        for noted in notes {
            self.handshake_noted(&noted);
        }
        for waiting in std::mem::take(&mut self.after_fetch) {
            match waiting {
                AfterFetch::Identify(id) => self.identify_now(id),
                AfterFetch::Renewed(key) => self.answer_renewal(&key, None),
                AfterFetch::Reset => self.caught_up(),
                AfterFetch::Look => self.grant_the_connected(),
            }
        }
    }

    /// Everything that was missed is in the me-object: also what granted an attempt.
    fn caught_up(&mut self) {
        self.look_at_links();
        self.notify(Notification::Connection(DidChangeConnectionStatus {
            status: self.connection,
            reset: Some(true),
        }));
        self.grant_the_connected();
    }

    /// Grants the attempts whose service was connected since the press. Both times are the server's: our own clock may be
    /// hours off.
    fn grant_the_connected(&mut self) {
        let waiting = self.attempts.waiting();
        let Ok(login) = self.login() else { return };
        let granted: Vec<_> = waiting
            .into_iter()
            .filter(|(_, before, provider_id)| {
                let row = login.data.providers.get(provider_id);
                row.and_then(|row| login.since(row)) > *before
            })
            .collect();
        for (id, ..) in granted {
            self.step(id, Happened::Granted);
        }
    }

    /// Whether an attempt waits for a message while none can arrive: the me-channel is down, or something between lets no
    /// WebSocket through.
    pub(crate) fn is_waiting_in_the_dark(&self) -> bool {
        self.connection != ConnectionStatus::Reconnected
            && self.login().is_ok()
            && !(self.attempts.waiting().is_empty() && self.attempts.linking().is_empty())
    }

    /// Looks into the me-object for what no message tells.
    pub(crate) fn look(&mut self) {
        self.look_at_links();
        if !self.attempts.waiting().is_empty() && self.login_mut().is_some_and(|login| !login.fetching) {
            self.after_fetch.push(AfterFetch::Look);
            self.fetch();
        }
    }

    fn fetch_teams(&mut self) {
        let Ok(api) = self.api() else { return };
        let epoch = self.epoch;
        let Some(login) = self.login_mut() else { return };
        let token = login.data.access_token.clone();
        self.spawn(
            async move |work| match work.heed(epoch, api.login(&token).await) {
                Ok(login) => work.tell(Input::TeamsFetched {
                    epoch,
                    login: Box::new(login),
                }),
                Err(error) => tracing::info!(%error, "the teams could not be fetched"),
            },
        );
    }

    /// The teams and services are there.
    pub(crate) fn teams_fetched(&mut self, new: LoginResponse) {
        let Some(login) = self.login_mut() else { return };
        login.replace_teams(new);
        self.tell_teams();
        self.tell_providers();
    }

    /// Who an account belongs to is known.
    pub(crate) fn met(&mut self, key: AccountKey, who: String) {
        if let Some(login) = self.login_mut() {
            login.people.insert(key, who);
        }
    }

    /// Takes the accounts' expiries as they now stand.
    pub(crate) fn reschedule(&mut self) {
        let now = self.now();
        let accounts = match self.login() {
            Ok(login) => login.all_accounts(),
            Err(_) => return,
        };
        let accounts = accounts.iter().map(|(key, info)| (key, info));
        self.schedule.learn(accounts, now);
    }

    fn tell_user(&self, accounts_too: bool) {
        let Ok(login) = self.login() else { return };
        self.tell_data(DataType::Users, json!([login.view_of_user()]));
        if accounts_too {
            self.tell_providers();
        }
    }

    fn tell_teams(&self) {
        let Ok(login) = self.login() else { return };
        self.tell_data(DataType::Teams, json!(login.view_of_teams()));
    }

    fn tell_providers(&self) {
        let Ok(login) = self.login() else { return };
        self.tell_data(DataType::Providers, json!(login.summaries()));
    }

    fn tell_data(&self, kind: DataType, mut data: Value) {
        safe_json(&mut data);
        self.notify(Notification::Data(DidChangeData { kind, data }));
    }
}

fn touches_accounts(change: &Directive) -> bool {
    change
        .set
        .keys()
        .chain(change.unset.keys())
        .any(|path| path.starts_with("providerInfo"))
}
