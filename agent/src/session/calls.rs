//! Direct calls to third parties with the user's own tokens, and how those are renewed.
//!
//! A token that a service does not accept is renewed once and the call repeated; one renewal per account is under way at a
//! time, and the server makes one of all windows'.

use codestream_protocol::directive::Applied;
use codestream_protocol::http::{ProviderInfo, ProviderRow, UserChange};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{CallParams, Called, Person, ProviderParams};
use codestream_protocol::secret::AccessToken;
use codestream_protocol::{AttemptId, ServerCode};
use tokio::sync::oneshot;

use crate::api::{AccountPath, ApiError};
use crate::attempt::machine::Input as Happened;
use crate::error::{AgentError, Failure};
use crate::session::accounts::{AccountKey, chosen};
use crate::session::actor::{Actor, Work, answer};
use crate::session::data::AfterFetch;
use crate::session::inbox::{Input, Reply};
use crate::thirdparty::{ApiBase, CallError, Service, service};

/// Whose token a call carries.
struct Caller {
    epoch: u64,
    row: ProviderRow,
    key: AccountKey,
    info: ProviderInfo,
}

impl Actor {
    fn caller(&self, provider: &str, provider_team_id: Option<&str>) -> Result<Caller, AgentError> {
        let login = self.login()?;
        let row = login.row(provider)?;
        let (key, info) = chosen(login.accounts(row), provider_team_id, row)?;
        Ok(Caller {
            epoch: self.epoch,
            row: row.clone(),
            key,
            info,
        })
    }

    /// The account that was connected last.
    fn newest(&self, provider: &str) -> Result<Caller, AgentError> {
        let login = self.login()?;
        let row = login.row(provider)?;
        let works = |(_, info): &(AccountKey, ProviderInfo)| info.access_token.is_some();
        let accounts = login.accounts(row).into_iter().filter(works);
        let Some((key, info)) = accounts.max_by_key(|(_, info)| info.since) else {
            return self.caller(provider, None);
        };
        Ok(Caller {
            epoch: self.epoch,
            row: row.clone(),
            key,
            info,
        })
    }

    /// `codestream/provider/me`.
    pub(crate) fn me(&mut self, params: &ProviderParams, reply: Reply<Person>) {
        match self.caller(&params.provider_id, params.provider_team_id.as_deref()) {
            Ok(caller) => self.spawn(async move |work| until_gone(reply, work.me(caller)).await),
            Err(error) => answer(reply, Err(error)),
        }
    }

    /// `codestream/provider/request`.
    pub(crate) fn call(&mut self, params: CallParams, reply: Reply<Called>) {
        match self.caller(&params.provider_id, params.provider_team_id.as_deref()) {
            Ok(caller) => self.spawn(async move |work| until_gone(reply, work.call(caller, params)).await),
            Err(error) => answer(reply, Err(error)),
        }
    }

    /// Finds out who was just connected; first the me-object must be as the server has it.
    pub(crate) fn identify(&mut self, id: AttemptId) {
        if self.login_mut().is_some_and(|login| login.fetching) {
            self.after_fetch.push(AfterFetch::Identify(id));
        } else {
            self.identify_now(id);
        }
    }

    /// Finds out who was just connected.
    pub(crate) fn identify_now(&mut self, id: AttemptId) {
        let Some(provider_id) = self.attempts.provider(id) else {
            return;
        };
        match self.newest(provider_id.as_str()) {
            Err(error) => self.step(id, Happened::Failed(plain(error))),
            Ok(caller) => self.spawn(async move |work| {
                let known = caller.info.who.clone();
                let (account, doubt) = match work.person(&caller.row, &caller.info).await {
                    Ok(person) => {
                        let who = person.login.unwrap_or(person.name);
                        let Caller { epoch, key, .. } = caller;
                        let met = who.clone();
                        work.tell(Input::Met { epoch, key, who: met });
                        (Some(who), None)
                    }
                    Err(error) => (known, Some(plain(error))),
                };
                work.tell(Input::Attempt(id, Happened::Identified { account, doubt }));
            }),
        }
    }

    /// Another token than the one that was refused: the account's own when it has one by now, else a new one.
    pub(crate) fn replace(
        &mut self,
        key: AccountKey,
        refused: Option<&AccessToken>,
        reply: Reply<ProviderInfo>,
    ) {
        let account = self.login().ok().and_then(|login| login.account(&key));
        match account.filter(|info| info.access_token.is_some() && info.access_token.as_ref() != refused) {
            // Another window was quicker.
            Some(info) => answer(reply, Ok(info)),
            None => self.renew(key, Some(reply)),
        }
    }

    /// Has the server renew an account's token; whoever asks meanwhile waits for the same answer.
    pub(crate) fn renew(&mut self, key: AccountKey, reply: Option<Reply<ProviderInfo>>) {
        let begun = self.api().and_then(|api| {
            let login = self.login()?;
            let have = login.account(&key).and_then(|info| info.access_token);
            Ok((api, login.team()?.clone(), login.data.access_token.clone(), have))
        });
        let (api, team_id, session, have) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                if let Some(reply) = reply {
                    answer(reply, Err(error));
                }
                return;
            }
        };
        let running = self.renewing.contains_key(&key);
        self.renewing.entry(key.clone()).or_default().extend(reply);
        if running {
            return;
        }
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let path = AccountPath {
                team_id: &team_id,
                host: key.host.as_deref(),
                sub_id: key.sub_id.as_deref(),
                have: have.as_ref(),
            };
            let result = work.heed(epoch, api.refresh(&session, &key.provider, path).await);
            work.tell(Input::Renewed { epoch, key, result });
        });
    }

    /// What the server said to a renewal.
    pub(crate) fn renewed(&mut self, key: AccountKey, result: Result<UserChange, ApiError>) {
        match result {
            Ok(change) => match self.user_changed(&change.user) {
                Applied::Stale => self.after_fetch.push(AfterFetch::Renewed(key)),
                Applied::Changed | Applied::AlreadyThere => self.answer_renewal(&key, None),
            },
            Err(error) => {
                tracing::info!(provider = key.provider, %error, "a token was not renewed");
                if is_lost(&error) {
                    // The server has taken the token out of the me-object.
                    self.after_fetch.push(AfterFetch::Renewed(key));
                    self.fetch();
                } else {
                    self.schedule.failed(&key, self.now());
                    self.answer_renewal(&key, Some(&error));
                }
            }
        }
    }

    /// Answers everybody who waits for a renewal.
    pub(crate) fn answer_renewal(&mut self, key: &AccountKey, error: Option<&ApiError>) {
        let waiting = self.renewing.remove(key).unwrap_or_default();
        let account = match (error, self.login()) {
            (Some(error), _) => Err(Failure::from(error).of_provider(&key.provider).into()),
            (None, Err(error)) => Err(error),
            (None, Ok(login)) => login
                .account(key)
                .filter(|info| info.access_token.is_some())
                .ok_or_else(|| {
                    let message = "The service ended this connection. Connect again.";
                    Failure::new(ErrorKind::TokenRevoked, message)
                        .of_provider(&key.provider)
                        .into()
                }),
        };
        for reply in waiting {
            answer(reply, account.clone());
        }
    }
}

impl Work {
    /// Who the third party says this is.
    pub(crate) async fn person(&self, row: &ProviderRow, info: &ProviderInfo) -> Result<Person, AgentError> {
        let (service, base) = self.target(row, info)?;
        Ok(self.shared.third_party.me(service, &base, info).await?)
    }

    /// As [`person`](Self::person), with a token that somebody has just typed.
    pub(crate) async fn try_token(
        &self,
        row: &ProviderRow,
        info: &ProviderInfo,
    ) -> Result<Person, AgentError> {
        let (service, base) = self.target(row, info)?;
        Ok(self.shared.third_party.try_token(service, &base, info).await?)
    }

    fn target(
        &self,
        row: &ProviderRow,
        info: &ProviderInfo,
    ) -> Result<(&'static Service, ApiBase), AgentError> {
        let api = self.shared.api.as_ref().map_err(Clone::clone)?;
        let Some(service) = service(&row.name) else {
            let message = format!(
                "This version cannot call {} itself. Update the extension.",
                row.display_name
            );
            return Err(Failure::new(ErrorKind::UnknownProvider, message)
                .of_provider(&row.name)
                .into());
        };
        let base = ApiBase::of_account(service, row, info, api.server());
        Ok((service, base.map_err(CallError::from)?))
    }

    async fn renewed(&self, caller: &Caller) -> Result<ProviderInfo, AgentError> {
        let (reply, answer) = oneshot::channel();
        self.tell(Input::Renew {
            epoch: caller.epoch,
            key: caller.key.clone(),
            refused: caller.info.access_token.clone(),
            reply,
        });
        answer
            .await
            .unwrap_or_else(|_| Err(Failure::not_signed_in().into()))
    }

    async fn me(self, caller: Caller) -> Result<Person, AgentError> {
        let name = &caller.row.name;
        let (service, base) = self.target(&caller.row, &caller.info)?;
        let third_party = &self.shared.third_party;
        let first = third_party.me(service, &base, &caller.info).await;
        let result = match first {
            Err(error) if error.is_unauthorized() => match self.renewed(&caller).await {
                Ok(info) => third_party.me(service, &base, &info).await,
                Err(error) => return Err(error.of_provider(name)),
            },
            other => other,
        };
        result.map_err(|error| AgentError::from(error).of_provider(name))
    }

    async fn call(self, caller: Caller, params: CallParams) -> Result<Called, AgentError> {
        let name = &caller.row.name;
        let (service, base) = self.target(&caller.row, &caller.info)?;
        let third_party = &self.shared.third_party;
        let first = third_party.request(service, &base, &caller.info, &params).await;
        let result = match first {
            Ok(said) if refuses_token(&said) => match self.renewed(&caller).await {
                Ok(info) => third_party.request(service, &base, &info, &params).await,
                // The service's own answer says more than why no new token came.
                Err(_) => Ok(said),
            },
            other => other,
        };
        result.map_err(|error| AgentError::from(error).of_provider(name))
    }
}

/// Whether the service does not accept the token.
fn refuses_token(said: &Called) -> bool {
    let refusal = said.refusal.as_ref();
    refusal.is_some_and(|refusal| refusal.kind == ErrorKind::TokenRevoked)
}

/// Whether the server says that the connection is gone; everything else decides nothing.
fn is_lost(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused(refusal) if matches!(
        refusal.code(),
        Some(ServerCode::InvalidProviderCredentials | ServerCode::NotFound)
    ))
}

/// Runs a call for as long as its caller waits.
async fn until_gone<T>(mut reply: Reply<T>, call: impl Future<Output = Result<T, AgentError>>) {
    let result = tokio::select! {
        biased;
        () = reply.closed() => return,
        result = call => result,
    };
    answer(reply, result);
}

/// An error of a call that we made ourselves.
fn plain(error: AgentError) -> Failure {
    match error {
        AgentError::Failed(failure) => *failure,
        other => Failure::internal(other.to_string()),
    }
}
