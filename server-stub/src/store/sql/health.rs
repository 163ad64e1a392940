//! The write probe in SQL.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Engine, Sql};
use crate::store::{Health, StoreError};

/// How long a commit proves that the next one will be kept.
const FRESH: Duration = Duration::from_secs(5);
/// How long a failed probe is not repeated.
const PAUSE: Duration = Duration::from_secs(1);

/// What the last write came to.
#[derive(Default)]
pub(super) struct LastWrite {
    known: Mutex<Option<Known>>,
    probing: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
enum Known {
    Kept(Instant),
    Failed(Instant, String),
}

impl LastWrite {
    /// A commit is on the disk.
    pub(super) fn kept(&self) {
        self.set(Some(Known::Kept(Instant::now())));
    }

    /// A write failed: nothing is known until the next one.
    pub(super) fn in_doubt(&self) {
        self.set(None);
    }

    fn set(&self, known: Option<Known>) {
        if let Ok(mut last) = self.known.lock() {
            *last = known;
        }
    }

    /// `None`: it has to be tried.
    fn answer(&self) -> Option<Result<(), StoreError>> {
        let known = self.known.lock().ok()?.clone()?;
        match known {
            Known::Kept(at) if at.elapsed() < FRESH => Some(Ok(())),
            Known::Failed(at, cause) if at.elapsed() < PAUSE => Some(Err(StoreError::Unwritable(cause))),
            Known::Kept(_) | Known::Failed(..) => None,
        }
    }
}

#[async_trait]
impl Health for Sql {
    async fn probe(&self) -> Result<(), StoreError> {
        if let Some(answer) = self.last_write.answer() {
            return answer;
        }
        let _one_at_a_time = self.last_write.probing.lock().await;
        if let Some(answer) = self.last_write.answer() {
            return answer;
        }
        let written = self.write_a_row().await;
        if let Err(error) = &written {
            let cause = error.cause();
            tracing::error!(cause, "the store takes no writes");
            let at = Instant::now();
            self.last_write.set(Some(Known::Failed(at, cause)));
        }
        written
    }
}

impl Sql {
    async fn write_a_row(&self) -> Result<(), StoreError> {
        if let Engine::Sqlite { file: Some(file), .. } = &self.engine {
            file.is_still_there()?;
        }
        let mut tx = self.write().await?;
        let now = tx.now.0;
        sqlx::query(
            "INSERT INTO probes (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at",
        )
        .bind(now)
        .execute(tx.db())
        .await?;
        tx.commit().await
    }
}
