//! What happened at a third party, as the third party told the API: a message in a channel, a pressed button.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::id::UserId;
use crate::time::UnixMillis;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ActivityKind {
    /// A message was written.
    Message,
    /// A message has another text now.
    MessageEdited,
    /// A message is gone.
    MessageDeleted,
    /// Somebody pressed a button or made a choice.
    Action,
    /// Somebody sent a form.
    Submission,
    /// A channel is from now on told about.
    ChannelConnected,
    /// A channel is no longer told about.
    ChannelDisconnected,
    /// The third party holds activities back for a while, because there are too many.
    RateLimited,
}

/// Something that happened at a third party; on the channel of a team, or of the one user whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// The same activity has the same id, however often the third party tells of it.
    pub id: String,
    /// The service's lower-case name.
    pub provider: String,
    /// Its workspace or tenant.
    pub workspace_id: String,
    /// What happened.
    pub kind: ActivityKind,
    /// When.
    pub at: UnixMillis,
    /// In which channel.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// The message that it is about.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The message that began the thread, in a thread.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// By whom.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// A message's text, as the service writes it; the name of a channel that was connected.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The name of the button, choice or form.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_id: Option<String>,
    /// What the button, choice or form carries; of a form, JSON.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Somebody at a third party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// The service's own id.
    pub id: String,
    /// For a person, where the service tells it.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The `CodeStream` user who has connected this account.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
}
