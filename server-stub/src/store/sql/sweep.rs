//! Removes what nobody will ask for any more, and gives its space back.

use std::time::Duration;

use codestream_protocol::UnixMillis;

use super::{Engine, Sql};
use crate::store::StoreError;

/// How long a handshake is kept after its time: a late poll, or a page that is opened again, still gets its answer.
const KEEP_ENDED: Duration = Duration::from_mins(15);
/// How long messages are kept; who was away for longer refetches.
const KEEP_MESSAGES: Duration = Duration::from_hours(168);
/// How long it is told why a session has ended.
const KEEP_SESSION_ENDS: Duration = Duration::from_hours(30 * 24);
/// Rows of one transaction, so that nobody waits for a sweep.
const BATCH: i64 = 500;
/// Pages of an SQLite file that are given back at a time: 16 MiB.
const GIVEN_BACK: &str = "PRAGMA incremental_vacuum(4096)";

const HANDSHAKES: &str = "DELETE FROM handshakes WHERE code_id IN
    (SELECT code_id FROM handshakes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
const UNDOS: &str = "DELETE FROM undos WHERE token_hash IN
    (SELECT token_hash FROM undos WHERE expires_at < $1 LIMIT $2)";
const MESSAGES: &str = "DELETE FROM messages WHERE position IN
    (SELECT position FROM messages WHERE timestamp < $1 ORDER BY timestamp LIMIT $2)";
const SESSIONS: &str = "DELETE FROM sessions WHERE id IN
    (SELECT id FROM sessions WHERE expired_at < $1 LIMIT $2)";
const RATE_LIMITS: &str = "DELETE FROM rate_limits WHERE bucket IN
    (SELECT bucket FROM rate_limits WHERE full_at < $1 LIMIT $2)";

impl Sql {
    /// Everything whose time is over.
    pub(super) async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.remove(HANDSHAKES, now - KEEP_ENDED).await?;
        self.remove(UNDOS, now - KEEP_ENDED).await?;
        self.remove(MESSAGES, now - KEEP_MESSAGES).await?;
        self.end_sessions_in_time().await?;
        self.remove(SESSIONS, now - KEEP_SESSION_ENDS).await?;
        match &self.engine {
            Engine::Postgres { .. } => self.remove(RATE_LIMITS, now).await?,
            Engine::Sqlite { .. } => {
                // Works while its rows are fetched.
                sqlx::query(GIVEN_BACK).fetch_all(&self.writer).await?;
            }
        }
        Ok(())
    }

    /// Tells of every session whose time is over, once.
    async fn end_sessions_in_time(&self) -> Result<(), StoreError> {
        loop {
            let mut tx = self.write().await?;
            let now = tx.now.0;
            let over: Vec<String> = sqlx::query_scalar(
                "UPDATE sessions SET expired_at = $1 WHERE id IN
                     (SELECT id FROM sessions WHERE expired_at IS NULL
                      AND (created_at <= $2 OR COALESCE(last_used_at, created_at) <= $3) LIMIT $4)
                 RETURNING id",
            )
            .bind(now)
            .bind(self.began_after().0)
            .bind(self.used_after().0)
            .bind(BATCH)
            .fetch_all(tx.db())
            .await?;
            tx.tell_ended(&over)?;
            tx.commit().await?;
            if i64::try_from(over.len()).is_ok_and(|over| over < BATCH) {
                return Ok(());
            }
        }
    }

    async fn remove(&self, sql: &'static str, before: UnixMillis) -> Result<(), StoreError> {
        loop {
            let mut tx = self.write().await?;
            let removed = sqlx::query(sql)
                .bind(before.0)
                .bind(BATCH)
                .execute(tx.db())
                .await?
                .rows_affected();
            tx.commit().await?;
            if i64::try_from(removed).is_ok_and(|removed| removed < BATCH) {
                return Ok(());
            }
        }
    }
}
