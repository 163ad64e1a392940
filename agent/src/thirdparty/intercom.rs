//! Intercom: REST with a bearer token. An account of another region than the usual one has its own base.

use codestream_protocol::lsp::request::Person;
use serde_json::Value;

use crate::thirdparty::{Me, Service, bearer, by_status, text};

pub(super) static SERVICE: Service = Service {
    name: "intercom",
    provider_id: "app*intercom*com",
    display_name: "Intercom",
    host: "app.intercom.com",
    api_bases: &[
        "https://api.intercom.io/",
        "https://api.eu.intercom.io/",
        "https://api.au.intercom.io/",
    ],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    me: |_| Me::get("me"),
    present: bearer,
    person,
    refusal: by_status,
};

fn person(body: &Value) -> Option<Person> {
    let (id, email) = (text(body, "id")?, text(body, "email"));
    Some(Person {
        name: text(body, "name")
            .or_else(|| email.clone())
            .unwrap_or_else(|| id.clone()),
        login: email.clone(),
        url: None,
        email,
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_without_a_name_is_known_by_the_address() {
        let body = json!({"type": "admin", "id": "7", "name": null, "email": "mona@example.com"});
        let person = person(&body).expect("a person");
        assert_eq!(
            (person.id.as_str(), person.name.as_str()),
            ("7", "mona@example.com")
        );
        assert_eq!(super::person(&json!({"type": "error.list", "errors": []})), None);
    }
}
