//! What services behind the Microsoft identity platform share: Entra ID signs in, and its id token says who somebody is.
//! <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow>

use codestream_protocol::http::Revoked;
use serde_json::Value;
use url::Url;

use super::description::{Bases, Description, below};
use super::person::{Email, Person, Place, Workspace};
use super::service::{self, Ask, OAuthApp};

/// Work and school accounts: the resources asked for know no personal ones.
pub(super) const AUTHORIZE: &str = "organizations/oauth2/v2.0/authorize";
/// As [`AUTHORIZE`].
pub(super) const TOKEN: &str = "organizations/oauth2/v2.0/token";

/// There is no endpoint; a person or an administrator removes the app.
pub(super) const REVOKED: Revoked = Revoked::Unsupported;

/// What only an administrator can mend: consent that users may not give, and apps that a user is not assigned to.
const APPROVALS: [&str; 4] = ["AADSTS90094", "AADSTS90095", "AADSTS65001", "AADSTS50105"];

/// The authorization request; a page is shown also to whoever is signed in.
pub(super) fn authorize(of: &Description, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
    let mut query = vec![
        ("client_id", app.client_id.clone()),
        ("response_type", "code".to_owned()),
        ("response_mode", "query".to_owned()),
        ("redirect_uri", ask.redirect_uri.to_string()),
        ("scope", service::scope(of)),
        ("state", ask.state.to_owned()),
        ("prompt", "select_account".to_owned()),
    ];
    query.extend(service::pkce(ask));
    query
}

/// Where an administrator consents for everybody in the organisation.
/// <https://learn.microsoft.com/en-us/entra/identity-platform/v2-admin-consent>
pub(super) fn approval_url(app: &OAuthApp, bases: &Bases) -> Url {
    let mut url = below(&bases.web, "organizations/adminconsent");
    url.query_pairs_mut().append_pair("client_id", &app.client_id);
    url
}

/// The person of an id token: `oid` is immutable within its tenant `tid`, `sub` only within one app.
pub(super) fn person(claims: &Value) -> Option<Person> {
    let (tenant, object) = (text(claims, "tid")?, text(claims, "oid")?);
    let login = text(claims, "preferred_username").or_else(|| text(claims, "name"))?;
    Some(Person {
        subject: format!("{tenant}:{object}"),
        name: text(claims, "name").map(str::to_owned),
        place: Place::Only(Workspace {
            id: tenant.to_owned(),
            name: login.rsplit('@').next().unwrap_or(tenant).to_owned(),
            url: None,
        }),
        login: login.to_owned(),
    })
}

/// `email` is whatever an administrator typed; only `xms_edov` says that the domain's owner is proven. It is an optional claim
/// of the app's registration, and true, 1 or "1".
pub(super) fn email(claims: Option<&Value>) -> Email {
    let Some(claims) = claims else {
        return Email::Missing;
    };
    let proven = match claims.get("xms_edov") {
        Some(Value::Bool(proven)) => *proven,
        Some(Value::String(text)) => text == "1" || text == "true",
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        _ => false,
    };
    match text(claims, "email") {
        Some(email) if proven => Email::Verified(email.to_lowercase()),
        Some(_) => Email::Unverified,
        None => Email::Missing,
    }
}

/// The reason stands only in the description.
pub(super) fn needs_approval(description: &str) -> bool {
    APPROVALS.iter().any(|code| description.contains(code))
}

fn text<'a>(claims: &'a Value, key: &str) -> Option<&'a str> {
    claims.get(key)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_is_known_by_tenant_and_object() {
        let claims = json!({"tid": "t", "oid": "o", "sub": "s", "name": "Mona", "preferred_username": "mona@example.com"});
        let person = person(&claims).expect("a person");
        assert_eq!(
            (person.subject.as_str(), person.login.as_str()),
            ("t:o", "mona@example.com")
        );
        assert!(
            matches!(person.place, Place::Only(workspace) if workspace.id == "t" && workspace.name == "example.com")
        );
        assert_eq!(super::person(&json!({"oid": "o", "name": "Mona"})), None);
    }

    #[test]
    fn only_a_proven_domain_proves_an_address() {
        for (claims, expected) in [
            (
                json!({"email": "A@Example.com", "xms_edov": true}),
                Email::Verified("a@example.com".into()),
            ),
            (
                json!({"email": "a@example.com", "xms_edov": "1"}),
                Email::Verified("a@example.com".into()),
            ),
            (
                json!({"email": "a@example.com", "xms_edov": 1}),
                Email::Verified("a@example.com".into()),
            ),
            (
                json!({"email": "a@example.com", "xms_edov": false}),
                Email::Unverified,
            ),
            (
                json!({"email": "a@example.com", "xms_edov": "0"}),
                Email::Unverified,
            ),
            (
                json!({"email": "a@example.com", "email_verified": true}),
                Email::Unverified,
            ),
            (json!({"xms_edov": true}), Email::Missing),
        ] {
            assert_eq!(email(Some(&claims)), expected, "{claims}");
        }
        assert_eq!(email(None), Email::Missing);
    }

    #[test]
    fn an_administrators_consent_is_told_apart_from_a_persons_no() {
        assert!(needs_approval(
            "AADSTS90094: An administrator of x has set a policy that prevents you"
        ));
        assert!(!needs_approval(
            "AADSTS65004: User declined to consent to access the app."
        ));
    }
}
