//! GitLab: REST version 4 with a bearer token, which personal access tokens are, too.

use codestream_protocol::lsp::request::Person;
use serde_json::Value;

use crate::thirdparty::{Me, Service, bearer, by_status, text};

pub(super) static SERVICE: Service = Service {
    name: "gitlab",
    provider_id: "gitlab*com",
    display_name: "GitLab",
    host: "gitlab.com",
    api_bases: &["https://gitlab.com/api/v4/"],
    own_domains: &[],
    accept: "application/json",
    me: |_| Me::get("user"),
    present: bearer,
    person,
    refusal: by_status,
};

fn person(body: &Value) -> Option<Person> {
    let login = text(body, "username")?;
    Some(Person {
        id: body.get("id")?.as_u64()?.to_string(),
        name: text(body, "name").unwrap_or_else(|| login.clone()),
        email: text(body, "email").or_else(|| text(body, "public_email")),
        url: text(body, "web_url"),
        login: Some(login),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_has_an_id_and_a_user_name() {
        let body = json!({"id": 7, "username": "mona", "name": "", "email": "", "public_email": "m@example.com", "web_url": "https://gitlab.com/mona"});
        let person = person(&body).expect("a person");
        assert_eq!((person.id.as_str(), person.name.as_str()), ("7", "mona"));
        assert_eq!(person.email.as_deref(), Some("m@example.com"));
        assert_eq!(super::person(&json!({"message": "401 Unauthorized"})), None);
    }
}
