//! What the bot says, and who hears it, through the Connector. <https://learn.microsoft.com/en-us/azure/bot-service/rest-api/bot-framework-rest-connector-send-and-receive-messages>

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::providers::call::{self, CallError};
use crate::providers::description::below;
use crate::providers::service::Caller;

/// Of the bot itself, whichever tenant it speaks in.
const TOKEN: &str = "botframework.com/oauth2/v2.0/token";
const SCOPE: &str = "https://api.botframework.com/.default";

/// The most that a page has.
const PAGE_SIZE: &str = "500";
/// A team has 25,000 members at most.
const MOST_PAGES: usize = 100;

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

/// A page of a roster.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    members: Vec<Member>,
    continuation_token: Option<String>,
}

/// Somebody in a conversation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    pub(super) id: String,
    /// `objectId` in older answers.
    #[serde(alias = "objectId")]
    pub(super) aad_object_id: Option<String>,
    pub(super) tenant_id: Option<String>,
}

/// Everybody who is in a conversation, or an error: never some of them. In chats all of them come on the first page.
/// <https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/get-teams-context>
pub(super) async fn members(
    caller: Caller<'_>,
    service_url: &str,
    conversation: &str,
) -> Result<Vec<Member>, CallError> {
    let url = address(caller, service_url, conversation, "pagedmembers")?;
    let token = token(caller).await?;
    let mut members = Vec::new();
    let mut from: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut page = url.clone();
        page.query_pairs_mut().append_pair("pageSize", PAGE_SIZE);
        if let Some(from) = &from {
            page.query_pairs_mut().append_pair("continuationToken", from);
        }
        let page: Page = call::send(caller.http.get(page).bearer_auth(&token))
            .await?
            .json()?;
        members.extend(page.members);
        from = page.continuation_token.filter(|token| !token.is_empty());
        if from.is_none() {
            return Ok(members);
        }
    }
    Err(CallError::Decoding("a roster without end"))
}

/// Says something in a conversation.
pub(super) async fn say(
    caller: Caller<'_>,
    service_url: &str,
    conversation: &str,
    message: &Value,
) -> Result<(), CallError> {
    let url = address(caller, service_url, conversation, "activities")?;
    let token = token(caller).await?;
    let reply = call::send(caller.http.post(url).bearer_auth(token).json(message)).await?;
    if (200..300).contains(&reply.status) {
        Ok(())
    } else {
        Err(CallError::Refused(reply.status))
    }
}

/// An address of a conversation. `service_url` is one that an activity was proven with: the bot's token goes there.
fn address(caller: Caller<'_>, service_url: &str, conversation: &str, what: &str) -> Result<Url, CallError> {
    let wrong = || CallError::Decoding("no usable service URL");
    let mut url = Url::parse(service_url).map_err(|_| wrong())?;
    let real = caller.bases.web.as_str() == super::DESCRIPTION.web;
    if real && url.scheme() != "https" {
        return Err(wrong());
    }
    url.path_segments_mut()
        .map_err(|()| wrong())?
        .pop_if_empty()
        .extend(["v3", "conversations", conversation, what]);
    Ok(url)
}

async fn token(caller: Caller<'_>) -> Result<String, CallError> {
    let token: Granted = call::send(caller.http.post(below(&caller.bases.web, TOKEN)).form(&[
        ("grant_type", "client_credentials"),
        ("client_id", caller.app.client_id.as_str()),
        ("client_secret", caller.secret()),
        ("scope", SCOPE),
    ]))
    .await?
    .json()?;
    Ok(token.access_token)
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
