//! The token endpoint's answer (RFC 6749 §5), read leniently where real services differ and strictly where it matters.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codestream_protocol::secret::{AccessToken, RefreshToken};
use serde_json::Value;

use super::call::{CallError, Reply};

/// What an exchange or a refresh gave.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: AccessToken,
    pub(crate) refresh: Option<RefreshToken>,
    /// Seconds from now.
    pub(crate) expires_in: Option<u64>,
    /// The claims of an id token that came along (`OpenID` Connect Core §3.1.3.3).
    pub(crate) claims: Option<Value>,
    /// What calls need beside the token, as the answer told it. `Null` or an object.
    pub(crate) data: Value,
    /// A token of the app itself in the user's workspace, for the whole team.
    pub(crate) bot: Option<Bot>,
}

impl Tokens {
    /// A token that never ends and was not exchanged for anything.
    pub(crate) fn alone(access: AccessToken) -> Self {
        Self {
            access,
            refresh: None,
            expires_in: None,
            claims: None,
            data: Value::Null,
            bot: None,
        }
    }
}

/// A token of the app itself in a workspace.
#[derive(Debug, Clone)]
pub(crate) struct Bot {
    /// The workspace's id.
    pub(crate) workspace_id: String,
    pub(crate) access: AccessToken,
    pub(crate) refresh: Option<RefreshToken>,
    /// Seconds from now.
    pub(crate) expires_in: Option<u64>,
    /// What else is known of it. `Null` or an object.
    pub(crate) data: Value,
}

/// An error code of RFC 6749 §5.2 or a service's own; safe to show: at most 64 of `[A-Za-z0-9_.-]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OAuthErrorCode(String);

impl OAuthErrorCode {
    /// Keeps a code that looks like one; anything else becomes `unknown_error`.
    pub(crate) fn of(text: &str) -> Self {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Self(text.to_owned())
        } else {
            Self("unknown_error".to_owned())
        }
    }

    /// Whether this proves that the grant is gone for good, rather than that this one request failed.
    pub(crate) fn ends_the_grant(&self) -> bool {
        matches!(
            self.0.as_str(),
            "invalid_grant" | "bad_refresh_token" | "invalid_refresh_token"
        )
    }

    /// Whether the person said no (RFC 6749 §4.1.2.1).
    pub(crate) fn is_denial(&self) -> bool {
        self.0 == "access_denied"
    }

    /// The code.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OAuthErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a token endpoint gave no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// It answered and refused, with its own code.
    #[error("the service refused: {0}")]
    Refused(OAuthErrorCode),
    /// No answer that decides anything: not reachable, overloaded, or not readable.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Reads an answer. A code in `error` is a refusal whatever the status: some services refuse with 200.
pub(crate) fn read(reply: &Reply) -> Result<Tokens, TokenError> {
    if reply.status == 429 || reply.status >= 500 {
        return Err(CallError::Refused(reply.status).into());
    }
    let ok = (200..300).contains(&reply.status);
    let Ok(Value::Object(body)) = serde_json::from_slice(&reply.body) else {
        return Err(if ok {
            CallError::Decoding("not a JSON object").into()
        } else {
            CallError::Refused(reply.status).into()
        });
    };
    if let Some(error) = ["error", "Error"].iter().find_map(|key| body.get(*key)) {
        return Err(TokenError::Refused(OAuthErrorCode::of(
            error.as_str().unwrap_or_default(),
        )));
    }
    if !ok {
        return Err(CallError::Refused(reply.status).into());
    }
    let text = |key: &str| {
        body.get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let access = text("access_token").ok_or(CallError::Decoding("it holds no access_token"))?;
    Ok(Tokens {
        access: AccessToken::new(access),
        refresh: text("refresh_token").map(RefreshToken::new),
        expires_in: seconds(body.get("expires_in")),
        claims: text("id_token").and_then(claims),
        data: Value::Null,
        bot: None,
    })
}

/// A number of seconds, which is a string at some services.
pub(crate) fn seconds(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The payload of an id token (RFC 7519 §3), which is an object.
fn claims(id_token: &str) -> Option<Value> {
    let payload = id_token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&payload).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Tokens, TokenError> {
        read(&Reply {
            status,
            sent_at: None,
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn a_full_answer_is_read_whole() {
        let tokens = answer(
            200,
            r#"{"access_token":"a","refresh_token":"r","expires_in":28800,"token_type":"bearer"}"#,
        )
        .expect("tokens");
        assert_eq!(tokens.access.expose(), "a");
        assert_eq!(tokens.refresh.expect("a refresh token").expose(), "r");
        assert_eq!(tokens.expires_in, Some(28800));
    }

    #[test]
    fn an_expiry_may_be_a_string_and_a_refresh_token_may_be_left_out() {
        let tokens = answer(
            200,
            r#"{"access_token":"a","expires_in":"60","refresh_token":""}"#,
        )
        .expect("tokens");
        assert_eq!(tokens.expires_in, Some(60));
        assert!(tokens.refresh.is_none());
    }

    #[test]
    fn an_error_is_a_refusal_whatever_the_status() {
        for (status, body, code) in [
            (
                200,
                r#"{"error":"bad_verification_code"}"#,
                "bad_verification_code",
            ),
            (400, r#"{"error":"invalid_grant"}"#, "invalid_grant"),
            (400, r#"{"Error":"invalid_client"}"#, "invalid_client"),
            (200, r#"{"error":"<script>","access_token":"a"}"#, "unknown_error"),
            (200, r#"{"error":7}"#, "unknown_error"),
        ] {
            match answer(status, body) {
                Err(TokenError::Refused(found)) => assert_eq!(found.as_str(), code, "{body}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_decides_nothing_is_no_refusal() {
        for (status, body) in [
            (503, r#"{"error":"invalid_grant"}"#),
            (429, "{}"),
            (404, "not found"),
            (400, "{}"),
            (200, "access_token=a&token_type=bearer"),
            (200, "[]"),
            (200, r#"{"access_token":""}"#),
            (200, ""),
        ] {
            assert!(
                matches!(answer(status, body), Err(TokenError::Call(_))),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn only_codes_about_the_grant_end_it() {
        assert!(OAuthErrorCode::of("invalid_grant").ends_the_grant());
        assert!(OAuthErrorCode::of("bad_refresh_token").ends_the_grant());
        for alive in ["invalid_client", "temporarily_unavailable", "unknown_error"] {
            assert!(!OAuthErrorCode::of(alive).ends_the_grant(), "{alive}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_or_refused(status in 100_u16..600, body in "\\PC{0,60}") {
            let _ = answer(status, &body);
        }
    }
}
