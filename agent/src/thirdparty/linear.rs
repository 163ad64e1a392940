//! Linear: GraphQL with a bearer token. A refusal is an error in the body, whatever the status.

use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{CallResult, Person};
use serde_json::Value;

use crate::thirdparty::refusal::Refusal;
use crate::thirdparty::{Me, Service, bearer, text};

pub(super) static SERVICE: Service = Service {
    name: "linear",
    provider_id: "linear*app",
    display_name: "Linear",
    host: "linear.app",
    api_bases: &["https://api.linear.app/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    me: |_| Me {
        method: "POST",
        path: "graphql",
        base: None,
        body: Some(r#"{"query":"{ viewer { id name displayName email url } }"}"#),
    },
    present: bearer,
    person,
    refusal,
};

/// <https://linear.app/developers/rate-limiting>
fn refusal(service: &Service, answer: &CallResult) -> Option<Refusal> {
    let errors = answer.body.get("errors")?.as_array()?;
    let has = |code: &str| errors.iter().any(|error| error["extensions"]["code"] == code);
    if has("AUTHENTICATION_ERROR") {
        return Some(Refusal::token(service));
    }
    if has("RATELIMITED") {
        return Some(Refusal::paused(service, answer));
    }
    has("FORBIDDEN").then(|| Refusal::new(ErrorKind::Forbidden, "Linear does not allow this."))
}

fn person(body: &Value) -> Option<Person> {
    let viewer = &body["data"]["viewer"];
    let login = text(viewer, "displayName");
    Some(Person {
        id: text(viewer, "id")?,
        name: text(viewer, "name").or_else(|| login.clone())?,
        email: text(viewer, "email"),
        url: text(viewer, "url"),
        login,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_is_the_viewer() {
        let viewer = json!({"id": "v", "name": "", "displayName": "mona", "email": "mona@example.com"});
        let person = person(&json!({"data": {"viewer": viewer}})).expect("a person");
        assert_eq!((person.id.as_str(), person.name.as_str()), ("v", "mona"));
        assert_eq!(super::person(&json!({"data": null, "errors": []})), None);
    }

    #[test]
    fn a_refusal_is_read_from_the_body() {
        for (status, code, kind) in [
            (401, "AUTHENTICATION_ERROR", Some(ErrorKind::TokenRevoked)),
            (400, "AUTHENTICATION_ERROR", Some(ErrorKind::TokenRevoked)),
            (200, "AUTHENTICATION_ERROR", Some(ErrorKind::TokenRevoked)),
            (400, "RATELIMITED", Some(ErrorKind::RateLimited)),
            (200, "FORBIDDEN", Some(ErrorKind::Forbidden)),
            (200, "INPUT_ERROR", None),
        ] {
            let answer = CallResult {
                status,
                headers: std::collections::BTreeMap::new(),
                body: json!({"errors": [{"message": "x", "extensions": {"code": code}}]}),
            };
            let found = Refusal::of(&SERVICE, &answer);
            assert_eq!(found.map(|found| found.kind), kind, "{status} {code}");
        }
    }
}
