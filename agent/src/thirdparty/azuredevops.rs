//! Azure DevOps: REST with a bearer token. Paths begin with the organisation: `{organization}/_apis/...`.

use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{CallResult, Person};
use serde_json::Value;

use crate::thirdparty::refusal::Refusal;
use crate::thirdparty::{Me, Service, bearer, text};

pub(super) static SERVICE: Service = Service {
    name: "azuredevops",
    provider_id: "dev*azure*com",
    display_name: "Azure DevOps",
    host: "dev.azure.com",
    api_bases: &["https://dev.azure.com/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    // People belong to no organisation.
    me: |_| Me {
        base: Some("https://app.vssps.visualstudio.com/"),
        ..Me::get("_apis/profile/profiles/me?api-version=7.1")
    },
    present: bearer,
    person,
    refusal,
};

/// Where an organisation's administrator lets third-party apps in.
const POLICY: &str = "https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/change-application-access-policies";

/// A token that is not accepted gets the sign-in page, with a status of success. An organisation that keeps third-party apps
/// out answers 401, which a new token would not change.
fn refusal(service: &Service, answer: &CallResult) -> Option<Refusal> {
    let page = answer.body.as_str().unwrap_or_default();
    match answer.status {
        203 => Some(Refusal::token(service)),
        401 if page.contains("TF400813") || text(&answer.body, "message").is_some_and(|text| text.contains("TF400813")) => {
            Some(Refusal {
                kind: ErrorKind::AdminApproval,
                message: "Your Azure DevOps organisation keeps third-party apps out. Ask its administrator to switch on \
                          “Third-party application access via OAuth”."
                    .to_owned(),
                link: Some(POLICY.to_owned()),
            })
        }
        _ => None,
    }
}

fn person(body: &Value) -> Option<Person> {
    let email = text(body, "emailAddress");
    Some(Person {
        id: text(body, "id")?,
        name: text(body, "displayName").or_else(|| email.clone())?,
        login: email.clone(),
        email,
        url: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sign_in_page_is_a_refused_token_and_a_closed_organisation_is_not() {
        for (status, body, kind) in [
            (203, json!("<html>Sign In</html>"), Some(ErrorKind::TokenRevoked)),
            (
                401,
                json!("TF400813: The user is not authorized"),
                Some(ErrorKind::AdminApproval),
            ),
            (
                401,
                json!({"message": "TF400813: The user is not authorized"}),
                Some(ErrorKind::AdminApproval),
            ),
            (401, json!("gone"), None),
            (200, json!({}), None),
        ] {
            let answer = CallResult {
                status,
                headers: std::collections::BTreeMap::new(),
                body,
            };
            assert_eq!(
                refusal(&SERVICE, &answer).map(|refusal| refusal.kind),
                kind,
                "{answer:?}"
            );
        }
    }
}
