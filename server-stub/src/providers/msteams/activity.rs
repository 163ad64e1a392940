//! What the Bot Connector sends: a Bot Framework activity, as far as it is read here; and the command in its text.
//! <https://learn.microsoft.com/en-us/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference>

use serde::Deserialize;
use serde_json::Value;

/// An activity.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Activity {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: Option<String>,
    pub(super) channel_id: String,
    pub(super) service_url: String,
    pub(super) from: Account,
    pub(super) recipient: Account,
    pub(super) conversation: Conversation,
    pub(super) channel_data: ChannelData,
    pub(super) text: Option<String>,
    /// What a card's button sends.
    pub(super) value: Value,
}

/// Somebody, or the bot.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// The same in every team; a guest may have none.
    pub(super) aad_object_id: Option<String>,
}

/// Where.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Conversation {
    id: String,
    #[serde(rename = "conversationType")]
    kind: Option<String>,
    tenant_id: Option<String>,
}

/// What Teams adds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChannelData {
    tenant: Named,
    pub(super) team: Named,
    pub(super) channel: Named,
}

/// A tenant, team or channel.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

impl Activity {
    /// The tenant; empty when there is none.
    pub(super) fn tenant(&self) -> &str {
        let tenant = self.channel_data.tenant.id.as_str();
        let other = self.conversation.tenant_id.as_deref();
        if tenant.is_empty() {
            other.unwrap_or_default()
        } else {
            tenant
        }
    }

    /// The conversation. In a channel `;messageid=` follows it: the thread, which is another one each time.
    pub(super) fn conversation_id(&self) -> &str {
        let id = self.conversation.id.as_str();
        id.split_once(';').map_or(id, |(channel, _)| channel)
    }

    /// The conversation with its thread: where an answer goes.
    pub(super) fn thread(&self) -> &str {
        &self.conversation.id
    }

    /// The id of the message that began the thread.
    pub(super) fn thread_id(&self) -> Option<&str> {
        let (_, id) = self.conversation.id.split_once(";messageid=")?;
        Some(id)
    }

    /// Whether it is the chat of one person with the bot.
    pub(super) fn is_personal(&self) -> bool {
        self.conversation.kind.as_deref() == Some("personal")
    }

    /// Who wrote it: unique in the tenant.
    pub(super) fn author(&self) -> &str {
        self.from.aad_object_id.as_deref().unwrap_or(&self.from.id)
    }

    /// The text without the bot's name.
    pub(super) fn words(&self) -> String {
        let mut rest = self.text.as_deref().unwrap_or_default();
        let mut words = String::new();
        while let Some((before, after)) = rest.split_once("<at>") {
            words += before;
            rest = after.split_once("</at>").map_or("", |(_, after)| after);
        }
        words += rest;
        words.replace("&nbsp;", " ").trim().to_owned()
    }
}

/// What somebody asks of the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    SignIn,
    SignUp,
    SignOut,
    Connect,
    Disconnect,
    /// Every channel of the writer's teams.
    DisconnectAll,
    /// Whether the writer is linked, and what is connected.
    Status,
    /// All that there is of the writer.
    Uninstall,
    Help,
}

impl Command {
    /// The command that a text is; `None`: it is a message.
    pub(super) fn of(words: &str) -> Option<Self> {
        Some(match words.to_lowercase().as_str() {
            "signin" | "login" => Self::SignIn,
            "signup" => Self::SignUp,
            "signout" | "logout" => Self::SignOut,
            "connect" => Self::Connect,
            "disconnect" => Self::Disconnect,
            "disconnectall" | "disconnect all" => Self::DisconnectAll,
            "status" => Self::Status,
            "uninstall" => Self::Uninstall,
            "help" | "start" | "welcome" | "init" => Self::Help,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bots_name_is_not_part_of_the_words() {
        for (text, words, command) in [
            ("<at>CodeStream</at> Connect ", "Connect", Some(Command::Connect)),
            (
                "<at>CodeStream</at>&nbsp;disconnect\n",
                "disconnect",
                Some(Command::Disconnect),
            ),
            ("login", "login", Some(Command::SignIn)),
            ("Status", "Status", Some(Command::Status)),
            (
                "<at>CodeStream</at> disconnectall",
                "disconnectall",
                Some(Command::DisconnectAll),
            ),
            ("please connect", "please connect", None),
            ("a <at>b", "a", None),
            ("", "", None),
        ] {
            let activity = Activity {
                text: Some(text.to_owned()),
                ..Activity::default()
            };
            assert_eq!(activity.words(), words, "{text}");
            assert_eq!(Command::of(&activity.words()), command, "{text}");
        }
    }

    #[test]
    fn a_channel_is_the_same_in_every_thread() {
        let activity: Activity = serde_json::from_value(json!({
            "type": "message",
            "conversation": {"id": "19:general@thread.skype;messageid=42", "conversationType": "channel", "tenantId": "t"},
            "channelData": {"team": {"id": "T"}, "channel": {"id": "C"}},
        }))
        .expect("an activity");
        assert_eq!(activity.conversation_id(), "19:general@thread.skype");
        assert_eq!(activity.thread_id(), Some("42"));
        assert_eq!(activity.tenant(), "t");
        assert!(!activity.is_personal());
    }
}
