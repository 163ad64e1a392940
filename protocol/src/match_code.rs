//! The short code that the IDE and the browser's confirmation page show alike (RFC 8628 §5.4, §3.3.1).

use sha2::{Digest as _, Sha256};

use crate::id::CodeId;
use crate::pkce::CodeChallenge;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CHARACTERS: usize = 6;

/// The match code of a connect handshake.
pub fn of_handshake(id: CodeId) -> String {
    of(id.to_string().as_bytes())
}

/// The match code of a sign-up or sign-in.
pub fn of_challenge(challenge: &CodeChallenge) -> String {
    of(challenge.as_str().as_bytes())
}

/// First 6 characters of the base32 (RFC 4648 §6) of the SHA-256.
fn of(text: &[u8]) -> String {
    let digest = Sha256::digest(text);
    let bits = digest
        .iter()
        .take(8)
        .fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    (0..CHARACTERS)
        .map(|place| {
            let five = (bits >> (64 - 5 * (place + 1))) & 31;
            char::from(ALPHABET[usize::try_from(five).expect("five bits fit")])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_beginning_of_the_base32_of_the_hash() {
        // printf abc | sha256sum: ba7816bf8f01cfea…, whose base32 begins XJ4BNP4P.
        assert_eq!(of(b"abc"), "XJ4BNP");
        // printf '' | sha256sum: e3b0c44298fc1c14…, whose base32 begins 4OYMIQUY.
        assert_eq!(of(b""), "4OYMIQ");
    }

    #[test]
    fn both_kinds_of_handshake_have_one() {
        let challenge =
            CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").expect("a challenge");
        assert_eq!(of_challenge(&challenge).len(), 6);
        assert_ne!(
            of_handshake(CodeId(uuid::Uuid::nil())),
            of_handshake(CodeId(uuid::Uuid::max()))
        );
    }
}
