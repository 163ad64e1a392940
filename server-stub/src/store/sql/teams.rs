//! What teams have, in SQL.

use async_trait::async_trait;
use codestream_protocol::channel::{ChannelName, Message};
use codestream_protocol::directive::Directive;
use codestream_protocol::secret::{AccessToken, ClientSecret, RefreshToken};
use codestream_protocol::{ProviderId, TeamId, UnixMillis, UserId};
use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Sql, Tx, parsed, part, to_value, within};
use crate::keys::Place;
use crate::me;
use crate::providers::OAuthApp;
use crate::store::{
    Account, AccountKey, By, HostChange, HostKey, Put, PutHost, Quota, Removal, RemovedHost, StoreError,
    TeamHost, TeamToken, TeamTokenKey, Teams,
};

/// By name and never `*`: a column that a newer version adds would change a prepared statement's result.
macro_rules! host_columns {
    () => {
        "team_id, provider, host, base, client_id, client_secret, own_redirect_uri"
    };
}

macro_rules! token_columns {
    () => {
        "team_id, provider, host, workspace_id, access_token, refresh_token, expires_at, since, data"
    };
}

#[async_trait]
impl Teams for Sql {
    async fn hosts_of(&self, team: &TeamId) -> Result<Vec<TeamHost>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            host_columns!(),
            " FROM team_hosts WHERE team_id = $1 ORDER BY provider, host"
        ))
        .bind(team.as_str())
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(|row| self.host_of(row)).collect()
    }

    async fn host(&self, key: &HostKey) -> Result<Option<TeamHost>, StoreError> {
        let row = host_query(key).fetch_optional(&mut *self.read().await?).await?;
        row.as_ref().map(|row| self.host_of(row)).transpose()
    }

    async fn put_host(
        &self,
        mut host: TeamHost,
        by: By<'_>,
        change: HostChange<'_>,
    ) -> Result<Put, StoreError> {
        let mut tx = self.write().await?;
        let version = tx.grow_team(&host.key.team_id).await?;
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM team_hosts WHERE team_id = $1 AND NOT (provider = $2 AND host = $3)",
        )
        .bind(host.key.team_id.as_str())
        .bind(&host.key.provider)
        .bind(host.key.id.as_str())
        .fetch_one(tx.db())
        .await?;
        within(Quota::Hosts, count + 1, self.policy.quotas.hosts_per_team)?;
        let before = tx.host(&host.key).await?;
        let mut replaced = None;
        if let Some(before) = before {
            if before.base != host.base {
                return Ok(Put::Taken(before.base));
            }
            match (&before.app, &host.app) {
                (Some(old), Some(new)) if old.client_id != new.client_id => {
                    let keys = tx.accounts_at(&host.key, true).await?;
                    if let Some(others) = others(&keys, by) {
                        return Ok(Put::InUse(others));
                    }
                    let accounts = tx.remove_accounts(keys, by.request_id).await?;
                    replaced = Some((before, accounts));
                }
                (Some(_), None) => host.app = before.app,
                _ => {}
            }
        }
        let name = host_name(&host.key);
        let secret = host.app.as_ref().and_then(|app| app.client_secret.as_ref());
        let secret = self.seal(host_place(&name), secret.map(ClientSecret::expose));
        sqlx::query(concat!(
            "INSERT INTO team_hosts (",
            host_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (team_id, provider, host) DO UPDATE
             SET client_id = excluded.client_id, client_secret = excluded.client_secret,
                 own_redirect_uri = excluded.own_redirect_uri"
        ))
        .bind(host.key.team_id.as_str())
        .bind(&host.key.provider)
        .bind(host.key.id.as_str())
        .bind(host.base.as_str())
        .bind(host.app.as_ref().map(|app| app.client_id.as_str()))
        .bind(secret)
        .bind(i64::from(host.own_redirect_uri))
        .execute(tx.db())
        .await?;
        let team = tx
            .change_team(&host.key.team_id, version, change(&host), by.request_id)
            .await?;
        tx.commit().await?;
        Ok(Put::Done(Box::new(PutHost { host, replaced, team })))
    }

    async fn remove_host(&self, key: &HostKey, by: By<'_>) -> Result<Removal, StoreError> {
        let mut tx = self.write().await?;
        let version = tx.grow_team(&key.team_id).await?;
        let Some(host) = tx.host(key).await? else {
            return Ok(Removal::Unknown);
        };
        let keys = tx.accounts_at(key, false).await?;
        if let Some(others) = others(&keys, by) {
            return Ok(Removal::InUse(others));
        }
        sqlx::query("DELETE FROM team_hosts WHERE team_id = $1 AND provider = $2 AND host = $3")
            .bind(key.team_id.as_str())
            .bind(&key.provider)
            .bind(key.id.as_str())
            .execute(tx.db())
            .await?;
        let accounts = tx.remove_accounts(keys, by.request_id).await?;
        let team = tx
            .change_team(&key.team_id, version, me::host_removed(key), by.request_id)
            .await?;
        tx.commit().await?;
        Ok(Removal::Done(Box::new(RemovedHost { host, accounts, team })))
    }

    async fn spend_code(&self, digest: &str, expires_at: UnixMillis) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("DELETE FROM spent_codes WHERE expires_at <= $1")
            .bind(self.clock.now().0)
            .execute(tx.db())
            .await?;
        sqlx::query(
            "INSERT INTO spent_codes (digest, expires_at) VALUES ($1, $2)
             ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at",
        )
        .bind(digest)
        .bind(expires_at.0)
        .execute(tx.db())
        .await?;
        tx.commit().await
    }

    async fn is_spent(&self, digest: &str) -> Result<bool, StoreError> {
        let found: Option<i64> = sqlx::query_scalar("SELECT expires_at FROM spent_codes WHERE digest = $1")
            .bind(digest)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        Ok(found.is_some())
    }

    async fn team_tokens_of(&self, team: &TeamId) -> Result<Vec<TeamToken>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            token_columns!(),
            " FROM team_tokens WHERE team_id = $1 ORDER BY provider, host, workspace_id"
        ))
        .bind(team.as_str())
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .filter_map(|row| self.team_token_of(row).transpose())
            .collect()
    }

    async fn take_unused_team_token(&self, key: &TeamTokenKey) -> Result<Option<TeamToken>, StoreError> {
        let mut tx = self.write().await?;
        let before = tx.grow_team(&key.team_id).await?;
        let row = sqlx::query(concat!(
            "DELETE FROM team_tokens
             WHERE team_id = $1 AND provider = $2 AND host = $3 AND workspace_id = $4
             AND NOT EXISTS (
                 SELECT 1 FROM accounts WHERE team_id = $1 AND provider = $2 AND host = $3 AND sub_id = $4
             )
             RETURNING ",
            token_columns!()
        ))
        .bind(key.team_id.as_str())
        .bind(&key.provider)
        .bind(part(key.host.as_ref().map(ProviderId::as_str)))
        .bind(&key.workspace_id)
        .fetch_optional(tx.db())
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let token = self.team_token_of(&row)?;
        tx.change_team(&key.team_id, before, me::team_token_gone(key), None)
            .await?;
        tx.commit().await?;
        Ok(token)
    }
}

impl Tx<'_> {
    /// Grows the team's version by one, before anything of the team's is changed. The version before.
    async fn grow_team(&mut self, team: &TeamId) -> Result<i64, StoreError> {
        sqlx::query_scalar("UPDATE teams SET version = version + 1 WHERE id = $1 RETURNING version - 1")
            .bind(team.as_str())
            .fetch_optional(self.db())
            .await?
            .ok_or(StoreError::Missing("team"))
    }

    /// Publishes `directive` at the team's new version.
    async fn change_team(
        &mut self,
        team: &TeamId,
        before: i64,
        directive: Directive,
        request_id: Option<&str>,
    ) -> Result<Directive, StoreError> {
        let directive = directive.at_version(before);
        let message = Message {
            request_id: request_id.map(str::to_owned),
            team: Some(directive.clone()),
            ..Message::default()
        };
        self.publish(&ChannelName::Team(team.clone()), to_value(&message)?)
            .await?;
        Ok(directive)
    }

    /// Keeps a token of the app itself, in the place of the one of the same name.
    pub(super) async fn put_team_token(&mut self, token: &TeamToken) -> Result<(), StoreError> {
        let before = self.grow_team(&token.key.team_id).await?;
        let (store, name) = (self.store, token_name(&token.key));
        let seal = |column, plain| store.seal(token_place(column, &name), plain);
        let data = (!token.data.is_null()).then(|| token.data.to_string());
        sqlx::query(concat!(
            "INSERT INTO team_tokens (",
            token_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (team_id, provider, host, workspace_id) DO UPDATE
             SET access_token = excluded.access_token, refresh_token = excluded.refresh_token,
                 expires_at = excluded.expires_at, since = excluded.since, data = excluded.data"
        ))
        .bind(token.key.team_id.as_str())
        .bind(&token.key.provider)
        .bind(part(token.key.host.as_ref().map(ProviderId::as_str)))
        .bind(&token.key.workspace_id)
        .bind(seal("access_token", Some(token.access_token.expose())))
        .bind(seal(
            "refresh_token",
            token.refresh_token.as_ref().map(RefreshToken::expose),
        ))
        .bind(token.expires_at.map(|at| at.0))
        .bind(token.since.0)
        .bind(seal("data", data.as_deref()))
        .execute(self.db())
        .await?;
        self.change_team(&token.key.team_id, before, me::team_token(token), None)
            .await?;
        Ok(())
    }

    async fn host(&mut self, key: &HostKey) -> Result<Option<TeamHost>, StoreError> {
        let store = self.store;
        let row = host_query(key).fetch_optional(self.db()).await?;
        row.as_ref().map(|row| store.host_of(row)).transpose()
    }

    /// Removes accounts; their owners are told.
    async fn remove_accounts(
        &mut self,
        keys: Vec<AccountKey>,
        request_id: Option<&str>,
    ) -> Result<Vec<Account>, StoreError> {
        let mut accounts = Vec::new();
        for key in keys {
            let grown = self.grow(&key.user_id).await?;
            let store = self.store;
            let Some(account) = store.account_in(self.db(), &key).await? else {
                continue;
            };
            self.delete_account(&key).await?;
            let directive = me::disconnected(&key, true);
            self.change_user(grown, directive, None, request_id).await?;
            accounts.push(account);
        }
        Ok(accounts)
    }
}

/// Whose accounts these are, when `by` is to be asked about them; `None`: nobody else's, or it is confirmed.
fn others(keys: &[AccountKey], by: By<'_>) -> Option<Vec<UserId>> {
    let mut others: Vec<_> = keys.iter().map(|key| key.user_id.clone()).collect();
    others.retain(|user_id| user_id != by.user_id);
    others.dedup();
    (!by.confirmed && !others.is_empty()).then_some(others)
}

fn host_query(key: &HostKey) -> sqlx::query::Query<'_, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(concat!(
        "SELECT ",
        host_columns!(),
        " FROM team_hosts WHERE team_id = $1 AND provider = $2 AND host = $3"
    ))
    .bind(key.team_id.as_str())
    .bind(&key.provider)
    .bind(key.id.as_str())
}

impl Sql {
    fn host_of(&self, row: &AnyRow) -> Result<TeamHost, StoreError> {
        let key = HostKey {
            team_id: parsed(row.try_get("team_id")?, "team id")?,
            provider: row.try_get("provider")?,
            id: parsed(row.try_get("host")?, "host")?,
        };
        let secret = self.open_optional(host_place(&host_name(&key)), row.try_get("client_secret")?)?;
        let client_id: Option<String> = row.try_get("client_id")?;
        Ok(TeamHost {
            base: parsed(row.try_get("base")?, "address")?,
            app: client_id.map(|client_id| OAuthApp {
                client_id,
                client_secret: secret.map(ClientSecret::new),
                signing_secret: None,
            }),
            own_redirect_uri: row.try_get::<i64, _>("own_redirect_uri")? != 0,
            key,
        })
    }

    /// `None`: its key was taken out.
    fn team_token_of(&self, row: &AnyRow) -> Result<Option<TeamToken>, StoreError> {
        let host: &str = row.try_get("host")?;
        let key = TeamTokenKey {
            team_id: parsed(row.try_get("team_id")?, "team id")?,
            provider: row.try_get("provider")?,
            host: (!host.is_empty()).then(|| parsed(host, "host")).transpose()?,
            workspace_id: row.try_get("workspace_id")?,
        };
        let name = token_name(&key);
        let open = |column| -> Result<Option<String>, StoreError> {
            self.open_optional(token_place(column, &name), row.try_get(column)?)
        };
        let Some(access) = open("access_token")? else {
            return Ok(None);
        };
        let data = open("data")?;
        Ok(Some(TeamToken {
            access_token: AccessToken::new(access),
            refresh_token: open("refresh_token")?.map(RefreshToken::new),
            expires_at: row.try_get::<Option<i64>, _>("expires_at")?.map(UnixMillis),
            since: UnixMillis(row.try_get("since")?),
            data: data
                .map_or(Ok(Value::Null), |data| serde_json::from_str(&data))
                .map_err(|_| StoreError::Shape("token"))?,
            key,
        }))
    }
}

/// No part has a NUL of its own, so two names never join alike.
fn host_name(key: &HostKey) -> String {
    [key.team_id.as_str(), &key.provider, key.id.as_str()].join("\0")
}

fn token_name(key: &TeamTokenKey) -> String {
    let host = part(key.host.as_ref().map(ProviderId::as_str));
    [key.team_id.as_str(), &key.provider, host, &key.workspace_id].join("\0")
}

fn host_place(row: &str) -> Place<'_> {
    Place {
        table: "team_hosts",
        column: "client_secret",
        row,
    }
}

fn token_place<'a>(column: &'a str, row: &'a str) -> Place<'a> {
    Place {
        table: "team_tokens",
        column,
        row,
    }
}
