//! PKCE, S256 only (RFC 7636 §4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use ts_rs::TS;

use crate::secret::CodeVerifier;

impl CodeVerifier {
    /// A verifier of 43 characters from 32 random bytes (RFC 7636 §4.1).
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self::new(URL_SAFE_NO_PAD.encode(entropy))
    }

    /// Whether this has the length and characters of a verifier (RFC 7636 §4.1).
    pub fn is_well_formed(&self) -> bool {
        let text = self.expose();
        (43..=128).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
    }

    /// `BASE64URL(SHA256(verifier))` (RFC 7636 §4.2).
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(URL_SAFE_NO_PAD.encode(Sha256::digest(self.expose().as_bytes())))
    }
}

/// An S256 `code_challenge`: 43 characters of URL-safe base64. Not secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Takes a received challenge; `None` unless it is base64url of 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let decoded = URL_SAFE_NO_PAD.decode(text).ok()?;
        (decoded.len() == 32).then(|| Self(text.to_owned()))
    }

    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` made this challenge; in constant time.
    pub fn matches(&self, verifier: &CodeVerifier) -> bool {
        self.0.as_bytes().ct_eq(verifier.challenge().0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    #[test]
    fn the_rfc_example_holds() {
        let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert!(verifier.is_well_formed());
        assert_eq!(
            verifier.challenge().as_str(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert!(verifier.challenge().matches(&verifier));
        assert!(!verifier.challenge().matches(&CodeVerifier::new("x".repeat(43))));
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        for (text, good) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("a".repeat(128), true),
            ("a".repeat(129), false),
        ] {
            assert_eq!(
                CodeVerifier::new(text.clone()).is_well_formed(),
                good,
                "{}",
                text.len()
            );
        }
        assert!(!CodeVerifier::new(format!("{}+", "a".repeat(50))).is_well_formed());
        assert!(CodeVerifier::from_entropy([7; 32]).is_well_formed());
    }

    #[test]
    fn a_challenge_is_32_bytes_of_base64url() {
        assert!(CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").is_some());
        for bad in [
            "",
            "short",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
        ] {
            assert!(CodeChallenge::parse(bad).is_none(), "{bad}");
        }
    }
}
