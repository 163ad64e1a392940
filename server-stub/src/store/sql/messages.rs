//! Messages in SQL.

use async_trait::async_trait;
use codestream_protocol::UnixMillis;
use codestream_protocol::channel::ChannelName;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Sql, parsed};
use crate::keys::Place;
use crate::store::{Messages, StoreError, StoredMessage};

#[async_trait]
impl Messages for Sql {
    async fn publish(&self, channel: &ChannelName, payload: Value) -> Result<StoredMessage, StoreError> {
        let mut tx = self.write().await?;
        let stored = tx.publish(channel, payload).await?;
        tx.commit().await?;
        Ok(stored)
    }

    async fn message(&self, id: &str) -> Result<Option<StoredMessage>, StoreError> {
        let row = sqlx::query("SELECT id, channel, timestamp, payload FROM messages WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        Ok(row.map(|row| self.message_of(&row)).transpose()?.flatten())
    }

    async fn messages_since(
        &self,
        channels: &[ChannelName],
        since: UnixMillis,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let places: Vec<String> = (3..3 + channels.len())
            .map(|number| format!("${number}"))
            .collect();
        let places = if places.is_empty() {
            "NULL".to_owned()
        } else {
            places.join(", ")
        };
        let sql = format!(
            "SELECT id, channel, timestamp, payload FROM messages WHERE timestamp >= $1 AND channel IN ({places})
             ORDER BY timestamp DESC, position DESC LIMIT $2"
        );
        // Built from numbers alone.
        let query = sqlx::query(AssertSqlSafe(sql))
            .bind(since.0)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = channels
            .iter()
            .fold(query, |query, channel| query.bind(channel.to_string()))
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter()
            .filter_map(|row| self.message_of(row).transpose())
            .collect()
    }
}

impl Sql {
    /// `None`: its key was taken out, and every session that it was meant for has ended with it.
    pub(super) fn message_of(&self, row: &AnyRow) -> Result<Option<StoredMessage>, StoreError> {
        let id: String = row.try_get("id")?;
        let place = Place {
            table: "messages",
            column: "payload",
            row: &id,
        };
        let Some(payload) = self.open_unless_lost(place, row.try_get("payload")?)? else {
            return Ok(None);
        };
        let payload = serde_json::from_str(&payload).map_err(|_| StoreError::Shape("message"))?;
        Ok(Some(StoredMessage {
            channel: parsed(row.try_get("channel")?, "channel")?,
            timestamp: UnixMillis(row.try_get("timestamp")?),
            payload,
            id,
        }))
    }
}
