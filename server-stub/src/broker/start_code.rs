//! The start code: what `GET /provider-auth-code` gives and the start URL carries. It names a handshake and nothing more.

use codestream_protocol::UnixMillis;
use codestream_protocol::id::CodeId;
use codestream_protocol::secret::StartCode;
use codestream_protocol::state::{ISSUER, STATE_TYPE};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::keys::{Signer, TokenError};
use crate::store::Handshake;

/// A state has the same `type`, and other claims: neither can be taken for the other.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Claims {
    iss: String,
    #[serde(rename = "type")]
    kind: String,
    exp: i64,
    code_id: CodeId,
}

/// The start code of a handshake; it ends with it.
pub(crate) fn issue(signer: &Signer, handshake: &Handshake) -> StartCode {
    StartCode::new(signer.sign(&Claims {
        iss: ISSUER.to_owned(),
        kind: STATE_TYPE.to_owned(),
        exp: handshake.expires_at.as_secs(),
        code_id: handshake.code_id,
    }))
}

/// The handshake that a start code names.
pub(crate) fn read(signer: &Signer, code: &StartCode, now: UnixMillis) -> Result<CodeId, Refusal> {
    match signer.verify::<Claims>(code.expose(), STATE_TYPE, now) {
        Ok(claims) => Ok(claims.code_id),
        Err(TokenError::Invalid) => Err(Refusal::StateInvalid),
        Err(TokenError::Expired) => Err(Refusal::StateExpired),
    }
}
