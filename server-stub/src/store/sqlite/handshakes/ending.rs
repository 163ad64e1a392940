//! The one end that each handshake has.

use std::time::Duration;

use codestream_protocol::channel::{AttemptEnded, ChannelName, Message};
use codestream_protocol::id::CodeId;

use super::{End, Failure, Finish, Handshake, HandshakeKind, StoreError, Tx, Wake, handshake_in};
use crate::store::sqlite::to_value;

/// How long what has ended is kept, so that a late poll still gets its answer.
const KEEP_ENDED: Duration = Duration::from_hours(24);
/// How long messages are kept; who was away for longer refetches.
const KEEP_MESSAGES: Duration = Duration::from_hours(168);

/// Why a handshake cannot be finished.
pub(in crate::store::sqlite) enum Over {
    Ended(End),
    Expired,
}

impl<T> From<Over> for Finish<T> {
    fn from(over: Over) -> Self {
        match over {
            Over::Ended(end) => Self::AlreadyEnded(end),
            Over::Expired => Self::Expired,
        }
    }
}

impl Tx<'_> {
    /// The handshake, if it can still be finished.
    pub(in crate::store::sqlite) async fn open_still(
        &mut self,
        id: CodeId,
    ) -> Result<Result<Handshake, Over>, StoreError> {
        let now = self.now;
        let mut handshake = handshake_in(self.db(), id)
            .await?
            .ok_or(StoreError::Missing("handshake"))?;
        Ok(match handshake.end.take() {
            Some(end) => Err(Over::Ended(end)),
            None if now >= handshake.expires_at => Err(Over::Expired),
            None => Ok(handshake),
        })
    }

    pub(in crate::store::sqlite) async fn end(&mut self, id: CodeId, end: &End) -> Result<(), StoreError> {
        let now = self.now.0;
        let failure = match end {
            End::Done => None,
            End::Failed(failure) => Some(failure),
        };
        sqlx::query(
            "UPDATE handshakes SET ended_at = $1, step = $2, code = $3, message = $4, provider = COALESCE($5, provider)
             WHERE code_id = $6",
        )
        .bind(now)
        .bind(failure.map(|failure| failure.step.as_str()))
        .bind(failure.map(|failure| failure.code.as_str()))
        .bind(failure.map(|failure| failure.message.as_str()))
        .bind(failure.and_then(|failure| failure.provider.as_deref()))
        .bind(id.to_string())
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Ends the handshake as failed and tells its agent.
    pub(super) async fn fail(&mut self, handshake: &Handshake, failure: Failure) -> Result<(), StoreError> {
        let end = End::Failed(failure);
        self.end(handshake.code_id, &end).await?;
        let End::Failed(failure) = end else {
            return Ok(());
        };
        match &handshake.kind {
            HandshakeKind::SignUp { key } => self.tell(Wake::SignUp { key: key.clone() }),
            HandshakeKind::Connect { user_id, .. } => {
                let ended = AttemptEnded {
                    code_id: handshake.code_id,
                    provider: failure.provider,
                    step: Some(failure.step),
                    code: Some(failure.code.as_str().to_owned()),
                    message: Some(failure.message),
                };
                let message = Message {
                    attempt_ended: Some(ended),
                    ..Message::default()
                };
                self.publish(&ChannelName::User(user_id.clone()), to_value(&message)?)
                    .await?;
            }
        }
        Ok(())
    }

    /// Removes what nobody will ask for any more.
    pub(super) async fn forget_the_past(&mut self) -> Result<(), StoreError> {
        let ended = (self.now - KEEP_ENDED).0;
        let messages = (self.now - KEEP_MESSAGES).0;
        sqlx::query("DELETE FROM handshakes WHERE expires_at < $1")
            .bind(ended)
            .execute(self.db())
            .await?;
        sqlx::query("DELETE FROM undos WHERE expires_at < $1")
            .bind(ended)
            .execute(self.db())
            .await?;
        sqlx::query("DELETE FROM messages WHERE timestamp < $1")
            .bind(messages)
            .execute(self.db())
            .await?;
        Ok(())
    }
}
