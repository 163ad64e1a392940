//! Slack's signature over a request's raw body, version 0. <https://docs.slack.dev/authentication/verifying-requests-from-slack>

use std::time::Duration;

use codestream_protocol::UnixMillis;
use codestream_protocol::secret::SigningSecret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::keys::hex;

/// How far the two clocks may be apart.
pub(crate) const WINDOW: Duration = Duration::from_mins(5);

/// The signature of a body at a time in Unix seconds.
pub(crate) fn sign(secret: &SigningSecret, timestamp: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    format!("v0={}", hex(&mac.finalize().into_bytes()))
}

/// Why a request is not taken for Slack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// Too old, or of the future.
    Time,
    /// Another body, time or secret.
    Signature,
}

/// Whether the body was signed with the secret, within five minutes of `now`.
pub(super) fn verify(
    secret: &SigningSecret,
    timestamp: &str,
    signature: &str,
    body: &[u8],
    now: UnixMillis,
) -> Result<(), Bad> {
    // In one spelling, since it is signed as text.
    let plain =
        !timestamp.is_empty() && timestamp.len() <= 12 && timestamp.bytes().all(|b| b.is_ascii_digit());
    let sent: i64 = plain.then(|| timestamp.parse().ok()).flatten().ok_or(Bad::Time)?;
    if now.as_secs().abs_diff(sent) > WINDOW.as_secs() {
        return Err(Bad::Time);
    }
    let expected = sign(secret, timestamp, body);
    if expected.as_bytes().ct_eq(signature.as_bytes()).into() {
        Ok(())
    } else {
        Err(Bad::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const TIMESTAMP: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
        &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
        &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
        &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn check(timestamp: &str, signature: &str, body: &str, now: i64) -> Result<(), Bad> {
        let secret = SigningSecret::new(SECRET);
        verify(
            &secret,
            timestamp,
            signature,
            body.as_bytes(),
            UnixMillis::from_secs(now),
        )
    }

    #[test]
    fn the_documented_example_verifies() {
        assert_eq!(check(TIMESTAMP, SIGNATURE, BODY, 1_531_420_618), Ok(()));
    }

    #[test]
    fn it_is_good_for_five_minutes_either_way() {
        for (now, expected) in [
            (1_531_420_618 + 300, Ok(())),
            (1_531_420_618 - 300, Ok(())),
            (1_531_420_618 + 301, Err(Bad::Time)),
            (1_531_420_618 - 301, Err(Bad::Time)),
        ] {
            assert_eq!(check(TIMESTAMP, SIGNATURE, BODY, now), expected, "{now}");
        }
    }

    #[test]
    fn no_byte_can_be_another() {
        for at in 0..BODY.len() {
            let mut changed = BODY.as_bytes().to_vec();
            changed[at] ^= 1;
            let changed = String::from_utf8(changed).expect("ASCII");
            assert_eq!(
                check(TIMESTAMP, SIGNATURE, &changed, 1_531_420_618),
                Err(Bad::Signature),
                "byte {at}"
            );
        }
        for (timestamp, signature) in [
            ("1531420619", SIGNATURE),
            ("01531420618", SIGNATURE),
            (
                TIMESTAMP,
                "v0=b2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
            (
                TIMESTAMP,
                "v1=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
            (
                TIMESTAMP,
                "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
            (
                TIMESTAMP,
                "v0=A2114D57B48EAC39B9AD189DD8316235A7B4A8D21A10BD27519666489C69B503",
            ),
            (TIMESTAMP, ""),
        ] {
            assert_eq!(
                check(timestamp, signature, BODY, 1_531_420_618),
                Err(Bad::Signature),
                "{timestamp} {signature}"
            );
        }
        for timestamp in ["", "-1", "+1531420618", "1531420618.0", "99999999999999999999"] {
            assert_eq!(
                check(timestamp, SIGNATURE, BODY, 1_531_420_618),
                Err(Bad::Time),
                "{timestamp}"
            );
        }
    }
}
