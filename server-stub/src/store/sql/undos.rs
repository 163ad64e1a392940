//! Undos in SQL.

use async_trait::async_trait;
use codestream_protocol::UnixMillis;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::{Sql, parsed};
use crate::keys::fingerprint;
use crate::store::{SessionId, StoreError, Undo, Undoing, Undos};

#[async_trait]
impl Undos for Sql {
    async fn keep_undo(&self, token: &str, undo: Undo) -> Result<(), StoreError> {
        let deed = serde_json::to_string(&undo.undoing.deed).map_err(|_| StoreError::Shape("undo"))?;
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO undos (token_hash, account, session_id, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(fingerprint(token))
        .bind(deed)
        .bind(undo.undoing.session.map(|id| id.0.to_string()))
        .bind(undo.expires_at.0)
        .execute(tx.db())
        .await?;
        tx.commit().await
    }

    async fn undo(&self, token: &str) -> Result<Option<Undo>, StoreError> {
        let row = sqlx::query(
            "SELECT account, session_id, expires_at FROM undos WHERE token_hash = $1 AND expires_at > $2",
        )
        .bind(fingerprint(token))
        .bind(self.clock.now().0)
        .fetch_optional(&mut *self.read().await?)
        .await?;
        row.as_ref().map(undo_of).transpose()
    }

    async fn take_undo(&self, token: &str) -> Result<Option<Undoing>, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now.0;
        let row = sqlx::query(
            "DELETE FROM undos WHERE token_hash = $1 AND expires_at > $2 RETURNING account, session_id, expires_at",
        )
        .bind(fingerprint(token))
        .bind(now)
        .fetch_optional(tx.db())
        .await?;
        tx.commit().await?;
        let undo = row.as_ref().map(undo_of).transpose()?;
        Ok(undo.map(|undo| undo.undoing))
    }
}

fn undo_of(row: &AnyRow) -> Result<Undo, StoreError> {
    let session: Option<&str> = row.try_get("session_id")?;
    let deed = serde_json::from_str(row.try_get("account")?).map_err(|_| StoreError::Shape("undo"))?;
    Ok(Undo {
        undoing: Undoing {
            deed,
            session: session
                .map(|id| parsed::<Uuid>(id, "session id").map(SessionId))
                .transpose()?,
        },
        expires_at: UnixMillis(row.try_get("expires_at")?),
    })
}
