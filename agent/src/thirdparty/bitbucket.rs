//! Bitbucket Cloud: REST version 2.0 with a bearer token.

use codestream_protocol::lsp::request::Person;
use serde_json::Value;

use crate::thirdparty::{Me, Service, bearer, by_status, text};

pub(super) static SERVICE: Service = Service {
    name: "bitbucket",
    provider_id: "bitbucket*org",
    display_name: "Bitbucket",
    host: "bitbucket.org",
    api_bases: &["https://api.bitbucket.org/2.0/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    me: |_| Me::get("user"),
    present: bearer,
    person,
    refusal: by_status,
};

/// The uuid stays when somebody takes another name. Addresses are elsewhere, in pages.
fn person(body: &Value) -> Option<Person> {
    let id = text(body, "uuid")?;
    let login = text(body, "username").or_else(|| text(body, "nickname"));
    Some(Person {
        name: text(body, "display_name")
            .or_else(|| login.clone())
            .unwrap_or_else(|| id.clone()),
        email: None,
        url: text(&body["links"]["html"], "href"),
        login,
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_is_known_by_the_uuid() {
        let body = json!({"uuid": "{u}", "nickname": "mona", "links": {"html": {"href": "https://bitbucket.org/%7Bu%7D/"}}});
        let person = person(&body).expect("a person");
        assert_eq!((person.id.as_str(), person.name.as_str()), ("{u}", "mona"));
        assert_eq!(person.url.as_deref(), Some("https://bitbucket.org/%7Bu%7D/"));
        assert_eq!(
            super::person(&json!({"type": "error", "error": {"message": "x"}})),
            None
        );
    }
}
