//! Slack: the Web API with a bearer token. Refusals have status 200 and `ok: false`.

use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{CallResult, Person};
use serde_json::Value;

use crate::thirdparty::refusal::Refusal;
use crate::thirdparty::{Me, Service, bearer, text};

pub(super) static SERVICE: Service = Service {
    name: "slack",
    provider_id: "slack*com",
    display_name: "Slack",
    host: "slack.com",
    api_bases: &["https://slack.com/api/"],
    own_domains: &[],
    token_fields: &[],
    accept: "application/json",
    me: |_| Me::get("auth.test"),
    present: bearer,
    person,
    refusal,
};

/// <https://docs.slack.dev/reference/methods/auth.test#errors>
fn refusal(service: &Service, answer: &CallResult) -> Option<Refusal> {
    if answer.body.get("ok")? != false {
        return None;
    }
    let error = text(&answer.body, "error").unwrap_or_default();
    Some(match error.as_str() {
        "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive" | "not_authed" => {
            Refusal::token(service)
        }
        "ratelimited" => Refusal::paused(service, answer),
        "org_login_required" => Refusal::new(
            ErrorKind::SsoRequired,
            "Your Slack organisation wants its single sign-on first. Sign in to Slack in the browser, then try again.",
        ),
        "team_access_not_granted" | "app_approval_required" => Refusal::new(
            ErrorKind::AdminApproval,
            "A Slack administrator must approve CodeStream for your workspace. Ask yours, then try again.",
        ),
        _ => Refusal::new(
            ErrorKind::Forbidden,
            format!("Slack does not allow this ({error})."),
        ),
    })
}

fn person(body: &Value) -> Option<Person> {
    let login = text(body, "user")?;
    Some(Person {
        id: format!("{}:{}", text(body, "team_id")?, text(body, "user_id")?),
        name: login.clone(),
        email: None,
        url: text(body, "url"),
        login: Some(login),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_with_status_200_is_one() {
        for (body, kind) in [
            (json!({"ok": true, "user": "mona"}), None),
            (
                json!({"ok": false, "error": "token_expired"}),
                Some(ErrorKind::TokenRevoked),
            ),
            (
                json!({"ok": false, "error": "ratelimited"}),
                Some(ErrorKind::RateLimited),
            ),
            (
                json!({"ok": false, "error": "org_login_required"}),
                Some(ErrorKind::SsoRequired),
            ),
            (
                json!({"ok": false, "error": "team_access_not_granted"}),
                Some(ErrorKind::AdminApproval),
            ),
            (
                json!({"ok": false, "error": "missing_scope"}),
                Some(ErrorKind::Forbidden),
            ),
            (json!("ok"), None),
        ] {
            let answer = CallResult {
                status: 200,
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

    #[test]
    fn a_person_is_of_one_workspace() {
        let body = json!({"ok": true, "user": "mona", "user_id": "U1", "team_id": "T1", "url": "https://acme.slack.com/"});
        assert_eq!(person(&body).expect("a person").id, "T1:U1");
    }
}
