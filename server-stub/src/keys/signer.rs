//! Signed tokens: compact JWS, HS256 (RFC 7515, RFC 7519).
//!
//! Expiry is judged on our own clock, without leeway. Each kind of token has its `type`, and is good for that alone.

use std::sync::Arc;

use codestream_protocol::UnixMillis;
use codestream_protocol::state::ISSUER;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{KeyRing, hex};

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// Not signed by us, of another type, or without a claim that it must have.
    #[error("the token is not valid")]
    Invalid,
    /// Ours, but its time is over.
    #[error("the token has expired")]
    Expired,
}

/// Signs with the current key, verifies with any.
#[derive(Clone)]
pub(crate) struct Signer {
    current: Arc<EncodingKey>,
    keys: Arc<[(String, DecodingKey)]>,
    validation: Arc<Validation>,
}

#[derive(Deserialize)]
struct Registered {
    exp: i64,
    #[serde(rename = "type")]
    kind: String,
}

impl Signer {
    pub(super) fn new(ring: &KeyRing) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        // The library would judge by the system's clock, which the sandbox cannot move.
        validation.validate_exp = false;
        validation.validate_aud = false;
        let keys = ring
            .all()
            .map(|key| (hex(&key.id("sign")), DecodingKey::from_secret(&key.0)))
            .collect();
        Self {
            current: Arc::new(EncodingKey::from_secret(&ring.current().0)),
            keys,
            validation: Arc::new(validation),
        }
    }

    /// The signed form of `claims`, which hold `iss`, `type` and `exp`.
    pub(crate) fn sign<C: Serialize>(&self, claims: &C) -> String {
        let header = Header {
            kid: Some(self.keys[0].0.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, claims, &self.current)
            .expect("claims are plain structs and HMAC takes every key")
    }

    /// The claims of a token of type `kind` that is ours and whose time is not over.
    pub(crate) fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        kind: &str,
        now: UnixMillis,
    ) -> Result<C, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let key_id = header.kid.ok_or(TokenError::Invalid)?;
        let mut fitting = self.keys.iter().filter(|(known, _)| *known == key_id);
        let claims = fitting
            .find_map(|(_, key)| jsonwebtoken::decode::<serde_json::Value>(token, key, &self.validation).ok())
            .ok_or(TokenError::Invalid)?
            .claims;
        let registered = Registered::deserialize(&claims).map_err(|_| TokenError::Invalid)?;
        if registered.kind != kind {
            return Err(TokenError::Invalid);
        }
        let claims = serde_json::from_value(claims).map_err(|_| TokenError::Invalid)?;
        // RFC 7519 §4.1.4: on or after `exp` it is not accepted.
        if now >= UnixMillis::from_secs(registered.exp) {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Key;
    use super::*;
    use serde_json::{Value, json};

    const NOW: UnixMillis = UnixMillis(1_000_000_000_000);

    fn signer(current: u8, former: &[u8]) -> Signer {
        let former = former.iter().map(|b| Key::new([*b; 32])).collect();
        Signer::new(&KeyRing::new(Key::new([current; 32]), former))
    }

    fn claims() -> Value {
        json!({ "iss": ISSUER, "type": "pauth", "exp": 1_000_000_001, "jti": "x" })
    }

    fn verify(signer: &Signer, token: &str) -> Result<Value, TokenError> {
        signer.verify(token, "pauth", NOW)
    }

    #[test]
    fn a_token_is_good_until_the_second_it_expires() {
        let signer = signer(1, &[]);
        let token = signer.sign(&claims());
        assert_eq!(verify(&signer, &token), Ok(claims()));
        let last = UnixMillis(1_000_000_000_999);
        assert_eq!(signer.verify::<Value>(&token, "pauth", last), Ok(claims()));
        let over = UnixMillis(1_000_000_001_000);
        assert_eq!(
            signer.verify::<Value>(&token, "pauth", over),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn a_token_without_a_claim_that_it_must_have_is_refused() {
        let signer = signer(1, &[]);
        for claim in ["iss", "type", "exp"] {
            let mut claims = claims();
            claims.as_object_mut().expect("object").remove(claim);
            assert_eq!(
                verify(&signer, &signer.sign(&claims)),
                Err(TokenError::Invalid),
                "{claim}"
            );
        }
        for (claim, value) in [
            ("iss", json!("Other")),
            ("type", json!("login")),
            ("exp", json!("soon")),
        ] {
            let mut claims = claims();
            claims[claim] = value;
            assert_eq!(
                verify(&signer, &signer.sign(&claims)),
                Err(TokenError::Invalid),
                "{claim}"
            );
        }
    }

    #[test]
    fn another_signature_another_algorithm_and_none_are_refused() {
        let ours = signer(1, &[]);
        let theirs = signer(2, &[]).sign(&claims());
        assert_eq!(verify(&ours, &theirs), Err(TokenError::Invalid));
        let token = ours.sign(&claims());
        let (signed, _) = token.rsplit_once('.').expect("three parts");
        assert_eq!(verify(&ours, &format!("{signed}.")), Err(TokenError::Invalid));
        let kid = Header {
            kid: Some(ours.keys[0].0.clone()),
            ..Header::new(Algorithm::HS512)
        };
        let key = EncodingKey::from_secret(&[1; 32]);
        let hs512 = jsonwebtoken::encode(&kid, &claims(), &key).expect("a token");
        assert_eq!(verify(&ours, &hs512), Err(TokenError::Invalid));
        for junk in ["", "a.b.c", "..", "é"] {
            assert_eq!(verify(&ours, junk), Err(TokenError::Invalid), "{junk}");
        }
    }

    #[test]
    fn a_rotated_key_still_verifies_until_it_is_removed() {
        let token = signer(1, &[]).sign(&claims());
        assert_eq!(verify(&signer(2, &[1]), &token), Ok(claims()));
        assert_eq!(verify(&signer(2, &[]), &token), Err(TokenError::Invalid));
    }
}
