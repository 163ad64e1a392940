//! New Relic: `NerdGraph`, with a header that depends on the kind of token. `Authorization` is not read.

use codestream_protocol::http::ProviderInfo;
use codestream_protocol::lsp::request::{CallResult, Person};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::thirdparty::call::token;
use crate::thirdparty::refusal::Refusal;
use crate::thirdparty::{CallError, Me, Service, text};

pub(super) static SERVICE: Service = Service {
    name: "newrelic",
    provider_id: "newrelic*com",
    display_name: "New Relic",
    host: "newrelic.com",
    api_bases: &["https://api.newrelic.com/", "https://api.eu.newrelic.com/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    me: |_| Me {
        method: "POST",
        body: Some(r#"{"query":"{ actor { user { id name email } } }"}"#),
        ..Me::get("graphql")
    },
    present,
    person,
    refusal,
};

/// The identity provider's tokens say in the account's data which kind they are; the user's own key says nothing.
fn present(account: &ProviderInfo) -> Result<(HeaderName, HeaderValue), CallError> {
    let name = match text(&account.data, "tokenKind").as_deref() {
        Some("id") => "x-id-token",
        Some("access") => "x-access-token",
        _ => "api-key",
    };
    let value = HeaderValue::try_from(token(account)?.expose()).map_err(|_| CallError::NoToken)?;
    Ok((HeaderName::from_static(name), value))
}

/// A key of another region, or none of a user, may be answered with status 200 and errors.
fn refusal(service: &Service, answer: &CallResult) -> Option<Refusal> {
    let bad_key = |error: &Value| error["extensions"]["error_code"] == "BAD_API_KEY";
    let errors = answer.body.get("errors")?.as_array()?;
    errors.iter().any(bad_key).then(|| Refusal::token(service))
}

fn person(body: &Value) -> Option<Person> {
    let user = &body["data"]["actor"]["user"];
    let email = text(user, "email");
    Some(Person {
        id: user.get("id")?.as_u64()?.to_string(),
        name: text(user, "name").or_else(|| email.clone())?,
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

    #[test]
    fn the_kind_of_token_decides_the_header() {
        for (data, name) in [
            (json!({"tokenKind": "id"}), "x-id-token"),
            (json!({"tokenKind": "access"}), "x-access-token"),
            (Value::Null, "api-key"),
        ] {
            let mut account: ProviderInfo = serde_json::from_value(json!({})).expect("an empty account");
            account.access_token = Some(AccessToken::new("t"));
            account.data = data;
            assert_eq!(present(&account).expect("a header").0.as_str(), name);
        }
    }

    #[test]
    fn a_bad_key_is_told_by_its_code() {
        let answer = |body| CallResult {
            status: 200,
            headers: std::collections::BTreeMap::new(),
            body,
        };
        let bad = json!({"errors": [{"extensions": {"error_code": "BAD_API_KEY"}, "message": "x"}]});
        assert!(refusal(&SERVICE, &answer(bad)).is_some());
        assert!(refusal(&SERVICE, &answer(json!({"errors": [{"message": "x"}]}))).is_none());
        let me = json!({"data": {"actor": {"user": {"id": 7, "name": "Mona", "email": "m@example.com"}}}});
        assert_eq!(person(&me).expect("a person").id, "7");
    }
}
