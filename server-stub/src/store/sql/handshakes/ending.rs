//! The one end that each handshake has.

use codestream_protocol::channel::{AttemptEnded, AttemptNoted, ChannelName, Message};
use codestream_protocol::id::CodeId;

use super::{End, Failure, Finish, Handshake, HandshakeKind, StoreError, Tx, Wake, handshake_in};
use crate::store::sql::to_value;

/// Why a handshake cannot be finished.
pub(in crate::store::sql) enum Over {
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
    /// Ends the handshake well, if nothing has ended it yet and its time is not over. First of all that a transaction does:
    /// the row is ours from here on.
    pub(in crate::store::sql) async fn finish(
        &mut self,
        id: CodeId,
    ) -> Result<Result<Handshake, Over>, StoreError> {
        let now = self.now;
        let ours = sqlx::query(
            "UPDATE handshakes SET ended_at = $1 WHERE code_id = $2 AND ended_at IS NULL AND expires_at > $1",
        )
        .bind(now.0)
        .bind(id.to_string())
        .execute(self.db())
        .await?
        .rows_affected();
        let mut handshake = handshake_in(self.db(), id)
            .await?
            .ok_or(StoreError::Missing("handshake"))?;
        Ok(match (ours, handshake.end.take()) {
            (1.., _) => Ok(handshake),
            (0, Some(end)) => Err(Over::Ended(end)),
            (0, None) => Err(Over::Expired),
        })
    }

    /// Ends the handshake as failed and tells its agent; `false`: it had ended before.
    pub(in crate::store::sql) async fn fail(
        &mut self,
        handshake: &Handshake,
        failure: Failure,
    ) -> Result<bool, StoreError> {
        let now = self.now.0;
        let ours = sqlx::query(
            "UPDATE handshakes SET ended_at = $1, step = $2, code = $3, message = $4, link = $5,
                 provider = COALESCE($6, provider)
             WHERE code_id = $7 AND ended_at IS NULL",
        )
        .bind(now)
        .bind(failure.step.as_str())
        .bind(failure.code.as_str())
        .bind(failure.message.as_str())
        .bind(failure.link.as_deref())
        .bind(failure.provider.as_deref())
        .bind(handshake.code_id.to_string())
        .execute(self.db())
        .await?
        .rows_affected();
        if ours == 0 {
            return Ok(false);
        }
        match &handshake.kind {
            HandshakeKind::SignUp { key } => self.tell(Wake::SignUp { key: key.clone() }),
            HandshakeKind::Connect { user_id, .. } | HandshakeKind::Link { user_id, .. } => {
                let ended = AttemptEnded {
                    code_id: handshake.code_id,
                    provider: failure.provider,
                    step: Some(failure.step),
                    code: Some(failure.code.as_str().to_owned()),
                    message: Some(failure.message),
                    link: failure.link,
                };
                let message = Message {
                    attempt_ended: Some(ended),
                    ..Message::default()
                };
                self.publish(&ChannelName::User(user_id.clone()), to_value(&message)?)
                    .await?;
            }
        }
        Ok(true)
    }

    /// Gives the agent a note, in place of the one that is there if `again`. The same one is never given twice, so that
    /// nobody who has a link can flood its agent.
    pub(super) async fn note(
        &mut self,
        handshake: &Handshake,
        note: &str,
        again: bool,
    ) -> Result<(), StoreError> {
        let given = sqlx::query(
            "UPDATE handshakes SET note = $1
             WHERE code_id = $2 AND ended_at IS NULL AND (note IS NULL OR ($3 = 1 AND note <> $1))",
        )
        .bind(note)
        .bind(handshake.code_id.to_string())
        .bind(i64::from(again))
        .execute(self.db())
        .await?
        .rows_affected();
        if given == 0 {
            return Ok(());
        }
        match &handshake.kind {
            HandshakeKind::SignUp { key } => self.tell(Wake::SignUp { key: key.clone() }),
            HandshakeKind::Connect { user_id, .. } | HandshakeKind::Link { user_id, .. } => {
                let noted = AttemptNoted {
                    code_id: handshake.code_id,
                    note: note.to_owned(),
                };
                let message = Message {
                    attempt_noted: Some(noted),
                    ..Message::default()
                };
                self.publish(&ChannelName::User(user_id.clone()), to_value(&message)?)
                    .await?;
            }
        }
        Ok(())
    }
}
