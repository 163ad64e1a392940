//! Sessions in SQL.

use async_trait::async_trait;
use codestream_protocol::channel::ChannelName;
use codestream_protocol::secret::{BroadcasterToken, SessionToken};
use codestream_protocol::{TeamId, UnixMillis, UserId};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use uuid::Uuid;

use super::{Sql, Tx, parsed};
use crate::keys::{Place, fingerprint};
use crate::store::{OpenedSession, Session, SessionId, Sessions, StoreError, Wake};

/// By name and never `*`: a column that a newer version adds would change a prepared statement's result.
macro_rules! columns {
    () => {
        "id, user_id, team_id, provider, broadcaster_token, created_at, used_at"
    };
}

#[async_trait]
impl Sessions for Sql {
    async fn open_session(
        &self,
        user: &UserId,
        team: Option<&TeamId>,
        provider: Option<&str>,
    ) -> Result<OpenedSession, StoreError> {
        let mut tx = self.write().await?;
        let opened = tx.open_session(user, team, provider).await?;
        tx.commit().await?;
        Ok(opened)
    }

    async fn use_session(&self, token: &SessionToken) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM sessions WHERE token_hash = $1"
        ))
        .bind(fingerprint(token.expose()))
        .fetch_optional(&mut *self.read().await?)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        if row.try_get::<Option<i64>, _>("used_at")?.is_none() {
            let mut tx = self.write().await?;
            let now = tx.now.0;
            sqlx::query("UPDATE sessions SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL")
                .bind(now)
                .bind(fingerprint(token.expose()))
                .execute(tx.db())
                .await?;
            tx.commit().await?;
        }
        self.session_of(&row)
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let mut db = self.read().await?;
        self.session_in(&mut db, id)
            .await
            .map(|found| found.map(|(session, _)| session))
    }

    async fn session_by_broadcaster(
        &self,
        user: &UserId,
        token: &BroadcasterToken,
    ) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM sessions WHERE broadcaster_hash = $1 AND user_id = $2"
        ))
        .bind(fingerprint(token.expose()))
        .bind(user.as_str())
        .fetch_optional(&mut *self.read().await?)
        .await?;
        Ok(row.map(|row| self.session_of(&row)).transpose()?.flatten())
    }

    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let gone = sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(id.0.to_string())
            .execute(tx.db())
            .await?
            .rows_affected();
        tx.tell(Wake::SessionEnded { id });
        tx.commit().await?;
        Ok(gone > 0)
    }

    async fn audience(&self, channel: &ChannelName) -> Result<Vec<SessionId>, StoreError> {
        let ids = match channel {
            ChannelName::User(user) => {
                sqlx::query_scalar("SELECT id FROM sessions WHERE user_id = $1").bind(user.as_str())
            }
            ChannelName::Team(team) => sqlx::query_scalar(
                "SELECT sessions.id FROM sessions JOIN members ON members.user_id = sessions.user_id
                 WHERE members.team_id = $1",
            )
            .bind(team.as_str()),
            ChannelName::Echo => sqlx::query_scalar("SELECT id FROM sessions"),
        };
        let ids: Vec<String> = ids.fetch_all(&mut *self.read().await?).await?;
        ids.iter()
            .map(|id| parsed::<Uuid>(id, "session id").map(SessionId))
            .collect()
    }
}

impl Tx<'_> {
    pub(super) async fn open_session(
        &mut self,
        user: &UserId,
        team: Option<&TeamId>,
        provider: Option<&str>,
    ) -> Result<OpenedSession, StoreError> {
        let token = SessionToken::new(self.store.random.token::<32>());
        let session = Session {
            id: SessionId(self.store.random.uuid()),
            user_id: user.clone(),
            team_id: team.cloned(),
            provider: provider.map(str::to_owned),
            broadcaster_token: BroadcasterToken::new(self.store.random.token::<32>()),
            since: self.now,
        };
        let id = session.id.0.to_string();
        let sealed = self
            .store
            .seal(place(&id), Some(session.broadcaster_token.expose()));
        sqlx::query(
            "INSERT INTO sessions
             (id, user_id, team_id, provider, token_hash, broadcaster_hash, broadcaster_token, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&id)
        .bind(user.as_str())
        .bind(team.map(TeamId::as_str))
        .bind(provider)
        .bind(fingerprint(token.expose()))
        .bind(fingerprint(session.broadcaster_token.expose()))
        .bind(sealed)
        .bind(session.since.0)
        .execute(self.db())
        .await?;
        Ok(OpenedSession { session, token })
    }
}

impl Sql {
    /// The session, and when its token was first used.
    pub(super) async fn session_in(
        &self,
        db: &mut AnyConnection,
        id: SessionId,
    ) -> Result<Option<(Session, Option<UnixMillis>)>, StoreError> {
        let row = sqlx::query(concat!("SELECT ", columns!(), " FROM sessions WHERE id = $1"))
            .bind(id.0.to_string())
            .fetch_optional(db)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let used: Option<i64> = row.try_get("used_at")?;
        let session = self.session_of(&row)?;
        Ok(session.map(|session| (session, used.map(UnixMillis))))
    }

    /// `None`: its key was taken out, and with it the session has ended. Whoever has the key may have the token for its
    /// channel, so no new one is put in its place.
    fn session_of(&self, row: &AnyRow) -> Result<Option<Session>, StoreError> {
        let id: &str = row.try_get("id")?;
        let team: Option<&str> = row.try_get("team_id")?;
        let Some(broadcaster) = self.open_unless_lost(place(id), row.try_get("broadcaster_token")?)? else {
            return Ok(None);
        };
        Ok(Some(Session {
            id: SessionId(parsed::<Uuid>(id, "session id")?),
            user_id: parsed(row.try_get("user_id")?, "user id")?,
            team_id: team.map(|team| parsed(team, "team id")).transpose()?,
            provider: row.try_get("provider")?,
            broadcaster_token: BroadcasterToken::new(broadcaster),
            since: UnixMillis(row.try_get("created_at")?),
        }))
    }
}

fn place(row: &str) -> Place<'_> {
    Place {
        table: "sessions",
        column: "broadcaster_token",
        row,
    }
}
