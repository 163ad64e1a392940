//! What the bot says, through the Connector. <https://learn.microsoft.com/en-us/azure/bot-service/rest-api/bot-framework-rest-connector-send-and-receive-messages>

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::providers::call::{self, CallError};
use crate::providers::description::below;
use crate::providers::service::Caller;

/// Of the bot itself, whichever tenant it speaks in.
const TOKEN: &str = "botframework.com/oauth2/v2.0/token";
const SCOPE: &str = "https://api.botframework.com/.default";

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

/// Says something in a conversation. `service_url` is one that an activity was proven with: the bot's token goes there.
pub(super) async fn say(
    caller: Caller<'_>,
    service_url: &str,
    conversation: &str,
    message: &Value,
) -> Result<(), CallError> {
    let wrong = || CallError::Decoding("no usable service URL");
    let mut url = Url::parse(service_url).map_err(|_| wrong())?;
    let real = caller.bases.web.as_str() == super::DESCRIPTION.web;
    if real && url.scheme() != "https" {
        return Err(wrong());
    }
    url.path_segments_mut()
        .map_err(|()| wrong())?
        .pop_if_empty()
        .extend(["v3", "conversations", conversation, "activities"]);
    let token: Granted = call::send(caller.http.post(below(&caller.bases.web, TOKEN)).form(&[
        ("grant_type", "client_credentials"),
        ("client_id", caller.app.client_id.as_str()),
        ("client_secret", caller.secret()),
        ("scope", SCOPE),
    ]))
    .await?
    .json()?;
    let request = caller
        .http
        .post(url)
        .bearer_auth(token.access_token)
        .json(message);
    let reply = call::send(request).await?;
    if (200..300).contains(&reply.status) {
        Ok(())
    } else {
        Err(CallError::Refused(reply.status))
    }
}

/// A plain message.
pub(super) fn text(text: &str) -> Value {
    json!({ "type": "message", "text": text })
}

/// The card that asks for a connect code.
pub(super) fn sign_in_card() -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard",
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "version": "1.4",
                "body": [
                    { "type": "TextBlock", "wrap": true, "text":
                        "Get a code in your IDE (CodeStream: Connect to Microsoft Teams), and paste it here within ten minutes." },
                    { "type": "Input.Text", "id": "signInCode", "placeholder": "Code" },
                ],
                "actions": [
                    { "type": "Action.Submit", "title": "Sign in", "data": { "action": "signin" } },
                ],
            },
        }],
    })
}
