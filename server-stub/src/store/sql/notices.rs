//! Notices in SQL.

use async_trait::async_trait;
use codestream_protocol::UserId;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::{Sql, parsed};
use crate::store::{Notice, NoticeKind, Notices, StoreError};

#[async_trait]
impl Notices for Sql {
    async fn notices_of(&self, user: &UserId) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, kind, provider, account FROM notices WHERE user_id = $1 AND told_at IS NULL
             ORDER BY created_at, provider, account",
        )
        .bind(user.as_str())
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(notice_of).collect()
    }

    async fn notice_told(&self, user: &UserId, id: Uuid) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now.0;
        sqlx::query("UPDATE notices SET told_at = $1 WHERE id = $2 AND user_id = $3 AND told_at IS NULL")
            .bind(now)
            .bind(id.to_string())
            .bind(user.as_str())
            .execute(tx.db())
            .await?;
        tx.commit().await
    }
}

fn notice_of(row: &AnyRow) -> Result<Notice, StoreError> {
    let provider: Option<String> = row.try_get("provider")?;
    let kind = match (row.try_get::<&str, _>("kind")?, provider) {
        ("identityRemoved", Some(provider)) => NoticeKind::IdentityRemoved {
            provider,
            account: row.try_get("account")?,
        },
        _ => return Err(StoreError::Shape("notice")),
    };
    Ok(Notice {
        id: parsed(row.try_get("id")?, "notice id")?,
        kind,
    })
}
