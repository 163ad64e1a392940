//! Tokens of the shapes that the imitated services give out.

use crate::keys::hex;
use crate::random::Random;

/// `N` random bytes in lower-case hexadecimal.
pub(crate) fn hexadecimal<const N: usize>(random: &Random) -> String {
    hex(&random.bytes::<N>())
}

/// `N` random letters and digits.
pub(crate) fn alphanumeric<const N: usize>(random: &Random) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789AZ";
    random
        .bytes::<N>()
        .into_iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 64)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_their_length_and_differ() {
        let random = Random::seeded(1);
        let (one, other) = (alphanumeric::<36>(&random), alphanumeric::<36>(&random));
        assert_eq!(one.len(), 36);
        assert_ne!(one, other);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric()), "{one}");
        assert_eq!(hexadecimal::<32>(&random).len(), 64);
    }
}
