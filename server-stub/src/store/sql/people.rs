//! Users and teams in SQL.

use async_trait::async_trait;
use codestream_protocol::{TeamId, UserId};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::{Sql, Tx, parsed};
use crate::store::{NewUser, People, StoreError, Team, User, Wake};

#[async_trait]
impl People for Sql {
    async fn create_user_and_team(&self, new: NewUser) -> Result<Option<(User, Team)>, StoreError> {
        let mut tx = self.write().await?;
        let Some(id) = tx.create_user_and_team(&new).await? else {
            return Ok(None);
        };
        let user = user_in(tx.db(), &id).await?.ok_or(StoreError::Missing("user"))?;
        let mut teams = teams_in(tx.db(), &id).await?;
        tx.commit().await?;
        let team = teams.pop().ok_or(StoreError::Missing("team"))?;
        Ok(Some((user, team)))
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        user_in(&mut *self.read().await?, id).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let mut db = self.read().await?;
        let id: Option<String> = sqlx::query_scalar("SELECT id FROM users WHERE email_key = $1")
            .bind(email_key(email))
            .fetch_optional(&mut *db)
            .await?;
        match id {
            Some(id) => user_in(&mut db, &parsed(&id, "user id")?).await,
            None => Ok(None),
        }
    }

    async fn teams_of(&self, user: &UserId) -> Result<Vec<Team>, StoreError> {
        teams_in(&mut *self.read().await?, user).await
    }

    async fn is_member(&self, user: &UserId, team: &TeamId) -> Result<bool, StoreError> {
        let mut db = self.read().await?;
        let found: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM members WHERE user_id = $1 AND team_id = $2")
                .bind(user.as_str())
                .bind(team.as_str())
                .fetch_one(&mut *db)
                .await?;
        Ok(found != 0)
    }

    async fn remove_member(&self, user: &UserId, team: &TeamId) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let gone = sqlx::query("DELETE FROM members WHERE user_id = $1 AND team_id = $2")
            .bind(user.as_str())
            .bind(team.as_str())
            .execute(tx.db())
            .await?
            .rows_affected();
        tx.tell(Wake::Membership {
            user_id: user.clone(),
        });
        tx.commit().await?;
        Ok(gone > 0)
    }
}

impl Tx<'_> {
    /// `None`: the e-mail address is taken.
    pub(super) async fn create_user_and_team(&mut self, new: &NewUser) -> Result<Option<UserId>, StoreError> {
        let id = UserId::from_bytes(self.store.random.bytes());
        let team = TeamId::from_bytes(self.store.random.bytes());
        let now = self.now.0;
        let made = sqlx::query(
            "INSERT INTO users (id, email, email_key, username, full_name, version, signed_up_with, created_at)
             VALUES ($1, $2, $3, $4, $5, 1, $6, $7) ON CONFLICT (email_key) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(&new.email)
        .bind(email_key(&new.email))
        .bind(&new.username)
        .bind(&new.full_name)
        .bind(&new.signed_up_with)
        .bind(now)
        .execute(self.db())
        .await?
        .rows_affected();
        if made == 0 {
            return Ok(None);
        }
        sqlx::query("INSERT INTO teams (id, name, created_at) VALUES ($1, $2, $3)")
            .bind(team.as_str())
            .bind(format!("{}'s team", new.full_name))
            .bind(now)
            .execute(self.db())
            .await?;
        sqlx::query("INSERT INTO members (team_id, user_id) VALUES ($1, $2)")
            .bind(team.as_str())
            .bind(id.as_str())
            .execute(self.db())
            .await?;
        Ok(Some(id))
    }
}

fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The user, as of this connection's view.
pub(super) async fn user_in(db: &mut AnyConnection, id: &UserId) -> Result<Option<User>, StoreError> {
    let row =
        sqlx::query("SELECT email, username, full_name, version, signed_up_with FROM users WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&mut *db)
            .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let teams: Vec<String> =
        sqlx::query_scalar("SELECT team_id FROM members WHERE user_id = $1 ORDER BY position")
            .bind(id.as_str())
            .fetch_all(db)
            .await?;
    let team_ids = teams
        .iter()
        .map(|team| parsed(team, "team id"))
        .collect::<Result<_, _>>()?;
    Ok(Some(User {
        id: id.clone(),
        email: row.try_get("email")?,
        username: row.try_get("username")?,
        full_name: row.try_get("full_name")?,
        version: row.try_get("version")?,
        signed_up_with: row.try_get("signed_up_with")?,
        team_ids,
    }))
}

async fn teams_in(db: &mut AnyConnection, user: &UserId) -> Result<Vec<Team>, StoreError> {
    let rows = sqlx::query(
        "SELECT teams.id, teams.name, teams.version, others.user_id FROM members mine
         JOIN teams ON teams.id = mine.team_id
         JOIN members others ON others.team_id = mine.team_id
         WHERE mine.user_id = $1 ORDER BY mine.position, others.position",
    )
    .bind(user.as_str())
    .fetch_all(db)
    .await?;
    let mut teams: Vec<Team> = Vec::new();
    for row in &rows {
        let member = member(row)?;
        let id: TeamId = parsed(row.try_get("id")?, "team id")?;
        match teams.last_mut() {
            Some(team) if team.id == id => team.member_ids.push(member),
            _ => teams.push(Team {
                id,
                name: row.try_get("name")?,
                member_ids: vec![member],
                version: row.try_get("version")?,
            }),
        }
    }
    Ok(teams)
}

fn member(row: &AnyRow) -> Result<UserId, StoreError> {
    parsed(row.try_get("user_id")?, "user id")
}
