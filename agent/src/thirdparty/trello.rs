//! Trello: the application's key and the user's token in an OAuth header, never in a URL, where both would reach logs.

use codestream_protocol::http::ProviderInfo;
use codestream_protocol::lsp::request::Person;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::Value;

use crate::thirdparty::call::token;
use crate::thirdparty::{CallError, Me, Service, by_status, text};

pub(super) static SERVICE: Service = Service {
    name: "trello",
    provider_id: "trello*com",
    display_name: "Trello",
    host: "trello.com",
    api_bases: &["https://api.trello.com/1/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    me: |_| Me::get("members/me"),
    present,
    person,
    refusal: by_status,
};

fn present(account: &ProviderInfo) -> Result<(HeaderName, HeaderValue), CallError> {
    let token = token(account)?;
    let key = text(&account.data, "apiKey").ok_or(CallError::NoToken)?;
    let header = format!(
        r#"OAuth oauth_consumer_key="{}", oauth_token="{}""#,
        escaped(&key),
        escaped(token.expose())
    );
    let value = HeaderValue::try_from(header).map_err(|_| CallError::NoToken)?;
    Ok((AUTHORIZATION, value))
}

/// RFC 5849 §3.6: everything but unreserved characters is percent-encoded.
fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn person(body: &Value) -> Option<Person> {
    let login = text(body, "username");
    Some(Person {
        id: text(body, "id")?,
        name: text(body, "fullName").or_else(|| login.clone())?,
        email: text(body, "email"),
        url: text(body, "url"),
        login,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use codestream_protocol::secret::AccessToken;
    use serde_json::json;

    fn account(token: &str, data: Value) -> ProviderInfo {
        let mut account: ProviderInfo = serde_json::from_value(json!({})).expect("an empty account");
        account.access_token = Some(AccessToken::new(token));
        account.data = data;
        account
    }

    #[test]
    fn key_and_token_are_presented_in_the_header_and_cannot_break_out_of_it() {
        let (_, header) = present(&account("t\"k\r\n", json!({"apiKey": "k1"}))).expect("a header");
        assert_eq!(
            header.to_str().expect("text"),
            r#"OAuth oauth_consumer_key="k1", oauth_token="t%22k%0D%0A""#
        );
    }

    #[test]
    fn without_a_key_there_is_no_call() {
        assert!(matches!(
            present(&account("t", Value::Null)),
            Err(CallError::NoToken)
        ));
    }
}
