//! Which channels are connected for which of our teams: a note for each pair, so that a second team is added beside the
//! first, and none undoes what another one does at the same time.

use codestream_protocol::{TeamId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::roster::Conversation;
use crate::providers::inbound::{Desk, WorkError};

const PREFIX: &str = "channel:";

/// How a channel is spoken in, and called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Channel {
    pub(super) service_url: String,
    pub(super) name: String,
    /// Of Microsoft Teams.
    pub(super) team: String,
    /// Absent in what older versions have noted.
    #[serde(default)]
    pub(super) tenant: String,
    /// Who is notified when nobody's membership can be asked for any more; absent in what older versions have noted.
    #[serde(default)]
    pub(super) connected_by: Option<UserId>,
}

/// A channel that is connected for one team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Connected {
    /// Without a thread.
    pub(super) conversation: String,
    /// Ours.
    pub(super) team_id: TeamId,
    pub(super) channel: Channel,
}

impl Connected {
    pub(super) fn conversation(&self) -> Conversation<'_> {
        Conversation {
            service_url: &self.channel.service_url,
            id: &self.conversation,
            tenant: &self.channel.tenant,
        }
    }
}

/// A conversation's id has no semicolon: what follows one is its thread.
fn note(conversation: &str, team: &str) -> String {
    format!("{PREFIX}{conversation};{team}")
}

fn read(name: &str, note: Value) -> Result<Connected, WorkError> {
    let pair = name.strip_prefix(PREFIX).and_then(|pair| pair.rsplit_once(';'));
    let (conversation, team) = pair.ok_or(WorkError::Shape)?;
    Ok(Connected {
        conversation: conversation.to_owned(),
        team_id: team.parse().map_err(|_| WorkError::Shape)?,
        channel: serde_json::from_value(note).map_err(|_| WorkError::Shape)?,
    })
}

async fn noted(desk: &dyn Desk, prefix: &str) -> Result<Vec<Connected>, WorkError> {
    let notes = desk.notes(prefix).await?;
    notes.into_iter().map(|(name, note)| read(&name, note)).collect()
}

/// Every connection that there is.
pub(super) async fn all(desk: &dyn Desk) -> Result<Vec<Connected>, WorkError> {
    noted(desk, PREFIX).await
}

/// Those of one channel.
pub(super) async fn of(desk: &dyn Desk, conversation: &str) -> Result<Vec<Connected>, WorkError> {
    noted(desk, &note(conversation, "")).await
}

/// Connects a channel for a team.
pub(super) async fn connect(desk: &dyn Desk, new: &Connected) -> Result<(), WorkError> {
    let name = note(&new.conversation, new.team_id.as_str());
    Ok(desk.keep_note(&name, &json!(new.channel)).await?)
}

/// Ends connections.
pub(super) async fn disconnect(desk: &dyn Desk, ended: &[Connected]) -> Result<(), WorkError> {
    for one in ended {
        let name = note(&one.conversation, one.team_id.as_str());
        desk.keep_note(&name, &Value::Null).await?;
    }
    Ok(())
}

/// Each channel once, as its first connection knows it, with the teams that it is connected for.
pub(super) fn by_channel(connected: Vec<Connected>) -> Vec<(Connected, Vec<TeamId>)> {
    let mut channels: Vec<(Connected, Vec<TeamId>)> = Vec::new();
    for one in connected {
        let team = one.team_id.clone();
        match channels
            .iter_mut()
            .find(|(known, _)| known.conversation == one.conversation)
        {
            Some((_, teams)) => teams.push(team),
            None => channels.push((one, vec![team])),
        }
    }
    channels
}
