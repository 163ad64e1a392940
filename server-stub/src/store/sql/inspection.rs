//! What older versions have published on team channels and must not be read there any more: activities of third parties, which
//! may quote private channels (CWE-200). A migration lists the messages; here they are opened, and deleted where they have one.

use codestream_protocol::channel::Message;
use sqlx::Row as _;

use super::Sql;
use crate::store::StoreError;

/// How many are opened in one transaction.
const BATCH: i64 = 200;

impl Sql {
    /// Deletes listed messages that have an activity. One whose key is not configured here stays listed for a start with the
    /// key; without it nobody can read it.
    pub(super) async fn inspect_messages(&self) -> Result<(), StoreError> {
        let mut after = String::new();
        let mut deleted = 0_u32;
        loop {
            let mut tx = self.write().await?;
            let rows = sqlx::query(
                "SELECT messages.id, messages.channel, messages.timestamp, messages.payload
                 FROM messages_to_inspect JOIN messages ON messages.id = messages_to_inspect.id
                 WHERE messages_to_inspect.id > $1 ORDER BY messages_to_inspect.id LIMIT $2",
            )
            .bind(&after)
            .bind(BATCH)
            .fetch_all(tx.db())
            .await?;
            let Some(last) = rows.last() else {
                break;
            };
            after = last.try_get("id")?;
            for row in &rows {
                let Some(stored) = self.message_of(row)? else {
                    continue;
                };
                // What cannot be read as a message might have one.
                let message = serde_json::from_value::<Message>(stored.payload);
                if !message.is_ok_and(|message| message.activity.is_none()) {
                    sqlx::query("DELETE FROM messages WHERE id = $1")
                        .bind(&stored.id)
                        .execute(tx.db())
                        .await?;
                    deleted += 1;
                }
                sqlx::query("DELETE FROM messages_to_inspect WHERE id = $1")
                    .bind(&stored.id)
                    .execute(tx.db())
                    .await?;
            }
            tx.commit().await?;
        }
        if deleted > 0 {
            tracing::info!(
                deleted,
                "activities of third parties were removed from team channels"
            );
        }
        Ok(())
    }
}
