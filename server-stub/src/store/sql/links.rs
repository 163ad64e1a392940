//! Connect codes and notes in SQL.

use async_trait::async_trait;
use codestream_protocol::secret::ConnectCode;
use codestream_protocol::{UnixMillis, UserId};
use serde_json::Value;
use sqlx::Row as _;

use super::{Sql, parsed};
use crate::keys::{Place, fingerprint};
use crate::store::{Links, StoreError};

#[async_trait]
impl Links for Sql {
    async fn keep_connect_code(
        &self,
        code: &ConnectCode,
        user: &UserId,
        expires_at: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("INSERT INTO connect_codes (code_hash, user_id, expires_at) VALUES ($1, $2, $3)")
            .bind(fingerprint(code.expose()))
            .bind(user.as_str())
            .bind(expires_at.0)
            .execute(tx.db())
            .await?;
        sqlx::query(
            "DELETE FROM connect_codes WHERE user_id = $1 AND code_hash NOT IN
                 (SELECT code_hash FROM connect_codes WHERE user_id = $1 ORDER BY expires_at DESC, code_hash LIMIT $2)",
        )
        .bind(user.as_str())
        .bind(i64::from(self.policy.quotas.connect_codes_per_user))
        .execute(tx.db())
        .await?;
        tx.commit().await
    }

    async fn redeem_connect_code(&self, code: &str) -> Result<Option<UserId>, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now.0;
        let user: Option<String> = sqlx::query_scalar(
            "DELETE FROM connect_codes WHERE code_hash = $1 AND expires_at > $2 RETURNING user_id",
        )
        .bind(fingerprint(code))
        .bind(now)
        .fetch_optional(tx.db())
        .await?;
        tx.commit().await?;
        user.map(|id| parsed(&id, "user id")).transpose()
    }

    async fn note(&self, provider: &str, name: &str) -> Result<Option<Value>, StoreError> {
        let sealed: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT note FROM notes WHERE provider = $1 AND name = $2")
                .bind(provider)
                .bind(name)
                .fetch_optional(&mut *self.read().await?)
                .await?;
        Ok(sealed
            .map(|sealed| self.open_note(name, &sealed))
            .transpose()?
            .flatten())
    }

    async fn keep_note(&self, provider: &str, name: &str, note: &Value) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        if note.is_null() {
            sqlx::query("DELETE FROM notes WHERE provider = $1 AND name = $2")
                .bind(provider)
                .bind(name)
                .execute(tx.db())
                .await?;
        } else {
            let sealed = self.sealer.seal(place(name), note.to_string().as_bytes());
            sqlx::query(
                "INSERT INTO notes (provider, name, note) VALUES ($1, $2, $3)
                 ON CONFLICT (provider, name) DO UPDATE SET note = excluded.note",
            )
            .bind(provider)
            .bind(name)
            .bind(sealed)
            .execute(tx.db())
            .await?;
        }
        tx.commit().await
    }

    async fn notes(&self, provider: &str, prefix: &str) -> Result<Vec<(String, Value)>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, note FROM notes WHERE provider = $1 AND substr(name, 1, CAST($2 AS INTEGER)) = $3 ORDER BY name",
        )
        .bind(provider)
        .bind(i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX))
        .bind(prefix)
        .fetch_all(&mut *self.read().await?)
        .await?;
        let mut notes = Vec::with_capacity(rows.len());
        for row in &rows {
            let name: String = row.try_get("name")?;
            if let Some(note) = self.open_note(&name, row.try_get("note")?)? {
                notes.push((name, note));
            }
        }
        Ok(notes)
    }
}

impl Sql {
    /// `None`: its key was taken out. What it tied together is tied anew by whoever wants it.
    fn open_note(&self, name: &str, sealed: &[u8]) -> Result<Option<Value>, StoreError> {
        let note = self.open_unless_lost(place(name), sealed)?;
        note.map(|note| serde_json::from_str(&note).map_err(|_| StoreError::Shape("note")))
            .transpose()
    }
}

fn place(name: &str) -> Place<'_> {
    Place {
        table: "notes",
        column: "note",
        row: name,
    }
}
