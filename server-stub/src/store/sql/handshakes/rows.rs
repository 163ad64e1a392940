//! Rows of `handshakes`.

use codestream_protocol::UnixMillis;
use codestream_protocol::id::CodeId;
use codestream_protocol::pkce::CodeChallenge;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use uuid::Uuid;

use super::{CameBack, End, Failure, Handshake, HandshakeKind, Identity, SignUpKey, StoreError};
use crate::store::sql::{parsed, part};

/// By name and never `*`: a column that a newer version adds would change a prepared statement's result.
macro_rules! columns {
    () => {
        "code_id, user_id, team_id, token_hash, challenge, ide, machine, agent_address, provider, created_at, open_by, \
         expires_at, opened_at, browser_hash, note, ended_at, step, code, message, link, purpose, subject, \
         account"
    };
}

/// The purpose of a handshake that adds an identity.
const LINK: &str = "link";

pub(super) fn code_id(text: &str) -> Result<CodeId, StoreError> {
    parsed::<Uuid>(text, "handshake id").map(CodeId)
}

/// The handshake, as of this connection's view.
pub(in crate::store::sql) async fn handshake_in(
    db: &mut AnyConnection,
    id: CodeId,
) -> Result<Option<Handshake>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM handshakes WHERE code_id = $1"
    ))
    .bind(id.to_string())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(handshake_of).transpose()
}

/// The sign-up with this key, as of this connection's view.
pub(in crate::store::sql) async fn handshake_by_key(
    db: &mut AnyConnection,
    key: &SignUpKey,
) -> Result<Option<Handshake>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM handshakes WHERE token_hash = $1 AND challenge = $2"
    ))
    .bind(&key.token)
    .bind(part(key.challenge.as_ref().map(CodeChallenge::as_str)))
    .fetch_optional(db)
    .await?;
    row.as_ref().map(handshake_of).transpose()
}

/// `false`: there is a sign-up with this key.
pub(super) async fn insert(db: &mut AnyConnection, new: &Handshake) -> Result<bool, StoreError> {
    let owner = new.kind.owner();
    let (purpose, sign_up) = match &new.kind {
        HandshakeKind::Connect { .. } => (None, None),
        HandshakeKind::Link { .. } => (Some(LINK), None),
        HandshakeKind::SignUp { key } => (None, Some(key)),
    };
    let challenge = sign_up.map(|key| part(key.challenge.as_ref().map(CodeChallenge::as_str)));
    let made = sqlx::query(
        "INSERT INTO handshakes
         (code_id, user_id, team_id, token_hash, challenge, ide, machine, agent_address, created_at, open_by, expires_at,
          purpose)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (token_hash, challenge) DO NOTHING",
    )
    .bind(new.code_id.to_string())
    .bind(owner.map(|(user_id, _)| user_id.as_str()))
    .bind(owner.map(|(_, team_id)| team_id.as_str()))
    .bind(sign_up.map(|key| key.token.as_str()))
    .bind(challenge)
    .bind(&new.ide)
    .bind(&new.machine)
    .bind(&new.agent_address)
    .bind(new.created_at.0)
    .bind(new.open_by.0)
    .bind(new.expires_at.0)
    .bind(purpose)
    .execute(db)
    .await?
    .rows_affected();
    Ok(made > 0)
}

fn handshake_of(row: &AnyRow) -> Result<Handshake, StoreError> {
    let time = |column| -> Result<Option<UnixMillis>, sqlx::Error> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(UnixMillis))
    };
    let needed = |column| -> Result<UnixMillis, sqlx::Error> { row.try_get(column).map(UnixMillis) };
    Ok(Handshake {
        code_id: code_id(row.try_get("code_id")?)?,
        kind: kind_of(row)?,
        ide: row.try_get("ide")?,
        machine: row.try_get("machine")?,
        agent_address: row.try_get("agent_address")?,
        provider: row.try_get("provider")?,
        created_at: needed("created_at")?,
        open_by: needed("open_by")?,
        expires_at: needed("expires_at")?,
        opened_at: time("opened_at")?,
        came_back: came_back_of(row)?,
        browser_hash: row.try_get("browser_hash")?,
        note: row.try_get("note")?,
        end: time("ended_at")?.map(|_| end_of(row)).transpose()?,
    })
}

fn kind_of(row: &AnyRow) -> Result<HandshakeKind, StoreError> {
    let user: Option<&str> = row.try_get("user_id")?;
    if let Some(user) = user {
        let user_id = parsed(user, "user id")?;
        let team_id = parsed(row.try_get("team_id")?, "team id")?;
        return match row.try_get::<Option<&str>, _>("purpose")? {
            None => Ok(HandshakeKind::Connect { user_id, team_id }),
            Some(LINK) => Ok(HandshakeKind::Link { user_id, team_id }),
            Some(_) => Err(StoreError::Shape("handshake")),
        };
    }
    let challenge: &str = row.try_get("challenge")?;
    let challenge = (!challenge.is_empty())
        .then(|| CodeChallenge::parse(challenge).ok_or(StoreError::Shape("challenge")))
        .transpose()?;
    Ok(HandshakeKind::SignUp {
        key: SignUpKey {
            token: row.try_get("token_hash")?,
            challenge,
        },
    })
}

/// Who came back. Only services of the vendor's own cloud sign people in, so there is no host.
fn came_back_of(row: &AnyRow) -> Result<Option<CameBack>, StoreError> {
    let subject: Option<String> = row.try_get("subject")?;
    let Some(subject) = subject else {
        return Ok(None);
    };
    Ok(Some(CameBack {
        identity: Identity {
            provider: row.try_get("provider")?,
            host: None,
            subject,
        },
        name: row.try_get("account")?,
    }))
}

fn end_of(row: &AnyRow) -> Result<End, StoreError> {
    let code: Option<&str> = row.try_get("code")?;
    let Some(code) = code else {
        return Ok(End::Done);
    };
    Ok(End::Failed(Failure {
        provider: row.try_get("provider")?,
        step: row.try_get("step")?,
        code: parsed(code, "error code")?,
        message: row.try_get("message")?,
        link: row.try_get("link")?,
    }))
}
