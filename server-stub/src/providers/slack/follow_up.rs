//! What whoever pressed a button or sent a form sees in Slack afterwards, and nobody else.
//! <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>

use serde_json::{Value, json};
use url::Url;

use crate::providers::call::{self, CallError};
use crate::providers::description::Bases;
use crate::providers::service::Caller;

/// Where Slack takes follow-ups.
const HOME: &str = "https://hooks.slack.com/";

const TOLD: &str = "Passed on to your IDE.";
const NOBODY: &str = "This did not reach an IDE: nobody in CodeStream has connected Slack as you. Open CodeStream in your \
                      IDE, press *Connect to Slack*, and try again.";

/// Says in Slack whether anybody was told.
pub(super) async fn send(caller: Caller<'_>, letter: &Value, told: bool) -> Result<(), CallError> {
    let Some(address) = address(letter) else {
        return Ok(());
    };
    let url = checked(caller.bases, address).ok_or(CallError::Decoding("no response URL of Slack's"))?;
    let message = json!({
        "response_type": "ephemeral",
        "replace_original": false,
        "text": if told { TOLD } else { NOBODY },
    });
    let reply = call::send(caller.http.post(url).json(&message)).await?;
    if (200..300).contains(&reply.status) {
        Ok(())
    } else {
        Err(CallError::Refused(reply.status))
    }
}

/// A button has one; a form only where it has an input that asks for it.
fn address(letter: &Value) -> Option<&str> {
    letter["response_url"]
        .as_str()
        .or_else(|| letter["response_urls"][0]["response_url"].as_str())
}

/// A letter names a URL that this server is to call: no other host than Slack's is, whoever has signed the letter.
fn checked(bases: &Bases, address: &str) -> Option<Url> {
    let home = if bases.web.as_str() == super::DESCRIPTION.web {
        Url::parse(HOME).expect("a URL")
    } else {
        bases.web.clone()
    };
    let url = Url::parse(address).ok()?;
    let anonymous = url.username().is_empty() && url.password().is_none();
    let slacks = url.origin() == home.origin() && url.path().starts_with(home.path());
    (anonymous && slacks).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slacks_own_host_is_called() {
        let bases = Bases::own(&super::super::DESCRIPTION);
        for good in [
            "https://hooks.slack.com/actions/T0ACME000/1/x",
            "https://hooks.slack.com:443/app/T0ACME000/1/x",
        ] {
            assert!(checked(&bases, good).is_some(), "{good}");
        }
        for bad in [
            "",
            "http://hooks.slack.com/actions/x",
            "https://hooks.slack.com:8443/actions/x",
            "https://slack.com/actions/x",
            "https://hooks.slack.com.evil.example/x",
            "https://evil.example/hooks.slack.com/",
            "https://hooks.slack.com@evil.example/x",
            "https://evil.example@hooks.slack.com/x",
            "https://evil.example#hooks.slack.com",
            "http://169.254.169.254/latest/meta-data/",
            "http://localhost:12080/sandbox/slack/actions/x",
            "file:///etc/passwd",
        ] {
            assert!(checked(&bases, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn in_the_sandbox_only_its_slack_is_called() {
        let bases = Bases::sandbox(
            &super::super::DESCRIPTION,
            &"http://localhost:12080/".parse().expect("a URL"),
        );
        let address = |text: &str| checked(&bases, text).is_some();
        assert!(address("http://localhost:12080/sandbox/slack/actions/T/1/x"));
        assert!(!address("http://localhost:12080/sandbox/slack/../control/faults"));
        assert!(!address(
            "http://localhost:12080/sandbox/slack/%2e%2e/control/faults"
        ));
        assert!(!address("http://localhost:12081/sandbox/slack/actions/T/1/x"));
        assert!(!address("https://hooks.slack.com/actions/T0ACME000/1/x"));
    }

    #[test]
    fn a_button_and_a_form_name_it_in_their_own_way() {
        assert_eq!(address(&json!({"response_url": "a"})), Some("a"));
        assert_eq!(
            address(&json!({"response_urls": [{"response_url": "b"}]})),
            Some("b")
        );
        assert_eq!(address(&json!({"response_urls": []})), None);
    }
}
