//! Handshakes and states in SQL.

use async_trait::async_trait;
use codestream_protocol::channel::AttemptNoted;
use codestream_protocol::id::CodeId;
use codestream_protocol::secret::CodeVerifier;
use codestream_protocol::{UnixMillis, UserId};
use sqlx::{AnyConnection, Row as _};

use super::{Sql, Tx, within};
use crate::keys::Place;
use crate::me;
use crate::store::{
    Account, CameBack, Connected, Consumed, End, Entered, Failure, Finish, Handshake, HandshakeKind,
    Handshakes, Identity, NewHandshake, NewState, Quota, SignUpKey, State, StoreError, TeamToken, Wake,
};

mod ending;
mod rows;

pub(super) use ending::Over;
pub(super) use rows::{handshake_by_key, handshake_in};

#[async_trait]
impl Handshakes for Sql {
    async fn open_handshake(&self, new: NewHandshake) -> Result<Handshake, StoreError> {
        let mut tx = self.write().await?;
        let (handshake, made) = tx.make_handshake(new).await?;
        tx.check_pending(&handshake).await?;
        if let HandshakeKind::SignUp { key } = &handshake.kind {
            if !made {
                let known = handshake_by_key(tx.db(), key).await?;
                return known.ok_or(StoreError::Missing("sign-up"));
            }
            tx.tell(Wake::SignUp { key: key.clone() });
        }
        tx.tell(Wake::Deadline);
        tx.commit().await?;
        Ok(handshake)
    }

    async fn handshake(&self, id: CodeId) -> Result<Option<Handshake>, StoreError> {
        handshake_in(&mut *self.read().await?, id).await
    }

    async fn enter_handshake(
        &self,
        id: CodeId,
        browser_hash: &str,
        note: &str,
    ) -> Result<Entered, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now;
        // Of two browsers that open it at once, the second waits for the row and finds an owner.
        sqlx::query(
            "UPDATE handshakes SET opened_at = COALESCE(opened_at, $1), browser_hash = $3
             WHERE code_id = $2 AND browser_hash IS NULL AND ended_at IS NULL AND expires_at > $1
                 AND (opened_at IS NOT NULL OR open_by > $1)",
        )
        .bind(now.0)
        .bind(id.to_string())
        .bind(browser_hash)
        .execute(tx.db())
        .await?;
        let Some(handshake) = handshake_in(tx.db(), id).await? else {
            return Ok(Entered::Unknown);
        };
        if handshake.end.is_some() {
            return Ok(Entered::Ended(handshake));
        }
        if now >= handshake.expires_at {
            return Ok(Entered::Expired);
        }
        let Some(owner) = &handshake.browser_hash else {
            return Ok(Entered::Late);
        };
        let is_owner = owner == browser_hash;
        if !is_owner {
            tx.note(&handshake, note, true).await?;
        }
        tx.commit().await?;
        Ok(if is_owner {
            Entered::Open(handshake)
        } else {
            Entered::OtherBrowser
        })
    }

    async fn note_handshake(&self, id: CodeId, note: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        if let Some(handshake) = handshake_in(tx.db(), id).await? {
            tx.note(&handshake, note, false).await?;
        }
        tx.commit().await
    }

    async fn handshake_notes(&self, user: &UserId) -> Result<Vec<AttemptNoted>, StoreError> {
        let rows = sqlx::query(
            "SELECT code_id, note FROM handshakes
             WHERE user_id = $1 AND note IS NOT NULL AND ended_at IS NULL AND expires_at > $2",
        )
        .bind(user.as_str())
        .bind(self.clock.now().0)
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AttemptNoted {
                    code_id: rows::code_id(row.try_get("code_id")?)?,
                    note: row.try_get("note")?,
                })
            })
            .collect()
    }

    async fn mint_state(&self, new: NewState) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let sealed = self.seal(
            verifier_place(&new.jti),
            new.verifier.as_ref().map(CodeVerifier::expose),
        );
        // So that an expiry can say which service it was; and the row is ours while its states are counted.
        sqlx::query("UPDATE handshakes SET provider = $1 WHERE code_id = $2")
            .bind(&new.provider)
            .bind(new.code_id.to_string())
            .execute(tx.db())
            .await?;
        let states: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM states WHERE code_id = $1")
            .bind(new.code_id.to_string())
            .fetch_one(tx.db())
            .await?;
        within(Quota::States, states + 1, self.policy.quotas.states_per_handshake)?;
        sqlx::query(
            "INSERT INTO states (jti, code_id, provider, verifier, browser_hash, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&new.jti)
        .bind(new.code_id.to_string())
        .bind(&new.provider)
        .bind(sealed)
        .bind(&new.browser_hash)
        .bind(new.expires_at.0)
        .execute(tx.db())
        .await?;
        tx.commit().await
    }

    async fn state(&self, jti: &str) -> Result<Option<State>, StoreError> {
        let found = self.state_in(&mut *self.read().await?, jti).await?;
        Ok(found.map(|(state, _)| state))
    }

    async fn consume_state(&self, jti: &str) -> Result<Consumed, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now;
        let ours = sqlx::query(
            "UPDATE states SET consumed_at = $1 WHERE jti = $2 AND consumed_at IS NULL AND expires_at > $1",
        )
        .bind(now.0)
        .bind(jti)
        .execute(tx.db())
        .await?
        .rows_affected();
        let Some((state, used)) = self.state_in(tx.db(), jti).await? else {
            return Ok(Consumed::Unknown);
        };
        tx.commit().await?;
        Ok(match (ours, used) {
            (1.., _) => Consumed::Once(Box::new(state)),
            (0, true) => Consumed::Used(Box::new(state)),
            (0, false) => Consumed::Expired,
        })
    }

    async fn keep_landing(&self, jti: &str, landing: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let sealed = self.seal(landing_place(jti), Some(landing));
        sqlx::query("UPDATE states SET landing = $1 WHERE jti = $2")
            .bind(sealed)
            .bind(jti)
            .execute(tx.db())
            .await?;
        tx.commit().await
    }

    async fn finish_connect(
        &self,
        id: CodeId,
        account: Account,
        of_app: Option<TeamToken>,
    ) -> Result<Finish<Connected>, StoreError> {
        let mut tx = self.write().await?;
        if let Err(over) = tx.finish(id).await? {
            return Ok(over.into());
        }
        // Teams before users, as everywhere: rows that are locked in one order never wait for each other.
        if let Some(token) = &of_app {
            tx.put_team_token(token).await?;
        }
        let grown = tx.grow(&account.key.user_id).await?;
        tx.check_accounts(&grown, &account.key).await?;
        let replaced = self.account_in(tx.db(), &account.key).await?;
        tx.put_account(&grown, &account).await?;
        let ended = Some(codestream_protocol::channel::AttemptEnded::connected(id));
        let change = tx
            .change_user(grown, me::connected(&account), ended, None)
            .await?;
        tx.commit().await?;
        Ok(Finish::Done(Connected { change, replaced }))
    }

    async fn fail_handshake(&self, id: CodeId, failure: Failure) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let Some(handshake) = handshake_in(tx.db(), id).await? else {
            return Ok(false);
        };
        let ours = tx.fail(&handshake, failure).await?;
        tx.commit().await?;
        Ok(ours)
    }

    async fn expire_handshakes(&self) -> Result<(), StoreError> {
        let over: Vec<String> =
            sqlx::query_scalar("SELECT code_id FROM handshakes WHERE ended_at IS NULL AND expires_at <= $1")
                .bind(self.clock.now().0)
                .fetch_all(&mut *self.read().await?)
                .await?;
        // One at a time: several nodes may be at it, and none is to wait for what another has locked.
        for id in &over {
            let mut tx = self.write().await?;
            let Some(handshake) = handshake_in(tx.db(), rows::code_id(id)?).await? else {
                continue;
            };
            let failure = Failure::expired(&handshake);
            tx.fail(&handshake, failure).await?;
            tx.commit().await?;
        }
        self.sweep().await
    }

    async fn next_expiry(&self) -> Result<Option<UnixMillis>, StoreError> {
        let at: Option<i64> =
            sqlx::query_scalar("SELECT MIN(expires_at) FROM handshakes WHERE ended_at IS NULL")
                .fetch_one(&mut *self.read().await?)
                .await?;
        Ok(at.map(UnixMillis))
    }
}

impl Tx<'_> {
    /// Refuses one more handshake of a user who has too many under way.
    async fn check_pending(&mut self, new: &Handshake) -> Result<(), StoreError> {
        let Some((user_id, _)) = new.kind.owner() else {
            return Ok(());
        };
        let now = self.now.0;
        let pending: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM handshakes WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2",
        )
        .bind(user_id.as_str())
        .bind(now)
        .fetch_one(self.db())
        .await?;
        let most = self.store.policy.quotas.pending_handshakes_per_user;
        within(Quota::PendingHandshakes, pending, most)
    }

    /// Makes a handshake; `false`: there is a sign-up with its key.
    pub(super) async fn make_handshake(
        &mut self,
        new: NewHandshake,
    ) -> Result<(Handshake, bool), StoreError> {
        let handshake = Handshake {
            code_id: new.code_id,
            kind: new.kind,
            ide: new.ide,
            machine: new.machine,
            agent_address: new.agent_address,
            provider: None,
            created_at: self.now,
            open_by: new.open_by,
            expires_at: new.expires_at,
            opened_at: None,
            browser_hash: None,
            note: None,
            came_back: None,
            end: None,
        };
        let made = rows::insert(self.db(), &handshake).await?;
        Ok((handshake, made))
    }
}

impl Sql {
    /// The state with its handshake, and whether it was consumed.
    async fn state_in(&self, db: &mut AnyConnection, jti: &str) -> Result<Option<(State, bool)>, StoreError> {
        let row = sqlx::query(
            "SELECT code_id, provider, verifier, browser_hash, expires_at, consumed_at, landing FROM states
             WHERE jti = $1",
        )
        .bind(jti)
        .fetch_optional(&mut *db)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let code_id = rows::code_id(row.try_get("code_id")?)?;
        let handshake = handshake_in(db, code_id)
            .await?
            .ok_or(StoreError::Missing("handshake"))?;
        let verifier = self.open_optional(verifier_place(jti), row.try_get("verifier")?)?;
        let minted = NewState {
            jti: jti.to_owned(),
            code_id,
            provider: row.try_get("provider")?,
            verifier: verifier.map(CodeVerifier::new),
            browser_hash: row.try_get("browser_hash")?,
            expires_at: UnixMillis(row.try_get("expires_at")?),
        };
        let landing = self.open_optional(landing_place(jti), row.try_get("landing")?)?;
        let used = row.try_get::<Option<i64>, _>("consumed_at")?.is_some();
        let state = State {
            minted,
            handshake,
            landing,
        };
        Ok(Some((state, used)))
    }
}

fn landing_place(row: &str) -> Place<'_> {
    Place {
        table: "states",
        column: "landing",
        row,
    }
}

fn verifier_place(row: &str) -> Place<'_> {
    Place {
        table: "states",
        column: "verifier",
        row,
    }
}
