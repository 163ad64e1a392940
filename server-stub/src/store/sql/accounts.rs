//! Accounts in SQL.

use std::time::Duration;

use async_trait::async_trait;
use codestream_protocol::http::TokenError;
use codestream_protocol::secret::{AccessToken, RefreshToken};
use codestream_protocol::{ProviderId, UnixMillis, UserId};
use serde_json::Value;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Row as _};

use super::{Grown, Sql, Tx, optional_part, parsed, part, within};
use crate::keys::Place;
use crate::me;
use crate::store::{
    Account, AccountKey, Accounts, Change, HostKey, Lease, Leased, NewTokens, Quota, Replaced, StoreError,
    Wake,
};

/// By name and never `*`: a column that a newer version adds would change a prepared statement's result.
macro_rules! columns {
    () => {
        "user_id, team_id, provider, host, sub_id, access_token, refresh_token, expires_at, is_api_token, who, \
         subject, since, data, token_error"
    };
}

#[async_trait]
impl Accounts for Sql {
    async fn account(&self, key: &AccountKey) -> Result<Option<Account>, StoreError> {
        self.account_in(&mut *self.read().await?, key).await
    }

    async fn accounts_of(&self, user: &UserId) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM accounts WHERE user_id = $1 ORDER BY since, team_id, provider, host, sub_id"
        ))
        .bind(user.as_str())
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(|row| self.account_of(row)).collect()
    }

    async fn put_account(&self, account: Account, request_id: Option<&str>) -> Result<Change, StoreError> {
        let mut tx = self.write().await?;
        let grown = tx.grow(&account.key.user_id).await?;
        tx.check_accounts(&grown, &account.key).await?;
        tx.put_account(&grown, &account).await?;
        let change = tx
            .change_user(grown, me::connected(&account), None, request_id)
            .await?;
        tx.commit().await?;
        Ok(change)
    }

    async fn replace_tokens(
        &self,
        key: &AccountKey,
        old: &RefreshToken,
        new: NewTokens,
        request_id: Option<&str>,
    ) -> Result<Replaced, StoreError> {
        let mut tx = self.write().await?;
        let grown = tx.grow(&key.user_id).await?;
        let Some(mut account) = self.account_in(tx.db(), key).await? else {
            return Ok(Replaced::Gone);
        };
        if account.refresh_token.as_ref() != Some(old) {
            return Ok(Replaced::Other(Box::new(account)));
        }
        account.access_token = Some(new.access_token);
        account.refresh_token = new.refresh_token.or(account.refresh_token);
        account.expires_at = new.expires_at;
        account.token_error = None;
        tx.replace(grown, account, request_id).await
    }

    async fn lose_tokens(
        &self,
        key: &AccountKey,
        old: &AccessToken,
        error: TokenError,
        request_id: Option<&str>,
    ) -> Result<Replaced, StoreError> {
        let mut tx = self.write().await?;
        let grown = tx.grow(&key.user_id).await?;
        let Some(mut account) = self.account_in(tx.db(), key).await? else {
            return Ok(Replaced::Gone);
        };
        if account.access_token.as_ref() != Some(old) {
            return Ok(Replaced::Other(Box::new(account)));
        }
        account.access_token = None;
        account.refresh_token = None;
        account.expires_at = None;
        account.token_error = Some(error);
        tx.replace(grown, account, request_id).await
    }

    async fn remove_account(
        &self,
        key: &AccountKey,
        request_id: Option<&str>,
    ) -> Result<Option<(Account, Change)>, StoreError> {
        let mut tx = self.write().await?;
        let grown = tx.grow(&key.user_id).await?;
        let Some(account) = self.account_in(tx.db(), key).await? else {
            return Ok(None);
        };
        tx.delete_account(key).await?;
        let beside: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM accounts WHERE user_id = $1 AND team_id = $2 AND provider = $3",
        )
        .bind(key.user_id.as_str())
        .bind(key.team_id.as_str())
        .bind(&key.provider)
        .fetch_one(tx.db())
        .await?;
        // Hosts and workspaces have a key of their own; only the service's own account shares its object with them.
        let alone = beside == 0 || key.host.is_some() || key.sub_id.is_some();
        let directive = me::disconnected(key, alone);
        let change = tx.change_user(grown, directive, None, request_id).await?;
        tx.commit().await?;
        Ok(Some((account, change)))
    }

    async fn lease_refresh(&self, key: &AccountKey, life: Duration) -> Result<Leased, StoreError> {
        let mut tx = self.write().await?;
        let until = tx.now + life;
        let ours = with_key(
            "UPDATE accounts SET refreshing_until = $6
             WHERE user_id = $1 AND team_id = $2 AND provider = $3 AND host = $4 AND sub_id = $5
             AND (refreshing_until IS NULL OR refreshing_until <= $7)",
            key,
        )
        .bind(until.0)
        .bind(tx.now.0)
        .execute(tx.db())
        .await?
        .rows_affected();
        if ours > 0 {
            tx.commit().await?;
            return Ok(Leased::Ours(Lease { until }));
        }
        let theirs = with_key(
            "SELECT refreshing_until FROM accounts
             WHERE user_id = $1 AND team_id = $2 AND provider = $3 AND host = $4 AND sub_id = $5",
            key,
        )
        .fetch_optional(tx.db())
        .await?;
        let Some(row) = theirs else {
            return Ok(Leased::Gone);
        };
        let until: Option<i64> = row.try_get("refreshing_until")?;
        Ok(Leased::Theirs(until.map_or(tx.now, UnixMillis)))
    }

    async fn end_refresh(&self, key: &AccountKey, lease: Lease) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        with_key(
            "UPDATE accounts SET refreshing_until = NULL
             WHERE user_id = $1 AND team_id = $2 AND provider = $3 AND host = $4 AND sub_id = $5
             AND refreshing_until = $6",
            key,
        )
        .bind(lease.until.0)
        .execute(tx.db())
        .await?;
        tx.tell(Wake::RefreshEnded {
            user_id: key.user_id.clone(),
        });
        tx.commit().await
    }
}

impl Tx<'_> {
    async fn replace(
        mut self,
        grown: Grown,
        account: Account,
        request_id: Option<&str>,
    ) -> Result<Replaced, StoreError> {
        self.put_account(&grown, &account).await?;
        let directive = me::connected(&account);
        let change = self.change_user(grown, directive, None, request_id).await?;
        self.commit().await?;
        Ok(Replaced::Yes(Box::new(change)))
    }

    /// Refuses one more account of a user who has too many; one that replaces another is none.
    pub(super) async fn check_accounts(&mut self, grown: &Grown, new: &AccountKey) -> Result<(), StoreError> {
        let others: i64 = with_key(
            "SELECT COUNT(*) FROM accounts
             WHERE user_id = $1 AND NOT (team_id = $2 AND provider = $3 AND host = $4 AND sub_id = $5)",
            new,
        )
        .fetch_one(self.db())
        .await?
        .try_get(0)?;
        debug_assert_eq!(grown.user, new.user_id, "another user's row is locked");
        let most = self.store.policy.quotas.accounts_per_user;
        within(Quota::Accounts, others + 1, most)
    }

    pub(super) async fn delete_account(&mut self, key: &AccountKey) -> Result<(), StoreError> {
        with_key(
            "DELETE FROM accounts
             WHERE user_id = $1 AND team_id = $2 AND provider = $3 AND host = $4 AND sub_id = $5",
            key,
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Every member's account at a self-hosted service, or those `of_app` alone, in the order of their owners' ids.
    pub(super) async fn accounts_at(
        &mut self,
        at: &HostKey,
        of_app: bool,
    ) -> Result<Vec<AccountKey>, StoreError> {
        let rows = sqlx::query(
            "SELECT user_id, sub_id FROM accounts WHERE team_id = $1 AND provider = $2 AND host = $3
             AND is_api_token <= $4
             ORDER BY user_id, sub_id",
        )
        .bind(at.team_id.as_str())
        .bind(&at.provider)
        .bind(at.id.as_str())
        .bind(i64::from(!of_app))
        .fetch_all(self.db())
        .await?;
        let key = |row: &AnyRow| {
            Ok(AccountKey {
                user_id: parsed(row.try_get("user_id")?, "user id")?,
                team_id: at.team_id.clone(),
                provider: at.provider.clone(),
                host: Some(at.id.clone()),
                sub_id: optional_part(row.try_get("sub_id")?),
            })
        };
        rows.iter().map(key).collect()
    }

    /// Makes or replaces the account of the user who has `grown`.
    pub(super) async fn put_account(&mut self, grown: &Grown, account: &Account) -> Result<(), StoreError> {
        debug_assert_eq!(grown.user, account.key.user_id, "another user's row is locked");
        let row = row_key(&account.key);
        let store = self.store;
        let seal = |column, plain| store.seal(place(column, &row), plain);
        let data = (!account.data.is_null()).then(|| account.data.to_string());
        let error = account
            .token_error
            .as_ref()
            .map(serde_json::to_string)
            .transpose();
        with_key(
            "INSERT INTO accounts
             (user_id, team_id, provider, host, sub_id, access_token, refresh_token, expires_at, is_api_token, who,
              subject, since, data, token_error)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (user_id, team_id, provider, host, sub_id) DO UPDATE
             SET access_token = excluded.access_token, refresh_token = excluded.refresh_token,
                 expires_at = excluded.expires_at, is_api_token = excluded.is_api_token, who = excluded.who,
                 subject = excluded.subject, since = excluded.since, data = excluded.data,
                 token_error = excluded.token_error",
            &account.key,
        )
        .bind(seal("access_token", account.access_token.as_ref().map(AccessToken::expose)))
        .bind(seal("refresh_token", account.refresh_token.as_ref().map(RefreshToken::expose)))
        .bind(account.expires_at.map(|at| at.0))
        .bind(i64::from(account.is_api_token))
        .bind(&account.who)
        .bind(&account.subject)
        .bind(account.since.0)
        .bind(seal("data", data.as_deref()))
        .bind(error.map_err(|_| StoreError::Shape("token error"))?)
        .execute(self.db())
        .await?;
        Ok(())
    }
}

impl Sql {
    /// The account, as of this connection's view.
    pub(super) async fn account_in(
        &self,
        db: &mut AnyConnection,
        key: &AccountKey,
    ) -> Result<Option<Account>, StoreError> {
        let row = with_key(
            concat!(
                "SELECT ",
                columns!(),
                " FROM accounts
                 WHERE user_id = $1 AND team_id = $2 AND provider = $3 AND host = $4 AND sub_id = $5"
            ),
            key,
        )
        .fetch_optional(db)
        .await?;
        row.as_ref().map(|row| self.account_of(row)).transpose()
    }

    /// Nobody can open the token any more: only connecting again gives another one.
    fn lost_token(&self) -> TokenError {
        TokenError {
            error: "The server has lost the key of this connection. Connect again.".to_owned(),
            occurred_at: self.clock.now(),
            is_connection_error: false,
            provider_message: None,
        }
    }

    fn account_of(&self, row: &AnyRow) -> Result<Account, StoreError> {
        let host: &str = row.try_get("host")?;
        let key = AccountKey {
            user_id: parsed(row.try_get("user_id")?, "user id")?,
            team_id: parsed(row.try_get("team_id")?, "team id")?,
            provider: row.try_get("provider")?,
            host: (!host.is_empty()).then(|| parsed(host, "host")).transpose()?,
            sub_id: optional_part(row.try_get("sub_id")?),
        };
        let name = row_key(&key);
        let open = |column| -> Result<Option<String>, StoreError> {
            self.open_optional(place(column, &name), row.try_get(column)?)
        };
        let data = open("data")?;
        let error: Option<&str> = row.try_get("token_error")?;
        let access = open("access_token")?;
        let lost = access.is_none() && row.try_get::<Option<&[u8]>, _>("access_token")?.is_some();
        Ok(Account {
            access_token: access.map(AccessToken::new),
            refresh_token: open("refresh_token")?.map(RefreshToken::new),
            expires_at: row.try_get::<Option<i64>, _>("expires_at")?.map(UnixMillis),
            is_api_token: row.try_get::<i64, _>("is_api_token")? != 0,
            who: row.try_get("who")?,
            subject: row.try_get("subject")?,
            since: UnixMillis(row.try_get("since")?),
            data: data
                .map_or(Ok(Value::Null), |data| serde_json::from_str(&data))
                .map_err(|_| StoreError::Shape("account"))?,
            token_error: error
                .map(serde_json::from_str)
                .transpose()
                .map_err(|_| StoreError::Shape("token error"))?
                .or_else(|| lost.then(|| self.lost_token())),
            key,
        })
    }
}

/// A query whose $1 to $5 are the key, in the order of the table's columns.
fn with_key<'q>(sql: &'static str, key: &'q AccountKey) -> Query<'q, Any, AnyArguments> {
    sqlx::query(sql)
        .bind(key.user_id.as_str())
        .bind(key.team_id.as_str())
        .bind(&key.provider)
        .bind(host(key))
        .bind(part(key.sub_id.as_deref()))
}

fn host(key: &AccountKey) -> &str {
    part(key.host.as_ref().map(ProviderId::as_str))
}

fn row_key(key: &AccountKey) -> String {
    // No part has a NUL of its own, so two keys never join alike.
    [
        key.user_id.as_str(),
        key.team_id.as_str(),
        &key.provider,
        host(key),
        part(key.sub_id.as_deref()),
    ]
    .join("\0")
}

fn place<'a>(column: &'a str, row: &'a str) -> Place<'a> {
    Place {
        table: "accounts",
        column,
        row,
    }
}
