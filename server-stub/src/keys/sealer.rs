//! Sealing at rest: XChaCha20-Poly1305, with the key's id in front.
//!
//! `version (1) · key id (4) · nonce (24) · ciphertext and tag`. A sealed value opens only in its own place: table,
//! column and row are authenticated with it, so that nobody with write access to the file can move it elsewhere.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::KeyRing;
use crate::random::Random;

const VERSION: u8 = 1;
const NONCE: usize = 24;
const HEADER: usize = 1 + 4 + NONCE;

/// Where a sealed value belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The table.
    pub(crate) table: &'a str,
    /// The column.
    pub(crate) column: &'a str,
    /// The row's primary key.
    pub(crate) row: &'a str,
}

impl Place<'_> {
    fn authenticated(self) -> Vec<u8> {
        // Table and column are constants of the code without a NUL, so the parts cannot run into each other.
        [self.table, self.column, self.row].join("\0").into_bytes()
    }
}

/// Why a value did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// Too short, or of a version that this program does not know.
    #[error("a stored secret has a shape that this version does not know")]
    Shape,
    /// Sealed with a key that is not configured.
    #[error("a stored secret was sealed with an encryption key that is not configured")]
    UnknownKey,
    /// Changed, or moved from another place.
    #[error("a stored secret does not belong where it was found")]
    Tampered,
}

/// Seals with the current key, opens with any.
#[derive(Clone)]
pub(crate) struct Sealer {
    keys: Arc<[([u8; 4], XChaCha20Poly1305)]>,
    random: Random,
}

impl Sealer {
    pub(super) fn new(ring: &KeyRing, random: Random) -> Self {
        let keys = ring
            .all()
            .map(|key| (key.id("seal"), XChaCha20Poly1305::new(&key.0.into())))
            .collect();
        Self { keys, random }
    }

    /// The sealed form of `plain`.
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let (id, cipher) = &self.keys[0];
        let nonce: [u8; NONCE] = self.random.bytes();
        let aad = place.authenticated();
        let payload = Payload {
            msg: plain,
            aad: &aad,
        };
        let sealed = cipher
            .encrypt(XNonce::from_slice(&nonce), payload)
            .expect("XChaCha20-Poly1305 takes messages up to 256 GiB");
        let mut out = Vec::with_capacity(HEADER + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// The plain form of `sealed`.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let Some((header, body)) = sealed.split_at_checked(HEADER) else {
            return Err(SealError::Shape);
        };
        if header[0] != VERSION {
            return Err(SealError::Shape);
        }
        let (id, nonce) = header[1..].split_at(4);
        let aad = place.authenticated();
        // Key ids are 32 bits: two keys may share one, so each that fits is tried.
        let mut fitting = self.keys.iter().filter(|(known, _)| known == id).peekable();
        if fitting.peek().is_none() {
            return Err(SealError::UnknownKey);
        }
        fitting
            .find_map(|(_, cipher)| {
                let payload = Payload { msg: body, aad: &aad };
                cipher.decrypt(XNonce::from_slice(nonce), payload).ok()
            })
            .ok_or(SealError::Tampered)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Key;
    use super::*;

    const HERE: Place<'_> = Place {
        table: "accounts",
        column: "access_token",
        row: "1",
    };

    fn sealer(current: u8, former: &[u8]) -> Sealer {
        let former = former.iter().map(|b| Key::new([*b; 32])).collect();
        Sealer::new(&KeyRing::new(Key::new([current; 32]), former), Random::seeded(1))
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_alone() {
        let sealer = sealer(1, &[]);
        let cipher = sealer.seal(HERE, b"gho_x");
        assert_eq!(sealer.open(HERE, &cipher).as_deref(), Ok(&b"gho_x"[..]));
        for elsewhere in [
            Place {
                table: "grants",
                ..HERE
            },
            Place {
                column: "refresh_token",
                ..HERE
            },
            Place { row: "2", ..HERE },
        ] {
            assert_eq!(
                sealer.open(elsewhere, &cipher),
                Err(SealError::Tampered),
                "{elsewhere:?}"
            );
        }
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let sealer = sealer(1, &[]);
        let cipher = sealer.seal(HERE, b"gho_x");
        for at in 0..cipher.len() {
            let mut changed = cipher.clone();
            changed[at] ^= 1;
            assert!(sealer.open(HERE, &changed).is_err(), "byte {at}");
        }
        for length in 0..cipher.len() {
            assert!(sealer.open(HERE, &cipher[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn a_rotated_key_still_opens_until_it_is_removed() {
        let old = sealer(1, &[]).seal(HERE, b"gho_x");
        assert_eq!(sealer(2, &[1]).open(HERE, &old).as_deref(), Ok(&b"gho_x"[..]));
        assert_eq!(sealer(2, &[]).open(HERE, &old), Err(SealError::UnknownKey));
        let new = sealer(2, &[1]).seal(HERE, b"gho_x");
        assert_eq!(sealer(2, &[]).open(HERE, &new).as_deref(), Ok(&b"gho_x"[..]));
    }

    #[test]
    fn the_same_value_never_seals_alike() {
        let sealer = sealer(1, &[]);
        assert_ne!(sealer.seal(HERE, b"gho_x"), sealer.seal(HERE, b"gho_x"));
    }
}
