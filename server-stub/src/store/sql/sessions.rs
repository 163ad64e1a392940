//! Sessions in SQL.

use std::time::Duration;

use async_trait::async_trait;
use codestream_protocol::channel::ChannelName;
use codestream_protocol::secret::{BroadcasterToken, SessionToken};
use codestream_protocol::{IdentityId, TeamId, UnixMillis, UserId};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use uuid::Uuid;

use super::{Sql, Tx, parsed};
use crate::keys::{Place, fingerprint};
use crate::store::{
    NewSession, OpenSession, OpenedSession, Session, SessionEnd, SessionId, Sessions, StoreError, Wake,
};

/// The last use of a session is kept no more exactly than this, so that not every request writes.
const COARSE: Duration = Duration::from_mins(5);

/// By name and never `*`: a column that a newer version adds would change a prepared statement's result.
macro_rules! columns {
    () => {
        "id, user_id, team_id, provider, broadcaster_token, created_at, used_at, last_used_at"
    };
}

/// Whose time is not over.
macro_rules! lasting {
    () => {
        "sessions.created_at > $1 AND COALESCE(sessions.last_used_at, sessions.created_at) > $2"
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
        let opened = tx.open_session(NewSession::of(user, team, provider)).await?;
        tx.commit().await?;
        Ok(opened)
    }

    async fn use_session(
        &self,
        token: &SessionToken,
        address: Option<&str>,
    ) -> Result<Option<Session>, StoreError> {
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
        if self.end_of(&row)?.is_some() {
            return Ok(None);
        }
        let first = row.try_get::<Option<i64>, _>("used_at")?.is_none();
        let last: Option<i64> = row.try_get("last_used_at")?;
        let stale = (self.clock.now() - COARSE).0;
        if first || last.is_none_or(|last| last <= stale) {
            let mut tx = self.write().await?;
            let now = tx.now.0;
            sqlx::query(
                "UPDATE sessions SET used_at = COALESCE(used_at, $1), last_used_at = $1, address = COALESCE($2, address)
                 WHERE token_hash = $3",
            )
            .bind(now)
            .bind(address)
            .bind(fingerprint(token.expose()))
            .execute(tx.db())
            .await?;
            tx.commit().await?;
        }
        self.session_of(&row)
    }

    async fn session_end(&self, token: &SessionToken) -> Result<Option<SessionEnd>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM sessions WHERE token_hash = $1"
        ))
        .bind(fingerprint(token.expose()))
        .fetch_optional(&mut *self.read().await?)
        .await?;
        Ok(row.map(|row| self.end_of(&row)).transpose()?.flatten())
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

    async fn sessions_of(&self, user: &UserId) -> Result<Vec<OpenSession>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, ide, machine, provider, created_at, last_used_at, address FROM sessions
             WHERE user_id = $1 AND created_at > $2 AND COALESCE(last_used_at, created_at) > $3
             ORDER BY created_at DESC, id",
        )
        .bind(user.as_str())
        .bind(self.began_after().0)
        .bind(self.used_after().0)
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(open_session_of).collect()
    }

    async fn end_sessions(
        &self,
        user: &UserId,
        which: Option<SessionId>,
        current: SessionId,
    ) -> Result<u32, StoreError> {
        let mut tx = self.write().await?;
        let gone: Vec<String> = sqlx::query_scalar(
            "DELETE FROM sessions WHERE user_id = $1 AND (id = $2 OR ($2 = '' AND id <> $3)) RETURNING id",
        )
        .bind(user.as_str())
        .bind(which.map(|id| id.to_string()).unwrap_or_default())
        .bind(current.to_string())
        .fetch_all(tx.db())
        .await?;
        tx.tell_ended(&gone)?;
        tx.commit().await?;
        Ok(u32::try_from(gone.len()).unwrap_or(u32::MAX))
    }

    async fn audience(&self, channel: &ChannelName) -> Result<Vec<SessionId>, StoreError> {
        let ids = match channel {
            ChannelName::User(user) => sqlx::query_scalar(concat!(
                "SELECT id FROM sessions WHERE ",
                lasting!(),
                " AND user_id = $3"
            ))
            .bind(self.began_after().0)
            .bind(self.used_after().0)
            .bind(user.as_str()),
            ChannelName::Team(team) => sqlx::query_scalar(concat!(
                "SELECT sessions.id FROM sessions JOIN members ON members.user_id = sessions.user_id WHERE ",
                lasting!(),
                " AND members.team_id = $3"
            ))
            .bind(self.began_after().0)
            .bind(self.used_after().0)
            .bind(team.as_str()),
            ChannelName::Echo => sqlx::query_scalar(concat!("SELECT id FROM sessions WHERE ", lasting!()))
                .bind(self.began_after().0)
                .bind(self.used_after().0),
        };
        let ids: Vec<String> = ids.fetch_all(&mut *self.read().await?).await?;
        ids.iter()
            .map(|id| parsed::<Uuid>(id, "session id").map(SessionId))
            .collect()
    }
}

impl Tx<'_> {
    pub(super) async fn open_session(&mut self, new: NewSession<'_>) -> Result<OpenedSession, StoreError> {
        let token = SessionToken::new(self.store.random.token::<32>());
        let session = Session {
            id: SessionId(self.store.random.uuid()),
            user_id: new.user.clone(),
            team_id: new.team.cloned(),
            provider: new.provider.map(str::to_owned),
            broadcaster_token: BroadcasterToken::new(self.store.random.token::<32>()),
            since: self.now,
        };
        let id = session.id.to_string();
        let sealed = self
            .store
            .seal(place(&id), Some(session.broadcaster_token.expose()));
        sqlx::query(
            "INSERT INTO sessions
             (id, user_id, team_id, provider, token_hash, broadcaster_hash, broadcaster_token, created_at, ide, machine,
              address, identity_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(&id)
        .bind(new.user.as_str())
        .bind(new.team.map(TeamId::as_str))
        .bind(new.provider)
        .bind(fingerprint(token.expose()))
        .bind(fingerprint(session.broadcaster_token.expose()))
        .bind(sealed)
        .bind(session.since.0)
        .bind(new.ide)
        .bind(new.machine)
        .bind(new.address)
        .bind(new.identity.map(|id| id.to_string()))
        .execute(self.db())
        .await?;
        self.end_surplus(&session).await?;
        Ok(OpenedSession { session, token })
    }

    /// Ends those of the user that were unused for longest, where `new` is one too many. Refusing the new one would lock
    /// out whoever left many behind.
    async fn end_surplus(&mut self, new: &Session) -> Result<(), StoreError> {
        let kept = self.store.policy.quotas.sessions_per_user;
        let gone: Vec<String> = sqlx::query_scalar(
            "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE user_id = $1 AND id <> $2
                  ORDER BY COALESCE(last_used_at, created_at) DESC, id LIMIT 1000 OFFSET $3)
             RETURNING id",
        )
        .bind(new.user_id.as_str())
        .bind(new.id.to_string())
        .bind(i64::from(kept) - 1)
        .fetch_all(self.db())
        .await?;
        self.tell_ended(&gone)
    }

    /// Ends every session that was opened with the identity, but `current`.
    pub(super) async fn end_sessions_of_identity(
        &mut self,
        identity: IdentityId,
        current: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let gone: Vec<String> =
            sqlx::query_scalar("DELETE FROM sessions WHERE identity_id = $1 AND id <> $2 RETURNING id")
                .bind(identity.to_string())
                .bind(current.map(|id| id.to_string()).unwrap_or_default())
                .fetch_all(self.db())
                .await?;
        self.tell_ended(&gone)
    }

    pub(super) fn tell_ended(&mut self, ids: &[String]) -> Result<(), StoreError> {
        for id in ids {
            let id = SessionId(parsed::<Uuid>(id, "session id")?);
            self.tell(Wake::SessionEnded { id });
        }
        Ok(())
    }
}

fn open_session_of(row: &AnyRow) -> Result<OpenSession, StoreError> {
    let last: Option<i64> = row.try_get("last_used_at")?;
    Ok(OpenSession {
        id: SessionId(parsed::<Uuid>(row.try_get("id")?, "session id")?),
        ide: row.try_get("ide")?,
        machine: row.try_get("machine")?,
        provider: row.try_get("provider")?,
        since: UnixMillis(row.try_get("created_at")?),
        last_used_at: last.map(UnixMillis),
        address: row.try_get("address")?,
    })
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

    /// Why the session is over, if its time is.
    fn end_of(&self, row: &AnyRow) -> Result<Option<SessionEnd>, StoreError> {
        let began: i64 = row.try_get("created_at")?;
        let used: Option<i64> = row.try_get("last_used_at")?;
        Ok(if began <= self.began_after().0 {
            Some(SessionEnd::Absolute)
        } else if used.unwrap_or(began) <= self.used_after().0 {
            Some(SessionEnd::Idle)
        } else {
            None
        })
    }

    /// A session that began by then is over.
    pub(super) fn began_after(&self) -> UnixMillis {
        self.clock.now() - self.policy.sessions.absolute()
    }

    /// A session that was not used since then is over.
    pub(super) fn used_after(&self) -> UnixMillis {
        self.clock.now() - self.policy.sessions.idle()
    }

    /// `None`: its time is over; or its key was taken out, and with it the session has ended. Whoever has the key may have the token for its
    /// channel, so no new one is put in its place.
    fn session_of(&self, row: &AnyRow) -> Result<Option<Session>, StoreError> {
        if self.end_of(row)?.is_some() {
            return Ok(None);
        }
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
