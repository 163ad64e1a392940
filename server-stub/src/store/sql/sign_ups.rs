//! Sign-ups in SQL.

use async_trait::async_trait;
use codestream_protocol::http::{IdentityOrigin, SignupStatus};
use codestream_protocol::id::CodeId;
use codestream_protocol::secret::SessionToken;
use codestream_protocol::{IdentityId, UnixMillis, UserId};
use sqlx::{AnyConnection, Row as _};
use uuid::Uuid;

use super::handshakes::handshake_by_key;
use super::people::user_in;
use super::{Sql, Tx, parsed};
use crate::keys::Place;
use crate::me;
use crate::store::{
    Account, AccountKey, End, Failure, Finish, Grant, Granted, Handshake, HandshakeKind, NewAccount,
    NewGrant, NewHandshake, NewSession, SessionId, SignUpKey, SignUpStatus, SignUps, StoreError, User,
    UserIdentity, Wake, Who, Withdrawn,
};

#[async_trait]
impl SignUps for Sql {
    async fn grant_sign_up(&self, id: CodeId, new: NewGrant) -> Result<Finish<Granted>, StoreError> {
        let mut tx = self.write().await?;
        let handshake = match tx.finish(id).await? {
            Ok(handshake) => handshake,
            Err(over) => return Ok(over.into()),
        };
        let HandshakeKind::SignUp { key } = &handshake.kind else {
            return Err(StoreError::Missing("sign-up"));
        };
        let key = key.clone();
        let Some(SigningIn {
            user_id,
            identity,
            status,
        }) = tx.admit(&new).await?
        else {
            return Ok(Finish::Done(Granted::Taken));
        };
        let user = user_in(tx.db(), &user_id)
            .await?
            .ok_or(StoreError::Missing("user"))?;
        let account = tx.sign_in_account(&user, &new.identity, new.account).await?;
        let opened = tx
            .open_session(NewSession {
                user: &user_id,
                team: user.team_ids.first(),
                provider: Some(&new.identity.provider),
                identity: Some(identity),
                ide: handshake.ide.as_deref(),
                machine: handshake.machine.as_deref(),
                address: handshake.agent_address.as_deref(),
            })
            .await?;
        let user = user_in(tx.db(), &user_id)
            .await?
            .ok_or(StoreError::Missing("user"))?;
        let grant = Grant {
            user,
            session: opened.session,
            token: opened.token,
            account,
            status,
        };
        tx.keep_grant(id, &grant).await?;
        tx.tell(Wake::SignUp { key });
        tx.commit().await?;
        Ok(Finish::Done(Granted::Yes(Box::new(grant))))
    }

    async fn knows_sign_up(&self, key: &SignUpKey) -> Result<bool, StoreError> {
        let found = handshake_by_key(&mut *self.read().await?, key).await?;
        Ok(found.is_some())
    }

    async fn redeem_sign_up(
        &self,
        key: &SignUpKey,
        agent_address: Option<&str>,
    ) -> Result<SignUpStatus, StoreError> {
        // Most polls find nothing, and a look does not keep the writer busy.
        if handshake_by_key(&mut *self.read().await?, key).await?.is_none() {
            return Ok(SignUpStatus::Unknown);
        }
        let mut tx = self.write().await?;
        let Some(handshake) = handshake_by_key(tx.db(), key).await? else {
            return Ok(SignUpStatus::Unknown);
        };
        sqlx::query("UPDATE handshakes SET agent_address = $1 WHERE code_id = $2 AND agent_address IS NULL")
            .bind(agent_address)
            .bind(handshake.code_id.to_string())
            .execute(tx.db())
            .await?;
        let mut status = tx.sign_up_status(&handshake).await?;
        let single_use = key.challenge.is_none();
        if single_use && matches!(status, SignUpStatus::Granted(_)) {
            let ours = sqlx::query("DELETE FROM grants WHERE code_id = $1")
                .bind(handshake.code_id.to_string())
                .execute(tx.db())
                .await?
                .rows_affected();
            if ours == 0 {
                status = SignUpStatus::Spent;
            }
        }
        tx.commit().await?;
        Ok(status)
    }

    async fn withdraw_sign_up(&self, new: NewHandshake, failure: Failure) -> Result<Withdrawn, StoreError> {
        let mut tx = self.write().await?;
        let HandshakeKind::SignUp { key } = new.kind.clone() else {
            return Err(StoreError::Missing("sign-up"));
        };
        tx.make_handshake(new).await?;
        let found = handshake_by_key(tx.db(), &key).await?;
        let handshake = found.ok_or(StoreError::Missing("sign-up"))?;
        if tx.fail(&handshake, failure).await? {
            tx.commit().await?;
            return Ok(Withdrawn::Ended);
        }
        // A grant that came first is committed by now: the update above has waited for it.
        let found = handshake_by_key(tx.db(), &key).await?;
        let handshake = found.ok_or(StoreError::Missing("sign-up"))?;
        Ok(match tx.sign_up_status(&handshake).await? {
            SignUpStatus::Granted(grant) => Withdrawn::Granted(grant),
            SignUpStatus::Unknown
            | SignUpStatus::Pending { .. }
            | SignUpStatus::Failed(_)
            | SignUpStatus::Spent => Withdrawn::Ended,
        })
    }
}

/// Who signs in, as which identity.
struct SigningIn {
    user_id: UserId,
    identity: IdentityId,
    status: SignupStatus,
}

impl Tx<'_> {
    /// Makes a new user with their identity. An existing user's identity is never made here: it is there, or whoever signs in
    /// is a stranger. `None`: it is otherwise than it was when the caller decided.
    async fn admit(&mut self, new: &NewGrant) -> Result<Option<SigningIn>, StoreError> {
        let (user_id, identity, status) = match &new.who {
            Who::Existing(user) => {
                let Some(identity) = self.use_identity(user, &new.identity, &new.name).await? else {
                    return Ok(None);
                };
                (user.clone(), identity, SignupStatus::SignedIn)
            }
            Who::New(user) => {
                let Some(user_id) = self.create_user_and_team(user).await? else {
                    return Ok(None);
                };
                let identity = UserIdentity {
                    id: IdentityId(self.store.random.uuid()),
                    identity: new.identity.clone(),
                    name: Some(new.name.clone()),
                    since: Some(self.now),
                    origin: IdentityOrigin::SignUp,
                };
                if !self.add_identity(&user_id, &identity).await? {
                    return Ok(None);
                }
                (user_id, identity.id, SignupStatus::TeamCreated)
            }
        };
        Ok(Some(SigningIn {
            user_id,
            identity,
            status,
        }))
    }

    async fn sign_in_account(
        &mut self,
        user: &User,
        identity: &crate::store::Identity,
        new: Option<NewAccount>,
    ) -> Result<Option<AccountKey>, StoreError> {
        let (Some(team_id), Some(new)) = (user.team_ids.first(), new) else {
            return Ok(None);
        };
        let account = Account {
            key: AccountKey {
                user_id: user.id.clone(),
                team_id: team_id.clone(),
                provider: identity.provider.clone(),
                host: identity.host.clone(),
                sub_id: new.sub_id,
            },
            access_token: Some(new.access_token),
            refresh_token: new.refresh_token,
            expires_at: new.expires_at,
            is_api_token: false,
            who: new.who,
            subject: Some(identity.subject.clone()),
            since: self.now,
            data: new.data,
            token_error: None,
        };
        let grown = self.grow(&user.id).await?;
        self.put_account(&grown, &account).await?;
        self.change_user(grown, me::connected(&account), None, None)
            .await?;
        Ok(Some(account.key))
    }

    async fn keep_grant(&mut self, id: CodeId, grant: &Grant) -> Result<(), StoreError> {
        let row = id.to_string();
        let account = grant.account.as_ref().map(serde_json::to_string).transpose();
        let status = serde_json::to_string(&grant.status).map_err(|_| StoreError::Shape("grant"))?;
        let sealed = self.store.seal(place(&row), Some(grant.token.expose()));
        sqlx::query(
            "INSERT INTO grants (code_id, session_id, token, account, status) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&row)
        .bind(grant.session.id.0.to_string())
        .bind(sealed)
        .bind(account.map_err(|_| StoreError::Shape("grant"))?)
        .bind(status)
        .execute(self.db())
        .await?;
        Ok(())
    }

    async fn sign_up_status(&mut self, handshake: &Handshake) -> Result<SignUpStatus, StoreError> {
        let over = self.now >= handshake.expires_at;
        match &handshake.end {
            Some(End::Failed(failure)) => Ok(SignUpStatus::Failed(failure.clone())),
            None if over => Ok(SignUpStatus::Failed(Failure::expired(handshake))),
            None => Ok(SignUpStatus::Pending {
                note: handshake.note.clone(),
            }),
            Some(End::Done) if over => Ok(SignUpStatus::Spent),
            Some(End::Done) => {
                let store = self.store;
                let grant = store.grant_in(self.db(), handshake.code_id).await?;
                Ok(grant.map_or(SignUpStatus::Spent, |grant| {
                    SignUpStatus::Granted(Box::new(grant))
                }))
            }
        }
    }
}

impl Sql {
    /// The grant, unless its session has ended or is in use.
    async fn grant_in(&self, db: &mut AnyConnection, id: CodeId) -> Result<Option<Grant>, StoreError> {
        let name = id.to_string();
        let row = sqlx::query("SELECT session_id, token, account, status FROM grants WHERE code_id = $1")
            .bind(&name)
            .fetch_optional(&mut *db)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let session = SessionId(parsed::<Uuid>(row.try_get("session_id")?, "session id")?);
        let Some((session, None::<UnixMillis>)) = self.session_in(db, session).await? else {
            return Ok(None);
        };
        let Some(user) = user_in(db, &session.user_id).await? else {
            return Ok(None);
        };
        let account: Option<&str> = row.try_get("account")?;
        Ok(Some(Grant {
            user,
            session,
            token: SessionToken::new(self.open_sealed(place(&name), row.try_get("token")?)?),
            account: account
                .map(serde_json::from_str)
                .transpose()
                .map_err(|_| StoreError::Shape("grant"))?,
            status: serde_json::from_str(row.try_get("status")?).map_err(|_| StoreError::Shape("grant"))?,
        }))
    }
}

fn place(row: &str) -> Place<'_> {
    Place {
        table: "grants",
        column: "token",
        row,
    }
}
