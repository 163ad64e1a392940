//! Chance.
//!
//! The only place that draws random numbers; tests draw them from a seed.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use uuid::Uuid;

/// A source of unguessable values. Clones draw from the same source.
#[derive(Clone)]
pub(crate) struct Random(Arc<Mutex<rand::rngs::StdRng>>);

impl Random {
    /// Seeded by the operating system.
    pub(crate) fn system() -> Self {
        Self(Arc::new(Mutex::new(rand::make_rng())))
    }

    /// The same values for the same seed.
    #[cfg(test)]
    pub(crate) fn seeded(seed: u64) -> Self {
        use rand::SeedableRng as _;
        Self(Arc::new(Mutex::new(rand::rngs::StdRng::seed_from_u64(seed))))
    }

    /// `N` random bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        // A generator has no state that a panic could leave half-changed.
        let mut generator = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generator.fill_bytes(&mut bytes);
        bytes
    }

    /// `N` random bytes as unpadded URL-safe base64: a token.
    pub(crate) fn token<const N: usize>(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<N>())
    }

    /// A version 4 uuid.
    pub(crate) fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}
