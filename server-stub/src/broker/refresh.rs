//! Refresh: `GET /provider-refresh/{provider}`. One per account, however many windows ask.
//!
//! Within this process requests for one account share a flight. Across nodes a flight holds a lease in the store while it
//! asks the service: who finds it taken waits for its end, and gives what was stored. A lease and not a lock, since a
//! service may take seconds, and no transaction is to last that long; a node that dies leaves it to end by itself. Only a
//! service's own word that the grant is gone touches the account; trouble on the way never does.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use codestream_protocol::ServerCode;
use codestream_protocol::directive::Directive;
use codestream_protocol::http::{TokenError as LostToken, UserChange};
use codestream_protocol::secret::{AccessToken, RefreshToken};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use super::accounts::{self, Named};
use super::connection::expiry;
use super::hosts::NoProvider;
use super::settle::revoke_later;
use crate::api::{Bearer, Query, RequestId, RouteError};
use crate::app::App;
use crate::keys::fingerprint;
use crate::me;
use crate::providers::{CallError, Grant, Provider, TokenError};
use crate::store::{Account, AccountKey, Leased, NewTokens, Replaced, StoreError, Topic};

/// Longer than any service may take to answer, with the store's own time.
const LEASE: Duration = Duration::from_secs(20);

/// What every request of one flight gets.
#[derive(Debug, Clone)]
enum Outcome {
    /// The account, as it is now.
    Now(Box<Directive>),
    NotConnected,
    Lost,
    Undecided,
    Failed,
}

type Flight = Shared<BoxFuture<'static, Outcome>>;

/// Refreshes under way. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Flights(Arc<Mutex<HashMap<AccountKey, Flight>>>);

impl Flights {
    /// Joins the flight for `key`, or begins one with `work`.
    fn join(&self, key: &AccountKey, work: impl FnOnce() -> BoxFuture<'static, Outcome>) -> Flight {
        // A map has no state that a panic could leave half-changed.
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights
            .entry(key.clone())
            .or_insert_with(|| work().shared())
            .clone()
    }

    /// Takes the flight off the board when dropped, whatever ended it.
    fn landing(&self, key: AccountKey) -> Landing {
        Landing {
            flights: self.clone(),
            key,
        }
    }
}

struct Landing {
    flights: Flights,
    key: AccountKey,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights.remove(&self.key);
    }
}

/// `GET /provider-refresh/{provider}?teamId=[&host=][&subId=][&have=]`. `have`: the SHA-256, in lower-case hexadecimal, of
/// the access token that the caller wants to replace. When the account holds another one by now, that one is the answer.
pub(crate) async fn refresh(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    bearer: Bearer,
    RequestId(request_id): RequestId,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Json<UserChange>, RouteError> {
    let text = |key: &str| query.get(key).map(String::as_str).filter(|text| !text.is_empty());
    let team_id = text("teamId").ok_or_else(|| RouteError::required("teamId"))?;
    let named = Named {
        provider: &provider,
        team_id: team_id.parse().map_err(|_| RouteError::invalid("teamId"))?,
        host: text("host"),
        sub_id: text("subId"),
    };
    let (key, _) = accounts::named(&app, &bearer, named).await?;
    let account = app.store.account(&key).await?;
    let had = account.as_ref().and_then(|account| account.access_token.clone());
    if let Some(have) = text("have")
        && let (Some(account), Some(access)) = (&account, &had)
        && fingerprint(access.expose()) != have
    {
        return Ok(Json(UserChange {
            user: me::connected(account),
        }));
    }
    let flight = app.flights.join(&key, || {
        let (app, key) = (app.clone(), key.clone());
        fly(app, key, had, request_id).boxed()
    });
    match flight.await {
        Outcome::Now(user) => Ok(Json(UserChange { user: *user })),
        Outcome::NotConnected => Err(accounts::not_connected()),
        Outcome::Lost => Err(RouteError::of(ServerCode::InvalidProviderCredentials)
            .saying("The service no longer accepts this connection. Reconnect.")),
        Outcome::Undecided => Err(RouteError::of(ServerCode::ProviderDataRequestFailed)
            .saying("The service did not answer as expected. The connection is as it was. Try again.")),
        Outcome::Failed => Err(RouteError::of(ServerCode::Internal)),
    }
}

/// The account, refreshed first where its access token has expired; `None`: there is none. What the refresh could not do is
/// the service's to say on the next call.
pub(crate) async fn current(app: &Arc<App>, key: &AccountKey) -> Result<Option<Account>, StoreError> {
    let account = app.store.account(key).await?;
    let expired = account.as_ref().is_some_and(|account| {
        let is_over = account.expires_at.is_some_and(|end| app.clock.now() >= end);
        is_over && account.refresh_token.is_some()
    });
    if !expired {
        return Ok(account);
    }
    let had = account.and_then(|account| account.access_token);
    let flight = app.flights.join(key, || {
        let (app, key) = (app.clone(), key.clone());
        let request_id = app.random.uuid().to_string();
        fly(app, key, had, request_id).boxed()
    });
    flight.await;
    app.store.account(key).await
}

/// To its end, even when every window goes away: a service that rotates has forgotten the old refresh token by then.
async fn fly(app: Arc<App>, key: AccountKey, had: Option<AccessToken>, request_id: String) -> Outcome {
    let work = {
        let app = app.clone();
        async move {
            let _landing = app.flights.landing(key.clone());
            alone(&app, &key, had.as_ref(), &request_id).await
        }
    };
    match app.lifecycle.run(work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            tracing::error!(%error, "a refresh could not be stored");
            Outcome::Failed
        }
        Err(_) => Outcome::Failed,
    }
}

/// One flight at a time, on all nodes; `had` is the access token to replace.
async fn alone(
    app: &Arc<App>,
    key: &AccountKey,
    had: Option<&AccessToken>,
    request_id: &str,
) -> Result<Outcome, StoreError> {
    loop {
        // Before the lease is asked for, so that its end cannot fall in between.
        let waiter = app.wakes.wait_for(Topic::Refresh(key.user_id.clone()));
        let until = match app.store.lease_refresh(key, LEASE).await? {
            Leased::Ours(lease) => {
                let outcome = match decided(app, key, had).await? {
                    Some(outcome) => Ok(outcome),
                    None => renew(app, key, request_id).await,
                };
                app.store.end_refresh(key, lease).await?;
                return outcome;
            }
            Leased::Gone => return Ok(Outcome::NotConnected),
            Leased::Theirs(until) => until,
        };
        tokio::select! {
            () = waiter.woken() => {}
            () = app.clock.sleep_until(until) => {}
            () = app.lifecycle.stopping() => return Ok(Outcome::Undecided),
        }
        if let Some(outcome) = decided(app, key, had).await? {
            return Ok(outcome);
        }
    }
}

/// What another flight has come to since the account held `had`; `None`: nothing.
async fn decided(
    app: &App,
    key: &AccountKey,
    had: Option<&AccessToken>,
) -> Result<Option<Outcome>, StoreError> {
    Ok(match app.store.account(key).await? {
        None => Some(Outcome::NotConnected),
        Some(account) if account.access_token.as_ref() == had => None,
        Some(account) if account.access_token.is_none() => Some(Outcome::Lost),
        Some(account) => Some(Outcome::Now(Box::new(me::connected(&account)))),
    })
}

async fn renew(app: &Arc<App>, key: &AccountKey, request_id: &str) -> Result<Outcome, StoreError> {
    let provider = match accounts::provider_of(app, key).await {
        Ok(provider) => provider,
        Err(NoProvider::Code(_)) => return Ok(Outcome::NotConnected),
        Err(NoProvider::Store(error)) => return Err(error),
    };
    let Some(account) = app.store.account(key).await? else {
        return Ok(Outcome::NotConnected);
    };
    let Some(access) = account.access_token.clone() else {
        return Ok(Outcome::Lost);
    };
    match account.refresh_token.clone() {
        Some(refresh) => exchange(app, &provider, key, &access, &refresh, request_id).await,
        None => check(app, &provider, account, &access, request_id).await,
    }
}

async fn exchange(
    app: &Arc<App>,
    provider: &Arc<Provider>,
    key: &AccountKey,
    access: &AccessToken,
    refresh: &RefreshToken,
    request_id: &str,
) -> Result<Outcome, StoreError> {
    let tokens = match provider.tokens(&app.http, Grant::Refresh(refresh)).await {
        Ok(tokens) => tokens,
        Err(TokenError::Refused(code)) if code.ends_the_grant() => {
            tracing::info!(provider = provider.name(), %code, "the service has ended a connection");
            return lose(app, provider, key, access, Some(code.to_string()), request_id).await;
        }
        Err(error) => {
            tracing::warn!(provider = provider.name(), %error, "a refresh decided nothing");
            return Ok(Outcome::Undecided);
        }
    };
    let new = NewTokens {
        expires_at: expiry(app.clock.now(), tokens.expires_in),
        access_token: tokens.access.clone(),
        refresh_token: tokens.refresh.clone(),
    };
    Ok(
        match app
            .store
            .replace_tokens(key, refresh, new, Some(request_id))
            .await?
        {
            Replaced::Yes(change) => Outcome::Now(Box::new(change.user)),
            Replaced::Other(account) => Outcome::Now(Box::new(me::connected(&account))),
            Replaced::Gone => {
                // Disconnected in the meantime: the new token must not outlive that.
                revoke_later(app, provider, tokens);
                Outcome::NotConnected
            }
        },
    )
}

/// A token without a refresh token: the service is asked whether it still takes it.
async fn check(
    app: &App,
    provider: &Provider,
    account: Account,
    access: &AccessToken,
    request_id: &str,
) -> Result<Outcome, StoreError> {
    match provider.person(&app.http, account.held(access)).await {
        Ok(_) => Ok(Outcome::Now(Box::new(me::connected(&account)))),
        Err(CallError::Refused(401)) => lose(app, provider, &account.key, access, None, request_id).await,
        Err(_) => Ok(Outcome::Undecided),
    }
}

async fn lose(
    app: &App,
    provider: &Provider,
    key: &AccountKey,
    access: &AccessToken,
    provider_message: Option<String>,
    request_id: &str,
) -> Result<Outcome, StoreError> {
    let error = LostToken {
        error: format!(
            "{} no longer accepts this connection. Reconnect.",
            provider.display_name()
        ),
        occurred_at: app.clock.now(),
        is_connection_error: false,
        provider_message,
    };
    Ok(
        match app
            .store
            .lose_tokens(key, access, error, Some(request_id))
            .await?
        {
            Replaced::Yes(_) => Outcome::Lost,
            Replaced::Other(account) => Outcome::Now(Box::new(me::connected(&account))),
            Replaced::Gone => Outcome::NotConnected,
        },
    )
}
