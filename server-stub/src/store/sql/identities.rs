//! Identities in SQL.

use async_trait::async_trait;
use codestream_protocol::channel::{AttemptConfirming, AttemptEnded, ChannelName, Message};
use codestream_protocol::http::IdentityOrigin;
use codestream_protocol::id::CodeId;
use codestream_protocol::{IdentityId, ProviderId, UnixMillis, UserId};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Row as _};

use super::handshakes::{Over, handshake_in};
use super::people::user_in;
use super::{Sql, Tx, optional_part, parsed, part, to_value};
use crate::store::{
    Confirmed, Failure, HandshakeKind, Identities, Identity, Offered, SessionId, StoreError, Unlinked, User,
    UserIdentity,
};

/// A node of the version before adds an identity at a connect, too, while both versions run. What it has added signs in only
/// as a user's only identity, which a sign-up makes.
macro_rules! purposeful {
    () => {
        "(origin <> 'unknown' OR NOT EXISTS (
            SELECT 1 FROM identities AS other WHERE other.user_id = identities.user_id AND other.id <> identities.id))"
    };
}

#[async_trait]
impl Identities for Sql {
    async fn user_by_identity(&self, identity: &Identity) -> Result<Option<User>, StoreError> {
        let mut db = self.read().await?;
        match owner_in(&mut db, identity).await? {
            Some(id) => user_in(&mut db, &id).await,
            None => Ok(None),
        }
    }

    async fn identities_of(&self, user: &UserId) -> Result<Vec<UserIdentity>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT id, provider, host, subject, name, since, origin FROM identities WHERE user_id = $1 AND ",
            purposeful!(),
            " ORDER BY COALESCE(since, 0), provider, subject"
        ))
        .bind(user.as_str())
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(identity_of).collect()
    }

    async fn offer_link(&self, id: CodeId, identity: &Identity, name: &str) -> Result<Offered, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now.0;
        let ours = sqlx::query(
            "UPDATE handshakes SET provider = $1, subject = $2, account = $3
             WHERE code_id = $4 AND purpose = 'link' AND subject IS NULL AND ended_at IS NULL AND expires_at > $5",
        )
        .bind(&identity.provider)
        .bind(&identity.subject)
        .bind(name)
        .bind(id.to_string())
        .bind(now)
        .execute(tx.db())
        .await?
        .rows_affected();
        let handshake = handshake_in(tx.db(), id)
            .await?
            .ok_or(StoreError::Missing("handshake"))?;
        if ours == 0 {
            return Ok(match (handshake.end, handshake.came_back) {
                (Some(end), _) => Offered::Ended(end),
                (None, Some(_)) => Offered::Before,
                (None, None) => Offered::Expired,
            });
        }
        let HandshakeKind::Link { user_id, .. } = handshake.kind else {
            return Err(StoreError::Missing("link handshake"));
        };
        let message = Message {
            attempt_confirming: Some(AttemptConfirming {
                code_id: id,
                provider: identity.provider.clone(),
                account: name.to_owned(),
            }),
            ..Message::default()
        };
        tx.publish(&ChannelName::User(user_id), to_value(&message)?)
            .await?;
        tx.commit().await?;
        Ok(Offered::Yes)
    }

    async fn confirm_link(&self, id: CodeId, user: &UserId) -> Result<Confirmed, StoreError> {
        let mut tx = self.write().await?;
        let found = handshake_in(tx.db(), id).await?;
        let Some(handshake) = found.filter(|found| found.kind.links_for(user)) else {
            return Ok(Confirmed::Unknown);
        };
        let came_back = match (handshake.end, handshake.came_back) {
            (Some(end), _) => return Ok(Confirmed::Ended(end)),
            (None, None) => return Ok(Confirmed::Early),
            (None, Some(came_back)) => came_back,
        };
        match tx.finish(id).await? {
            Ok(_) => {}
            Err(Over::Ended(end)) => return Ok(Confirmed::Ended(end)),
            Err(Over::Expired) => return Ok(Confirmed::Expired),
        }
        let linked = UserIdentity {
            id: IdentityId(id.0),
            identity: came_back.identity,
            name: Some(came_back.name),
            since: Some(tx.now),
            origin: IdentityOrigin::Linked,
        };
        if !tx.add_identity(user, &linked).await? {
            return Ok(Confirmed::Taken(linked.identity));
        }
        let message = Message {
            attempt_ended: Some(AttemptEnded::connected(id)),
            ..Message::default()
        };
        tx.publish(&ChannelName::User(user.clone()), to_value(&message)?)
            .await?;
        tx.commit().await?;
        Ok(Confirmed::Yes)
    }

    async fn undo_link(&self, id: CodeId, user: &UserId, failure: Failure) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let found = handshake_in(tx.db(), id).await?;
        let Some(handshake) = found.filter(|found| found.kind.links_for(user)) else {
            return Ok(());
        };
        tx.fail(&handshake, failure).await?;
        let id = IdentityId(id.0);
        tx.remove_identity(user, id).await?;
        tx.end_sessions_of_identity(id, None).await?;
        tx.commit().await
    }

    async fn unlink(
        &self,
        user: &UserId,
        id: IdentityId,
        current: SessionId,
    ) -> Result<Unlinked, StoreError> {
        let mut tx = self.write().await?;
        // Claims all of them at once: of two that remove the last two, one waits and then finds a single one.
        let had = sqlx::query(concat!(
            "UPDATE identities SET user_id = user_id WHERE user_id = $1 AND ",
            purposeful!()
        ))
        .bind(user.as_str())
        .execute(tx.db())
        .await?
        .rows_affected();
        if !tx.remove_identity(user, id).await? {
            return Ok(Unlinked::Unknown);
        }
        if had <= 1 {
            return Ok(Unlinked::Last);
        }
        tx.end_sessions_of_identity(id, Some(current)).await?;
        tx.commit().await?;
        Ok(Unlinked::Yes)
    }
}

impl Tx<'_> {
    /// Makes the identity the user's; `false`: it is another user's.
    pub(super) async fn add_identity(
        &mut self,
        user: &UserId,
        new: &UserIdentity,
    ) -> Result<bool, StoreError> {
        let key = &new.identity;
        // What signs nobody in stands in nobody's way.
        with_identity(
            concat!(
                "DELETE FROM identities WHERE provider = $1 AND host = $2 AND subject = $3 AND NOT ",
                purposeful!()
            ),
            key,
        )
        .execute(self.db())
        .await?;
        with_identity(
            "INSERT INTO identities (provider, host, subject, user_id, id, name, since, origin)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider, host, subject) DO NOTHING",
            key,
        )
        .bind(user.as_str())
        .bind(new.id.to_string())
        .bind(&new.name)
        .bind(new.since.map(|at| at.0))
        .bind(match new.origin {
            IdentityOrigin::SignUp => "signUp",
            IdentityOrigin::Linked => "linked",
        })
        .execute(self.db())
        .await?;
        Ok(owner_in(self.db(), key).await?.as_ref() == Some(user))
    }

    /// Keeps the account's present name of an identity that signs in; `None`: it is not, or no longer, the user's.
    pub(super) async fn use_identity(
        &mut self,
        user: &UserId,
        identity: &Identity,
        name: &str,
    ) -> Result<Option<IdentityId>, StoreError> {
        let row = with_identity(
            concat!(
                "UPDATE identities SET name = $5 WHERE provider = $1 AND host = $2 AND subject = $3 AND user_id = $4 AND ",
                purposeful!(),
                " RETURNING id"
            ),
            identity,
        )
        .bind(user.as_str())
        .bind(name)
        .fetch_optional(self.db())
        .await?;
        row.map(|row| parsed(row.try_get("id")?, "identity id"))
            .transpose()
    }

    async fn remove_identity(&mut self, user: &UserId, id: IdentityId) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM identities WHERE id = $1 AND user_id = $2")
            .bind(id.to_string())
            .bind(user.as_str())
            .execute(self.db())
            .await?
            .rows_affected();
        Ok(gone > 0)
    }
}

/// A query whose $1 to $3 are the identity, in the order of the table's columns.
fn with_identity<'q>(sql: &'static str, identity: &'q Identity) -> Query<'q, Any, AnyArguments> {
    sqlx::query(sql)
        .bind(&identity.provider)
        .bind(part(identity.host.as_ref().map(ProviderId::as_str)))
        .bind(&identity.subject)
}

async fn owner_in(db: &mut AnyConnection, identity: &Identity) -> Result<Option<UserId>, StoreError> {
    let row = with_identity(
        concat!(
            "SELECT user_id FROM identities WHERE provider = $1 AND host = $2 AND subject = $3 AND ",
            purposeful!()
        ),
        identity,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| parsed(row.try_get("user_id")?, "user id"))
        .transpose()
}

fn identity_of(row: &AnyRow) -> Result<UserIdentity, StoreError> {
    let host = optional_part(row.try_get("host")?);
    let since: Option<i64> = row.try_get("since")?;
    Ok(UserIdentity {
        id: parsed(row.try_get("id")?, "identity id")?,
        identity: Identity {
            provider: row.try_get("provider")?,
            host: host.map(|host| parsed(&host, "host")).transpose()?,
            subject: row.try_get("subject")?,
        },
        name: row.try_get("name")?,
        since: since.map(UnixMillis),
        origin: match row.try_get("origin")? {
            "linked" => IdentityOrigin::Linked,
            _ => IdentityOrigin::SignUp,
        },
    })
}
