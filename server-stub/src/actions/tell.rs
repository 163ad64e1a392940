//! The messages that notify users of activities, each on the user's own channel.

use std::collections::BTreeSet;

use codestream_protocol::activity::Activity;
use codestream_protocol::channel::{ChannelName, Message};
use codestream_protocol::{TeamId, UserId};
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
            activity,
        } = told;
        let members = store
            .members_at(&activity.provider, &activity.workspace_id)
            .await?;
        let users: BTreeSet<UserId> = match whom {
            Whom::Users(users) => users,
            Whom::Person(subject) => of_subject(&members, &subject).cloned().collect(),
        };
        let named = activity.author.as_ref().and_then(|author| author.user_id.clone());
        let mut authors: BTreeSet<UserId> = named.into_iter().collect();
        if let Some(subject) = &subject {
            authors.extend(of_subject(&members, subject).cloned());
        }
        for user in users {
            let mut activity = activity.clone();
            if let Some(author) = &mut activity.author {
                author.user_id = known_to(store, &user, &authors).await?;
            }
            messages.push((ChannelName::User(user), message(activity)?));
        }
    }
    Ok(messages)
}

fn of_subject<'a>(members: &'a [Member], subject: &'a str) -> impl Iterator<Item = &'a UserId> {
    members
        .iter()
        .filter(move |member| member.subject.as_deref() == Some(subject))
        .map(|member| &member.user_id)
}

/// Which of the author's users `user` shares a team with. Who else in a workspace uses this product is not another team's to
/// learn.
async fn known_to(
    store: &dyn Store,
    user: &UserId,
    authors: &BTreeSet<UserId>,
) -> Result<Option<UserId>, StoreError> {
    if authors.contains(user) {
        return Ok(Some(user.clone()));
    }
    if authors.is_empty() {
        return Ok(None);
    }
    let teams = teams_of(store, user).await?;
    for author in authors {
        if teams_of(store, author)
            .await?
            .iter()
            .any(|team| teams.contains(team))
        {
            return Ok(Some(author.clone()));
        }
    }
    Ok(None)
}

async fn teams_of(store: &dyn Store, user: &UserId) -> Result<Vec<TeamId>, StoreError> {
    let user = store.user(user).await?;
    Ok(user.map_or_else(Vec::new, |user| user.team_ids))
}

fn message(activity: Activity) -> Result<Value, StoreError> {
    let message = Message {
        activity: Some(activity),
        ..Message::default()
    };
    serde_json::to_value(message).map_err(|_| StoreError::Shape("message"))
}
