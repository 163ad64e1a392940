//! The JWT that `auth` gives: a session, for a day.
//!
//! It names the session and proves nothing else, so it is good only while the session lasts.

use std::time::Duration;

use codestream_protocol::channel::AuthError;
use codestream_protocol::secret::ChannelJwt;
use codestream_protocol::state::ISSUER;
use codestream_protocol::{UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::keys::{Signer, TokenError};
use crate::store::SessionId;

const KIND: &str = "channel";
/// How long a JWT is good.
const LIFE: Duration = Duration::from_hours(24);

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) session: SessionId,
    pub(super) user: UserId,
    /// When the JWT ends.
    pub(super) expires_at: UnixMillis,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    #[serde(rename = "type")]
    kind: String,
    uid: UserId,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

/// A JWT for the session, and until when it is good.
pub(super) fn issue(
    signer: &Signer,
    session: SessionId,
    user: &UserId,
    now: UnixMillis,
) -> (Identity, ChannelJwt) {
    let iat = now.as_secs();
    let exp = (now + LIFE).as_secs();
    let jwt = signer.sign(&Claims {
        iss: ISSUER.to_owned(),
        kind: KIND.to_owned(),
        uid: user.clone(),
        sid: session.0,
        iat,
        exp,
    });
    let identity = Identity {
        session,
        user: user.clone(),
        expires_at: UnixMillis::from_secs(exp),
    };
    (identity, ChannelJwt::new(jwt))
}

/// Who a JWT names. Whether the session lasts is for the store to say.
pub(super) fn read(signer: &Signer, jwt: &ChannelJwt, now: UnixMillis) -> Result<Identity, AuthError> {
    let claims: Claims = signer
        .verify(jwt.expose(), KIND, now)
        .map_err(|error| match error {
            TokenError::Invalid => refusal("AuthTokenInvalidError", "invalid signature"),
            TokenError::Expired => refusal("AuthTokenExpiredError", "jwt expired"),
        })?;
    Ok(Identity {
        session: SessionId(claims.sid),
        user: claims.uid,
        expires_at: UnixMillis::from_secs(claims.exp),
    })
}

/// The session of a good JWT is over.
pub(super) fn session_over() -> AuthError {
    refusal("AuthTokenInvalidError", "the session is over")
}

fn refusal(name: &str, message: &str) -> AuthError {
    AuthError {
        name: name.to_owned(),
        message: message.to_owned(),
        is_bad_token: true,
    }
}
