//! Letters of third parties in SQL.

use std::time::Duration;

use async_trait::async_trait;
use codestream_protocol::UnixMillis;
use codestream_protocol::channel::ChannelName;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Sql, Tx, parsed};
use crate::keys::{Place, fingerprint};
use crate::store::{Claimed, Delivery, Inbox, Member, NewDelivery, NewMatter, StoreError, Taken};

/// How long work is one worker's.
const CLAIM: Duration = Duration::from_mins(1);
/// After so many failures it is left, and stays for an administrator to see.
const MOST_TRIES: i64 = 5;
/// No third party writes again about the same after this.
const KEEP_FOR: Duration = Duration::from_hours(3 * 24);

#[async_trait]
impl Inbox for Sql {
    async fn take_delivery(&self, new: NewDelivery) -> Result<Taken, StoreError> {
        let mut tx = self.write().await?;
        if let Some((seal, until)) = &new.seal {
            let name = fingerprint(&format!("{} {seal}", new.provider));
            let first =
                sqlx::query("INSERT INTO seals (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
                    .bind(name)
                    .bind(until.0)
                    .execute(tx.db())
                    .await?
                    .rows_affected();
            if first == 0 {
                return Ok(Taken::Replayed);
            }
        }
        let taken = match new.matter {
            Some(matter) => tx.keep_matter(&new.provider, matter).await?,
            None => Taken::Nothing,
        };
        tx.commit().await?;
        Ok(taken)
    }

    async fn claim_delivery(&self, id: &str) -> Result<Claimed, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now;
        let row = sqlx::query(
            "UPDATE deliveries SET claimed_until = $2, tries = tries + 1
             WHERE id = $1 AND work IS NOT NULL AND claimed_until <= $3
             RETURNING id, provider, work, arrived_at, tries",
        )
        .bind(id)
        .bind((now + CLAIM).0)
        .bind(now.0)
        .fetch_optional(tx.db())
        .await?;
        let Some(row) = row else {
            return Ok(Claimed::No);
        };
        let claimed = self.claimed(&row);
        if matches!(claimed, Ok(Claimed::Lost { .. })) {
            // A node that has the key need not wait for one that has not.
            sqlx::query("UPDATE deliveries SET claimed_until = 0 WHERE id = $1")
                .bind(id)
                .execute(tx.db())
                .await?;
        }
        tx.commit().await?;
        claimed
    }

    async fn due_deliveries(&self) -> Result<Vec<String>, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now.0;
        for sql in [
            "DELETE FROM deliveries WHERE expires_at <= $1",
            "DELETE FROM seals WHERE expires_at <= $1",
            "DELETE FROM connect_codes WHERE expires_at <= $1",
        ] {
            sqlx::query(sql).bind(now).execute(tx.db()).await?;
        }
        let due = sqlx::query_scalar(
            "SELECT id FROM deliveries WHERE work IS NOT NULL AND claimed_until <= $1 AND tries < $2
             ORDER BY arrived_at LIMIT 100",
        )
        .bind(now)
        .bind(MOST_TRIES)
        .fetch_all(tx.db())
        .await?;
        tx.commit().await?;
        Ok(due)
    }

    async fn finish_delivery(&self, id: &str, tell: Vec<(ChannelName, Value)>) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let done = sqlx::query("UPDATE deliveries SET work = NULL WHERE id = $1 AND work IS NOT NULL")
            .bind(id)
            .execute(tx.db())
            .await?
            .rows_affected();
        if done == 0 {
            return Ok(());
        }
        for (channel, message) in tell {
            tx.publish(&channel, message).await?;
        }
        tx.commit().await
    }

    async fn members_at(&self, provider: &str, workspace: &str) -> Result<Vec<Member>, StoreError> {
        let rows = sqlx::query(
            "SELECT user_id, team_id, subject FROM accounts WHERE provider = $1 AND sub_id = $2
             ORDER BY user_id, team_id",
        )
        .bind(provider)
        .bind(workspace)
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Member {
                    user_id: parsed(row.try_get("user_id")?, "user id")?,
                    team_id: parsed(row.try_get("team_id")?, "team id")?,
                    subject: row.try_get("subject")?,
                })
            })
            .collect()
    }
}

impl Tx<'_> {
    async fn keep_matter(&mut self, provider: &str, matter: NewMatter) -> Result<Taken, StoreError> {
        let id = match &matter.id {
            Some(id) => fingerprint(&format!("{provider} {id}")),
            None => self.store.random.uuid().to_string(),
        };
        let now = self.now;
        let work = self
            .store
            .sealer
            .seal(place(&id), matter.work.to_string().as_bytes());
        let first = sqlx::query(
            "INSERT INTO deliveries (id, provider, work, arrived_at, claimed_until, tries, expires_at)
             VALUES ($1, $2, $3, $4, 0, 0, $5) ON CONFLICT (id) DO NOTHING",
        )
        .bind(&id)
        .bind(provider)
        .bind(work)
        .bind(now.0)
        .bind((now + KEEP_FOR).0)
        .execute(self.db())
        .await?
        .rows_affected();
        Ok(if first == 0 {
            Taken::Nothing
        } else {
            Taken::New(id)
        })
    }
}

impl Sql {
    fn claimed(&self, row: &AnyRow) -> Result<Claimed, StoreError> {
        let id: String = row.try_get("id")?;
        let provider = row.try_get("provider")?;
        let arrived_at = UnixMillis(row.try_get("arrived_at")?);
        let tries = row.try_get("tries")?;
        let Some(work) = self.open_unless_lost(place(&id), row.try_get("work")?)? else {
            return Ok(Claimed::Lost {
                provider,
                arrived_at,
                tries,
            });
        };
        Ok(Claimed::Ours(Delivery {
            provider,
            work: serde_json::from_str(&work).map_err(|_| StoreError::Shape("delivery"))?,
            arrived_at,
            tries,
            id,
        }))
    }
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: "deliveries",
        column: "work",
        row: id,
    }
}
