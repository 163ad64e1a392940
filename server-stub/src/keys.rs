//! Keys: signing of JWTs and sealing of secrets at rest.
//!
//! Nothing else touches key material. Several keys may be live: the first one signs and seals, every one verifies and
//! opens, so a key is rotated by putting a new one in front and removing the old one when nothing uses it any more.

mod kept;
mod sealer;
mod signer;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

pub(crate) use kept::{fresh, kept_beside};
pub(crate) use sealer::{Place, SealError, Sealer};
pub(crate) use signer::{Signer, TokenError};

use crate::random::Random;

/// Both kinds of keys.
#[derive(Clone)]
pub(crate) struct Keys {
    /// Signs and verifies JWTs.
    pub(crate) signer: Signer,
    /// Seals and opens what is stored.
    pub(crate) sealer: Sealer,
}

impl Keys {
    /// From configured keys; neither ring may be empty.
    pub(crate) fn new(signing: &KeyRing, encryption: &KeyRing, random: Random) -> Self {
        Self {
            signer: Signer::new(signing),
            sealer: Sealer::new(encryption, random),
        }
    }
}

/// 32 secret bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// From random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal characters; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            *byte = u8::try_from(high * 16 + low).ok()?;
        }
        Some(Self(bytes))
    }

    /// 64 hexadecimal characters: for a key file only.
    pub(crate) fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// A secret that whoever has the key can make again, for one purpose: HMAC-SHA256, in hexadecimal.
    pub(crate) fn derived(&self, purpose: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Names the key without telling anything about it.
    fn id(&self, purpose: &str) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(b"codestream key id\0")
            .chain_update(purpose.as_bytes())
            .chain_update(self.0)
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// At least one key; the first is the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRing {
    current: Key,
    former: Vec<Key>,
}

impl KeyRing {
    /// A ring of one key and those it replaces.
    pub fn new(current: Key, former: Vec<Key>) -> Self {
        Self { current, former }
    }

    /// The key that signs or seals.
    pub fn current(&self) -> &Key {
        &self.current
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.former)
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How a bearer secret is looked up: its SHA-256 in hexadecimal. Only for values with at least 122 random bits, which
/// need no salt.
pub(crate) fn fingerprint(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hexadecimal_characters() {
        let text = "00ff".repeat(16);
        assert_eq!(Key::parse(&text).expect("a key").to_hex(), text);
        for bad in ["", "00", &"0".repeat(63), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Key::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn no_key_prints_itself() {
        let ring = KeyRing::new(Key::new([7; 32]), vec![Key::new([8; 32])]);
        let shown = format!("{ring:?}");
        assert!(!shown.contains('7') && !shown.contains('8'), "{shown}");
    }
}
