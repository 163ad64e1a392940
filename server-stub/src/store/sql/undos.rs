//! Undos in SQL.

use async_trait::async_trait;
use codestream_protocol::UnixMillis;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::{Sql, parsed};
use crate::keys::fingerprint;
use crate::store::{SessionId, StoreError, TakenUndo, UNDO_LEASE, Undo, Undoing, Undos};

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
            "SELECT account, session_id, expires_at FROM undos
             WHERE token_hash = $1 AND expires_at > $2 AND taken_at IS NULL",
        )
        .bind(fingerprint(token))
        .bind(self.clock.now().0)
        .fetch_optional(&mut *self.read().await?)
        .await?;
        row.as_ref().map(undo_of).transpose()
    }

    async fn take_undo(&self, token: &str) -> Result<TakenUndo, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now;
        let name = fingerprint(token);
        let row = sqlx::query(
            "UPDATE undos SET taken_at = $2
             WHERE token_hash = $1 AND expires_at > $2 AND outcome IS NULL AND (taken_at IS NULL OR taken_at <= $3)
             RETURNING account, session_id, expires_at",
        )
        .bind(&name)
        .bind(now.0)
        .bind((now - UNDO_LEASE).0)
        .fetch_optional(tx.db())
        .await?;
        if let Some(row) = row {
            let undo = undo_of(&row)?;
            tx.commit().await?;
            return Ok(TakenUndo::Now(Box::new(undo.undoing)));
        }
        let before: Option<Option<String>> =
            sqlx::query_scalar("SELECT outcome FROM undos WHERE token_hash = $1 AND taken_at IS NOT NULL")
                .bind(&name)
                .fetch_optional(tx.db())
                .await?;
        Ok(match before {
            Some(Some(outcome)) => TakenUndo::Before(outcome),
            Some(None) => TakenUndo::Underway,
            None => TakenUndo::Gone,
        })
    }

    async fn finish_undo(&self, token: &str, outcome: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("UPDATE undos SET outcome = $1 WHERE token_hash = $2")
            .bind(outcome)
            .bind(fingerprint(token))
            .execute(tx.db())
            .await?;
        tx.commit().await
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
