//! Who may read what an event tells. An event comes once for all installations of the app in a workspace, and its
//! `authorizations` name at most one installation that it is visible to
//! (<https://docs.slack.dev/changelog/2020-09-15-events-api-truncate-authed-users>): who is not named there may still read it.
//! So each person with an account in the workspace is asked about with the person's own token, and who cannot be asked about
//! is not notified (CWE-863). The whole list of `apps.event.authorizations.list` would not do: its entries are installations,
//! mostly the bot's, and it needs one more secret.

use std::collections::BTreeSet;

use codestream_protocol::UserId;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::events;
use crate::providers::call::{self, CallError};
use crate::providers::inbound::{Desk, WorkError};
use crate::providers::service::Caller;
use crate::store::Member;

/// How many people are asked about at once.
const AT_ONCE: usize = 8;

/// What Slack answers when it could not look: asked later, it may answer.
const NOT_NOW: &[&str] = &[
    "ratelimited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
];

/// Everybody with an account in the workspace, for what has nothing of anybody's text.
pub(super) async fn of_workspace(desk: &dyn Desk, letter: &Value) -> Result<BTreeSet<UserId>, WorkError> {
    let workspace = letter["team_id"].as_str().ok_or(WorkError::Shape)?;
    let members = desk.members_at(workspace).await?;
    Ok(members.into_iter().map(|member| member.user_id).collect())
}

/// Those who may read the channel of an event.
pub(super) async fn of_event(
    caller: Caller<'_>,
    desk: &dyn Desk,
    letter: &Value,
) -> Result<BTreeSet<UserId>, WorkError> {
    let event = Event::of(letter).ok_or(WorkError::Shape)?;
    let mut readers = BTreeSet::new();
    for workspace in &event.workspaces {
        let members = desk.members_at(workspace).await?;
        for some in members.chunks(AT_ONCE) {
            let mut asked = Vec::with_capacity(some.len());
            for member in some {
                asked.push(may_read(
                    Asker {
                        caller,
                        desk,
                        member,
                        workspace,
                    },
                    &event,
                ));
            }
            let answers = try_join_all(asked).await?;
            let able = some.iter().zip(answers).filter(|(_, able)| *able);
            readers.extend(able.map(|(member, _)| member.user_id.clone()));
        }
    }
    Ok(readers)
}

/// Where an event happened, and whom Slack names as able to see it.
struct Event<'a> {
    channel: &'a str,
    /// A public channel of this workspace alone. A type that is absent or new is not public, and neither is a channel that is
    /// shared with other organizations, which may be private in one of them.
    is_public: bool,
    workspaces: BTreeSet<&'a str>,
    /// Of `authorizations`: people, and not the bot.
    named: BTreeSet<String>,
}

impl<'a> Event<'a> {
    fn of(letter: &'a Value) -> Option<Self> {
        let authorizations = letter["authorizations"].as_array().map_or(&[][..], Vec::as_slice);
        let people = authorizations.iter().filter(|one| one["is_bot"] == false);
        let event = &letter["event"];
        Some(Self {
            channel: event["channel"].as_str()?,
            is_public: event["channel_type"] == "channel" && letter["is_ext_shared_channel"] == false,
            workspaces: std::iter::once(letter["team_id"].as_str()?)
                .chain(authorizations.iter().filter_map(|one| one["team_id"].as_str()))
                .collect(),
            named: people
                .filter_map(|one| {
                    Some(events::subject(
                        one["team_id"].as_str()?,
                        one["user_id"].as_str()?,
                    ))
                })
                .collect(),
        })
    }
}

/// One person, who is asked about with the person's own token.
#[derive(Clone, Copy)]
struct Asker<'a> {
    caller: Caller<'a>,
    desk: &'a dyn Desk,
    member: &'a Member,
    workspace: &'a str,
}

async fn may_read(asker: Asker<'_>, event: &Event<'_>) -> Result<bool, WorkError> {
    let Some(subject) = &asker.member.subject else {
        return Ok(false);
    };
    if event.named.contains(subject) || (event.is_public && asker.is_full_member(subject).await?) {
        return Ok(true);
    }
    let answer = asker.ask("conversations.info", "channel", event.channel).await?;
    let conversation = &answer["channel"];
    if conversation["id"] != event.channel {
        return Ok(false);
    }
    // Two people's conversation has no `is_member`; Slack shows it to those two alone.
    if conversation["is_member"] == true || conversation["is_im"] == true {
        return Ok(true);
    }
    let is_public = conversation["is_channel"] == true
        && conversation["is_private"] == false
        && conversation["is_ext_shared"] == false;
    Ok(is_public && asker.is_full_member(subject).await?)
}

impl Asker<'_> {
    /// Whether the person is in the whole workspace. A guest is only in the channels that somebody has invited them to.
    async fn is_full_member(self, subject: &str) -> Result<bool, WorkError> {
        let Some((workspace, id)) = subject.split_once(':') else {
            return Ok(false);
        };
        let answer = self.ask("users.info", "user", id).await?;
        let user = &answer["user"];
        Ok(workspace == self.workspace
            && user["id"] == id
            && user["team_id"] == workspace
            && user["is_restricted"] == false
            && user["is_ultra_restricted"] == false
            && user["deleted"] != true)
    }

    /// What Slack shows this person; `Null`: nothing.
    async fn ask(self, method: &str, name: &str, value: &str) -> Result<Value, WorkError> {
        let Member {
            user_id,
            team_id,
            subject,
        } = self.member;
        let subject = subject.as_deref().unwrap_or_default();
        let question = format!(
            "{method} {value} {} {user_id} {team_id} {subject}",
            self.workspace
        );
        if let Some(answer) = self.desk.recall(&question) {
            return Ok(answer);
        }
        let Some(access) = self.desk.access_of(self.member, self.workspace).await? else {
            return Ok(Value::Null);
        };
        let request = self
            .caller
            .http
            .get(self.caller.api(method))
            .query(&[(name, value)])
            .bearer_auth(access.expose());
        let answer: Value = call::send(request).await?.json()?;
        let answer = match answer["error"].as_str() {
            Some(error) if NOT_NOW.contains(&error) => return Err(CallError::Refused(503).into()),
            _ if answer["ok"] == true => decisive(&answer),
            _ => Value::Null,
        };
        self.desk.remember(&question, &answer);
        Ok(answer)
    }
}

/// What is decided by, and no names or topics.
fn decisive(answer: &Value) -> Value {
    let (channel, user) = (&answer["channel"], &answer["user"]);
    json!({
        "channel": {
            "id": channel["id"],
            "is_member": channel["is_member"],
            "is_im": channel["is_im"],
            "is_channel": channel["is_channel"],
            "is_private": channel["is_private"],
            "is_ext_shared": channel["is_ext_shared"],
        },
        "user": {
            "id": user["id"],
            "team_id": user["team_id"],
            "is_restricted": user["is_restricted"],
            "is_ultra_restricted": user["is_ultra_restricted"],
            "deleted": user["deleted"],
        },
    })
}
