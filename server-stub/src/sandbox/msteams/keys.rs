//! The Connector's keys: two that take turns. They sign nothing outside of the sandbox.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codestream_protocol::UnixMillis;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Deserialize;
use serde_json::{Value, json};

/// Twice a day, so that the clock need not be moved further than a key is kept.
const TURN: Duration = Duration::from_hours(12);

#[derive(Deserialize)]
struct Key {
    kid: String,
    n: String,
    e: String,
    /// PKCS #1, in base64.
    pkcs1: String,
}

fn all() -> Vec<Key> {
    serde_json::from_str(include_str!("keys.json")).expect("keys of ours")
}

/// The key of this half day, or the other one.
fn at(now: UnixMillis, other: bool) -> Key {
    let turn = u128::from(now.0.unsigned_abs()) / TURN.as_millis();
    let even = turn.is_multiple_of(2) != other;
    all().swap_remove(usize::from(!even))
}

/// What is published (RFC 7517): the key of this half day alone.
pub(super) fn published(now: UnixMillis) -> Value {
    let key = at(now, false);
    json!({"keys": [{
        "kty": "RSA", "use": "sig", "kid": key.kid, "x5t": key.kid, "n": key.n, "e": key.e,
        "endorsements": ["msteams", "webchat"],
    }]})
}

/// Claims, signed; `forged`: with a key that is not the one whose id the token names.
pub(super) fn signed(claims: &Value, now: UnixMillis, forged: bool) -> String {
    let header = Header {
        kid: Some(at(now, false).kid),
        ..Header::new(Algorithm::RS256)
    };
    let der = STANDARD.decode(at(now, forged).pkcs1).expect("a key of ours");
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_der(&der))
        .expect("plain claims and a good key")
}
