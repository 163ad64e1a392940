//! GitLab: REST version 4 with a bearer token, which personal access tokens are, too.

use codestream_protocol::lsp::request::{CallResult, Person};
use serde_json::Value;

use crate::thirdparty::{Me, SelfHosted, Service, bearer, by_status, text};

pub(super) static SERVICE: Service = Service {
    name: "gitlab",
    provider_id: "gitlab*com",
    display_name: "GitLab",
    host: "gitlab.com",
    api_bases: &["https://gitlab.com/api/v4/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    me: |_| Me::get("user"),
    present: bearer,
    person,
    refusal: by_status,
};

/// GitLab Self-Managed. <https://docs.gitlab.com/api/version/>
pub(super) static SELF_HOSTED: SelfHosted = SelfHosted {
    service: &SERVICE,
    api: "api/v4/",
    probe: "version",
    is_it,
    token: "oauth/token",
};

/// The version is told to members alone; all others get the API's own refusal.
fn is_it(answer: &CallResult) -> bool {
    answer.headers.contains_key("x-gitlab-meta")
        || answer.status == 401
            && text(&answer.body, "message").is_some_and(|text| text == "401 Unauthorized")
}

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
