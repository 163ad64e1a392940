//! GitHub: REST with a bearer token.

use codestream_protocol::http::ProviderInfo;
use codestream_protocol::lsp::request::Person;
use reqwest::header::HeaderValue;
use serde_json::Value;

use crate::thirdparty::call::token;
use crate::thirdparty::{CallError, Service, text};

pub(super) static SERVICE: Service = Service {
    name: "github",
    provider_id: "github*com",
    display_name: "GitHub",
    host: "github.com",
    api_base: "https://api.github.com/",
    accept: "application/vnd.github+json",
    me: "user",
    authorize,
    person,
};

fn authorize(account: &ProviderInfo) -> Result<HeaderValue, CallError> {
    HeaderValue::try_from(format!("Bearer {}", token(account)?.expose())).map_err(|_| CallError::NoToken)
}

fn person(body: &Value) -> Option<Person> {
    let login = text(body, "login")?;
    Some(Person {
        id: body.get("id")?.as_u64()?.to_string(),
        name: text(body, "name").unwrap_or_else(|| login.clone()),
        email: text(body, "email"),
        url: text(body, "html_url"),
        login: Some(login),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_without_a_name_is_known_by_the_login() {
        let body = json!({"id": 583_231, "login": "octocat", "name": null, "email": null, "html_url": "https://github.com/octocat"});
        let person = person(&body).expect("a person");
        assert_eq!((person.id.as_str(), person.name.as_str()), ("583231", "octocat"));
        assert_eq!(person.email, None);
        assert_eq!(super::person(&json!({"message": "Bad credentials"})), None);
    }
}
