//! Asana: REST with a bearer token; answers stand in `data`.

use codestream_protocol::lsp::request::Person;
use serde_json::Value;

use crate::thirdparty::{Me, Service, bearer, by_status, text};

pub(super) static SERVICE: Service = Service {
    name: "asana",
    provider_id: "app*asana*com",
    display_name: "Asana",
    host: "app.asana.com",
    api_bases: &["https://app.asana.com/api/1.0/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    me: |_| Me::get("users/me"),
    present: bearer,
    person,
    refusal: by_status,
};

fn person(body: &Value) -> Option<Person> {
    let user = body.get("data")?;
    let (id, email) = (text(user, "gid")?, text(user, "email"));
    Some(Person {
        name: text(user, "name")
            .or_else(|| email.clone())
            .unwrap_or_else(|| id.clone()),
        login: email.clone(),
        url: Some(format!("https://app.asana.com/0/profile/{id}")),
        email,
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_stands_in_an_envelope() {
        let body = json!({"data": {"gid": "12", "name": "", "email": "mona@example.com", "workspaces": []}});
        let person = person(&body).expect("a person");
        assert_eq!(
            (person.id.as_str(), person.name.as_str()),
            ("12", "mona@example.com")
        );
        assert_eq!(super::person(&json!({"gid": "12"})), None);
        assert_eq!(
            super::person(&json!({"errors": [{"message": "Not Authorized"}]})),
            None
        );
    }
}
