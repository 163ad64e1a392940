//! Messages in SQLite.

use async_trait::async_trait;
use codestream_protocol::UnixMillis;
use codestream_protocol::channel::ChannelName;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{Sqlite, parsed};
use crate::keys::Place;
use crate::store::{Messages, StoreError, StoredMessage};

#[async_trait]
impl Messages for Sqlite {
    async fn publish(&self, channel: &ChannelName, payload: Value) -> Result<StoredMessage, StoreError> {
        let mut tx = self.write().await?;
        let stored = tx.publish(channel, payload).await?;
        tx.commit().await?;
        Ok(stored)
    }

    async fn message(&self, id: &str) -> Result<Option<StoredMessage>, StoreError> {
        let row = sqlx::query("SELECT * FROM messages WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(|row| self.message_of(row)).transpose()
    }

    async fn messages_since(
        &self,
        channels: &[ChannelName],
        since: UnixMillis,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let names: Vec<String> = channels.iter().map(ToString::to_string).collect();
        let rows = sqlx::query(
            "SELECT * FROM messages
             WHERE channel IN (SELECT value FROM json_each($1)) AND timestamp >= $2
             ORDER BY timestamp DESC, rowid DESC LIMIT $3",
        )
        .bind(Value::from(names).to_string())
        .bind(since.0)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(|row| self.message_of(row)).collect()
    }
}

impl Sqlite {
    fn message_of(&self, row: &SqliteRow) -> Result<StoredMessage, StoreError> {
        let id: String = row.try_get("id")?;
        let place = Place {
            table: "messages",
            column: "payload",
            row: &id,
        };
        let payload = self.open_sealed(place, row.try_get("payload")?)?;
        let payload = serde_json::from_str(&payload).map_err(|_| StoreError::Shape("message"))?;
        Ok(StoredMessage {
            channel: parsed(row.try_get("channel")?, "channel")?,
            timestamp: UnixMillis(row.try_get("timestamp")?),
            payload,
            id,
        })
    }
}
