//! Who may read a conversation: those who are in it. Being in the team that a channel belongs to is not enough for a private or
//! shared channel, and Microsoft advises against telling channels apart by their type: "Use channel-specific membership APIs",
//! "Don't make any code changes, based on channel type"
//! (<https://learn.microsoft.com/en-us/microsoftteams/platform/build-apps-for-shared-private-channels>). So for every kind the
//! Connector is asked for the conversation's own roster. That it gives a private channel's own members is documented for
//! conversations in general, and for private channels only by that advice.

use std::collections::BTreeSet;

use codestream_protocol::{TeamId, UserId};
use serde_json::{Value, json};

use super::connector;
use crate::providers::inbound::{Desk, WorkError};
use crate::providers::service::Caller;

/// A conversation, as the Connector names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conversation<'a> {
    pub(super) service_url: &'a str,
    /// Without a thread.
    pub(super) id: &'a str,
    pub(super) tenant: &'a str,
}

/// A person in a tenant: unique everywhere.
pub(super) fn person(tenant: &str, id: &str) -> String {
    format!("{tenant}:{id}")
}

/// Everybody in a conversation. `writer` has just written there: what was answered before they came is not remembered.
pub(super) async fn people(
    caller: Caller<'_>,
    desk: &dyn Desk,
    conversation: Conversation<'_>,
    writer: Option<&str>,
) -> Result<BTreeSet<String>, WorkError> {
    let Conversation {
        service_url,
        id,
        tenant,
    } = conversation;
    let question = format!("roster {tenant} {id}");
    let read = |people: Value| -> Result<BTreeSet<String>, WorkError> {
        serde_json::from_value(people).map_err(|_| WorkError::Shape)
    };
    if let Some(people) = desk.recall(&question).map(read).transpose()?
        && writer.is_none_or(|writer| people.contains(writer))
    {
        return Ok(people);
    }
    let members = connector::members(caller, service_url, id).await?;
    let people = members.into_iter().map(|member| {
        // Somebody from another organization is in a tenant of their own.
        let home = member.tenant_id.as_deref().unwrap_or(tenant);
        person(home, member.aad_object_id.as_deref().unwrap_or(&member.id))
    });
    let people = json!(people.collect::<BTreeSet<_>>());
    desk.remember(&question, &people);
    read(people)
}

/// The users of `teams` who are in a conversation: their Teams account is linked to the bot or connected.
pub(super) async fn readers(
    caller: Caller<'_>,
    desk: &dyn Desk,
    conversation: Conversation<'_>,
    teams: &[TeamId],
    writer: Option<&str>,
) -> Result<BTreeSet<UserId>, WorkError> {
    let people = people(caller, desk, conversation, writer).await?;
    let tenants: BTreeSet<&str> = people
        .iter()
        .filter_map(|person| person.split_once(':'))
        .map(|(tenant, _)| tenant)
        .collect();
    let mut known = BTreeSet::new();
    for tenant in tenants {
        for (name, note) in desk.notes(&super::bot::user_note(tenant, "")).await? {
            let linked = name.strip_prefix(super::bot::USER_PREFIX);
            if linked.is_some_and(|linked| people.contains(linked)) {
                let user = note["userId"].as_str().and_then(|id| id.parse().ok());
                known.insert(user.ok_or(WorkError::Shape)?);
            }
        }
        let members = desk.members_at(tenant).await?;
        let connected = members.into_iter().filter(|member| {
            member
                .subject
                .as_ref()
                .is_some_and(|subject| people.contains(subject))
        });
        known.extend(connected.map(|member| member.user_id));
    }
    let mut readers = BTreeSet::new();
    for user in known {
        if desk
            .teams_of(&user)
            .await?
            .iter()
            .any(|team| teams.contains(team))
        {
            readers.insert(user);
        }
    }
    Ok(readers)
}
