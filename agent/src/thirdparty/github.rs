//! GitHub: REST with a bearer token.

use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{CallResult, Person};
use serde_json::Value;

use crate::thirdparty::refusal::Refusal;
use crate::thirdparty::{Me, SelfHosted, Service, bearer, text};

pub(super) static SERVICE: Service = Service {
    name: "github",
    provider_id: "github*com",
    display_name: "GitHub",
    host: "github.com",
    api_bases: &["https://api.github.com/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/vnd.github+json",
    me: |_| Me::get("user"),
    present: bearer,
    person,
    refusal,
};

/// GitHub Enterprise Server. <https://docs.github.com/en/enterprise-server@3.17/rest/meta/meta#get-github-meta-information>
pub(super) static SELF_HOSTED: SelfHosted = SelfHosted {
    service: &SERVICE,
    api: "api/v3/",
    probe: "meta",
    is_it,
    token: "login/oauth/access_token",
};

/// Its version, or in private mode the refusal of whoever is not signed in.
fn is_it(answer: &CallResult) -> bool {
    answer.body.get("installed_version").is_some()
        || answer.headers.contains_key("x-github-enterprise-version")
        || answer.status == 401
            && text(&answer.body, "documentation_url").is_some_and(|url| url.contains("docs.github.com"))
}

/// An organisation with SAML: `X-GitHub-SSO: required; url=https://...` on a 403.
/// <https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api>
fn refusal(_: &Service, answer: &CallResult) -> Option<Refusal> {
    let sign_on = answer.headers.get("x-github-sso")?;
    if answer.status != 403 || !sign_on.starts_with("required") {
        return None;
    }
    let link = sign_on.split_once("url=").map(|(_, url)| url.trim());
    Some(Refusal {
        kind: ErrorKind::SsoRequired,
        message: "Your organisation wants its single sign-on before GitHub may be used.".to_owned(),
        link: link.filter(|url| url.starts_with("https://")).map(str::to_owned),
    })
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

    #[test]
    fn an_organisation_with_saml_is_told_with_its_link() {
        for (status, header, expected) in [
            (
                403,
                "required; url=https://github.com/orgs/x/sso",
                Some(Some("https://github.com/orgs/x/sso")),
            ),
            (403, "required; url=javascript:x", Some(None)),
            (403, "partial-results; organizations=1", None),
            (200, "required; url=https://github.com/orgs/x/sso", None),
        ] {
            let answer = CallResult {
                status,
                headers: [("x-github-sso".to_owned(), header.to_owned())].into(),
                body: Value::Null,
            };
            let found = refusal(&SERVICE, &answer);
            assert_eq!(
                found.as_ref().map(|found| found.link.as_deref()),
                expected,
                "{status} {header}"
            );
            assert!(found.is_none_or(|found| found.kind == ErrorKind::SsoRequired));
        }
    }
}
