//! The bot: links a person by a connect code, connects channels, and tells of what is written in them.

use codestream_protocol::activity::{self, ActivityKind, Author};
use codestream_protocol::{TeamId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::activity::{Activity, Command};
use super::{connector, token};
use crate::providers::inbound::{Desk, Heard, Letter, Matter, Told, Unheard, Whom, WorkError};
use crate::providers::service::Caller;

/// The one address in the bot's registration.
pub(super) const ALL: &[&str] = &["msteams"];

const HELP: &str = "I bring what is written here to your IDE. In our personal chat: **signin**, **signout**. In a channel: \
                    **connect**, **disconnect**.";

/// A Teams account that is linked.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Linked {
    user_id: UserId,
}

/// A channel that is connected.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Channel {
    service_url: String,
    name: String,
    /// Of Microsoft Teams.
    team: String,
    /// Ours, of whoever connected it.
    team_ids: Vec<TeamId>,
}

fn user_note(activity: &Activity) -> String {
    format!("user:{}:{}", activity.tenant(), activity.author())
}

fn channel_note(conversation: &str) -> String {
    format!("channel:{conversation}")
}

/// Proves and reads an activity.
pub(super) async fn hear(caller: Caller<'_>, letter: &Letter<'_>) -> Result<Heard, Unheard> {
    let body: Value = serde_json::from_slice(letter.body).map_err(|_| Unheard::Malformed)?;
    let activity = Activity::deserialize(&body).map_err(|_| Unheard::Malformed)?;
    token::verify(caller, letter, &activity).await?;
    if activity.tenant().is_empty() || activity.conversation_id().is_empty() {
        return Err(Unheard::Malformed);
    }
    if !matches!(activity.kind.as_str(), "message" | "installationUpdate") {
        return Ok(Heard::answered(None));
    }
    let id = activity.id.as_ref();
    Ok(Heard {
        matter: Some(Matter {
            id: id.map(|id| format!("{}:{}:{id}", activity.tenant(), activity.thread())),
            work: body,
        }),
        ..Heard::answered(None)
    })
}

/// Does what an activity asks for.
pub(super) async fn work(
    caller: Caller<'_>,
    desk: &dyn Desk,
    letter: &Value,
    at: UnixMillis,
) -> Result<Vec<Told>, WorkError> {
    let activity = Activity::deserialize(letter).map_err(|_| WorkError::Shape)?;
    let bot = Bot {
        caller,
        desk,
        activity: &activity,
        at,
    };
    if activity.kind == "installationUpdate" {
        return bot.installed(letter["action"].as_str() == Some("remove")).await;
    }
    if activity.value["action"] == "signin" {
        let code = activity.value["signInCode"].as_str().unwrap_or_default();
        return bot.redeem(code.trim()).await;
    }
    let words = activity.words();
    match Command::of(&words) {
        Some(command) => bot.obey(command).await,
        None => bot.pass_on(words).await,
    }
}

/// Says something in a channel that was connected for one of `teams`; `false`: there is none.
pub(super) async fn say(
    caller: Caller<'_>,
    desk: &dyn Desk,
    teams: &[TeamId],
    conversation: &str,
    text: &str,
) -> Result<bool, WorkError> {
    let Some(channel) = noted::<Channel>(desk, &channel_note(conversation)).await? else {
        return Ok(false);
    };
    if !channel.team_ids.iter().any(|team| teams.contains(team)) {
        return Ok(false);
    }
    connector::say(caller, &channel.service_url, conversation, &connector::text(text)).await?;
    Ok(true)
}

async fn noted<T: for<'de> Deserialize<'de>>(desk: &dyn Desk, name: &str) -> Result<Option<T>, WorkError> {
    let Some(note) = desk.note(name).await? else {
        return Ok(None);
    };
    serde_json::from_value(note)
        .map(Some)
        .map_err(|_| WorkError::Shape)
}

struct Bot<'a> {
    caller: Caller<'a>,
    desk: &'a dyn Desk,
    activity: &'a Activity,
    at: UnixMillis,
}

impl Bot<'_> {
    async fn answer(&self, mut message: Value) -> Result<Vec<Told>, WorkError> {
        message["from"] = json!({ "id": self.activity.recipient.id, "name": self.activity.recipient.name });
        message["recipient"] = json!({ "id": self.activity.from.id, "name": self.activity.from.name });
        message["conversation"] = json!({ "id": self.activity.thread() });
        if let Some(id) = &self.activity.id {
            message["replyToId"] = json!(id);
        }
        let (service_url, thread) = (&self.activity.service_url, self.activity.thread());
        connector::say(self.caller, service_url, thread, &message).await?;
        Ok(Vec::new())
    }

    async fn say(&self, text: &str) -> Result<Vec<Told>, WorkError> {
        self.answer(connector::text(text)).await
    }

    async fn linked(&self) -> Result<Option<Linked>, WorkError> {
        noted(self.desk, &user_note(self.activity)).await
    }

    /// The code is good once. When the answer got lost the work is done again: then the link is there.
    async fn redeem(&self, code: &str) -> Result<Vec<Told>, WorkError> {
        if !self.activity.is_personal() {
            return self
                .say("Sign in in our personal chat: a code is for your eyes alone.")
                .await;
        }
        if let Some(user_id) = self.desk.redeem(code).await? {
            let linked = json!(Linked { user_id });
            self.desk.keep_note(&user_note(self.activity), &linked).await?;
        } else if self.linked().await?.is_none() {
            return self
                .say("This code is not known, was used, or is older than ten minutes. Get a new one in your IDE.")
                .await;
        }
        self.say("You are signed in. In a channel, write **@CodeStream connect** to bring its messages to your IDE.")
            .await
    }

    async fn obey(&self, command: Command) -> Result<Vec<Told>, WorkError> {
        let personal = self.activity.is_personal();
        match command {
            Command::Help => self.say(HELP).await,
            Command::SignIn if personal => self.answer(connector::sign_in_card()).await,
            Command::SignUp if personal => {
                self.say("Sign up in your IDE: open CodeStream there and choose a service. Then come back and write **signin**.")
                    .await
            }
            Command::SignOut if personal => {
                self.desk.keep_note(&user_note(self.activity), &Value::Null).await?;
                self.say("You are signed out. Channels that you connected stay connected until somebody disconnects them.")
                    .await
            }
            Command::SignIn | Command::SignUp | Command::SignOut => {
                self.say("Write that in our personal chat.").await
            }
            Command::Connect | Command::Disconnect if personal => {
                self.say("Write that in the channel that you mean.").await
            }
            Command::Connect => self.connect().await,
            Command::Disconnect => self.disconnect().await,
        }
    }

    async fn connect(&self) -> Result<Vec<Told>, WorkError> {
        let Some(Linked { user_id }) = self.linked().await? else {
            return self
                .say("I do not know you yet. Write **signin** in our personal chat first.")
                .await;
        };
        let channel = Channel {
            service_url: self.activity.service_url.clone(),
            name: self.channel_name(),
            team: self.activity.channel_data.team.id.clone(),
            team_ids: self.desk.teams_of(&user_id).await?,
        };
        let name = channel_note(self.activity.conversation_id());
        self.desk.keep_note(&name, &json!(channel)).await?;
        self.say("This channel is connected: what is written here reaches your team's IDEs.")
            .await?;
        Ok(vec![
            self.told(ActivityKind::ChannelConnected, channel.team_ids, channel.name)
                .await?,
        ])
    }

    async fn disconnect(&self) -> Result<Vec<Told>, WorkError> {
        let name = channel_note(self.activity.conversation_id());
        let Some(channel) = noted::<Channel>(self.desk, &name).await? else {
            return self.say("This channel is not connected.").await;
        };
        if self.linked().await?.is_none() {
            return self
                .say("I do not know you yet. Write **signin** in our personal chat first.")
                .await;
        }
        self.say("This channel is disconnected.").await?;
        self.desk.keep_note(&name, &Value::Null).await?;
        Ok(vec![
            self.told(ActivityKind::ChannelDisconnected, channel.team_ids, channel.name)
                .await?,
        ])
    }

    /// A message: told where the channel is connected, greeted in a first personal chat.
    async fn pass_on(&self, words: String) -> Result<Vec<Told>, WorkError> {
        if self.activity.is_personal() {
            let greeted = format!("greeted:{}:{}", self.activity.tenant(), self.activity.author());
            if self.desk.note(&greeted).await?.is_some() {
                return Ok(Vec::new());
            }
            self.say(HELP).await?;
            self.desk.keep_note(&greeted, &json!(true)).await?;
            return Ok(Vec::new());
        }
        let name = channel_note(self.activity.conversation_id());
        match noted::<Channel>(self.desk, &name).await? {
            Some(channel) => Ok(vec![
                self.told(ActivityKind::Message, channel.team_ids, words).await?,
            ]),
            None => Ok(Vec::new()),
        }
    }

    /// The app left a team: its channels can be told of no more.
    async fn installed(&self, removed: bool) -> Result<Vec<Told>, WorkError> {
        let team = &self.activity.channel_data.team.id;
        if !removed || team.is_empty() {
            return Ok(Vec::new());
        }
        for (name, note) in self.desk.notes("channel:").await? {
            if note["team"] == team.as_str() {
                self.desk.keep_note(&name, &Value::Null).await?;
            }
        }
        Ok(Vec::new())
    }

    fn channel_name(&self) -> String {
        // Teams leaves the name of a team's first channel out.
        let channel = self.activity.channel_data.channel.name.clone();
        channel.unwrap_or_else(|| "General".to_owned())
    }

    async fn told(&self, kind: ActivityKind, team_ids: Vec<TeamId>, text: String) -> Result<Told, WorkError> {
        let read = self.activity;
        let owned = |text: &str| text.to_owned();
        let id = read.id.as_deref().unwrap_or_default();
        let author = Author {
            id: owned(read.author()),
            name: read.from.name.clone(),
            user_id: self.linked().await?.map(|linked| linked.user_id),
        };
        Ok(Told {
            whom: Whom::Teams(team_ids),
            subject: None,
            activity: activity::Activity {
                id: format!("{}:{id}", read.thread()),
                provider: owned(super::DESCRIPTION.name),
                workspace_id: owned(read.tenant()),
                kind,
                at: self.at,
                channel_id: Some(owned(read.conversation_id())),
                message_id: read.id.clone(),
                thread_id: read.thread_id().map(owned),
                author: Some(author),
                text: Some(text),
                action_id: None,
                value: None,
            },
        })
    }
}
