//! Whom an activity concerns, and the messages that tell them.

use std::collections::BTreeSet;

use codestream_protocol::activity::Activity;
use codestream_protocol::channel::{ChannelName, Message};
use serde_json::Value;

use crate::providers::{Told, Whom};
use crate::store::{Member, Store, StoreError};

/// The messages, each with its channel.
pub(super) async fn messages(
    store: &dyn Store,
    told: Vec<Told>,
) -> Result<Vec<(ChannelName, Value)>, StoreError> {
    let mut messages = Vec::new();
    for told in told {
        let Told {
            whom,
            subject,
            mut activity,
        } = told;
        let members = store
            .members_at(&activity.provider, &activity.workspace_id)
            .await?;
        let channels: BTreeSet<String> = match whom {
            Whom::Teams(teams) => teams
                .into_iter()
                .map(|team| ChannelName::Team(team).to_string())
                .collect(),
            Whom::Workspace => members
                .iter()
                .map(|member| ChannelName::Team(member.team_id.clone()).to_string())
                .collect(),
            Whom::Person(subject) => of_subject(&members, &subject)
                .map(|member| ChannelName::User(member.user_id.clone()).to_string())
                .collect(),
        };
        if let (Some(author), Some(subject)) = (&mut activity.author, &subject)
            && author.user_id.is_none()
        {
            author.user_id = of_subject(&members, subject)
                .next()
                .map(|member| member.user_id.clone());
        }
        for channel in channels {
            let channel = channel.parse().map_err(|_| StoreError::Shape("channel"))?;
            messages.push((channel, message(activity.clone())?));
        }
    }
    Ok(messages)
}

fn of_subject<'a>(members: &'a [Member], subject: &'a str) -> impl Iterator<Item = &'a Member> {
    members
        .iter()
        .filter(move |member| member.subject.as_deref() == Some(subject))
}

fn message(activity: Activity) -> Result<Value, StoreError> {
    let message = Message {
        activity: Some(activity),
        ..Message::default()
    };
    serde_json::to_value(message).map_err(|_| StoreError::Shape("message"))
}
