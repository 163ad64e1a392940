//! Jira Cloud: REST with a bearer token below `ex/jira/{cloudId}/`, or with the user's own API token at the user's own site.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codestream_protocol::http::ProviderInfo;
use codestream_protocol::lsp::request::Person;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::Value;

use crate::thirdparty::call::token;
use crate::thirdparty::{CallError, Me, Service, bearer, by_status, text};

pub(super) static SERVICE: Service = Service {
    name: "jira",
    provider_id: "auth*atlassian*com",
    display_name: "Jira",
    host: "auth.atlassian.com",
    api_bases: &["https://api.atlassian.com/"],
    own_domains: &["atlassian.net"],
    token_fields: &[
        (
            "email",
            "The e-mail address of the account that made the token",
            "you@example.com",
        ),
        (
            "apiBase",
            "Your site, or any of its pages",
            "https://acme.atlassian.net/",
        ),
    ],
    accept: "application/json",
    me,
    present,
    person,
    refusal: by_status,
};

fn me(account: &ProviderInfo) -> Me {
    if account.is_api_token {
        Me::get("rest/api/3/myself")
    } else {
        Me::get("me")
    }
}

/// An API token goes with the e-mail address of its maker. <https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/>
fn present(account: &ProviderInfo) -> Result<(HeaderName, HeaderValue), CallError> {
    if !account.is_api_token {
        return bearer(account);
    }
    let email = text(&account.data, "email").ok_or_else(|| {
        CallError::Params("`data.email` must be the e-mail address that the token was made with, and `data.apiBase` the site, e.g. https://acme.atlassian.net/.".to_owned())
    })?;
    let pair = STANDARD.encode(format!("{email}:{}", token(account)?.expose()));
    let value = HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| CallError::NoToken)?;
    Ok((AUTHORIZATION, value))
}

/// `/me` and `/rest/api/3/myself` name the same things differently.
fn person(body: &Value) -> Option<Person> {
    let email = text(body, "email").or_else(|| text(body, "emailAddress"));
    Some(Person {
        id: text(body, "account_id").or_else(|| text(body, "accountId"))?,
        name: text(body, "name").or_else(|| text(body, "displayName"))?,
        login: email.clone(),
        email,
        url: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use codestream_protocol::secret::AccessToken;
    use serde_json::json;

    fn account(is_api_token: bool, data: Value) -> ProviderInfo {
        let mut account: ProviderInfo = serde_json::from_value(json!({})).expect("an empty account");
        account.access_token = Some(AccessToken::new("t"));
        account.is_api_token = is_api_token;
        account.data = data;
        account
    }

    #[test]
    fn a_token_of_ones_own_goes_with_the_e_mail_address() {
        let (_, value) = present(&account(true, json!({"email": "m@example.com"}))).expect("a header");
        assert_eq!(value.to_str().expect("text"), "Basic bUBleGFtcGxlLmNvbTp0");
        assert!(matches!(
            present(&account(true, Value::Null)),
            Err(CallError::Params(_))
        ));
        let (_, value) = present(&account(false, Value::Null)).expect("a header");
        assert_eq!(value.to_str().expect("text"), "Bearer t");
    }

    #[test]
    fn both_answers_name_a_person() {
        for body in [
            json!({"account_id": "1", "name": "Mona", "email": "m@example.com"}),
            json!({"accountId": "1", "displayName": "Mona", "emailAddress": "m@example.com"}),
        ] {
            let person = person(&body).expect("a person");
            assert_eq!(
                (person.id.as_str(), person.name.as_str(), person.email.as_deref()),
                ("1", "Mona", Some("m@example.com"))
            );
        }
    }
}
