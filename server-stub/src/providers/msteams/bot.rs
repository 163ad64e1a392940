//! The bot: links a person by a connect code, connects channels, and tells of what is written in them.
//!
//! Whoever links an account proves it with a code. Nobody is linked by a roster's e-mail addresses: a tenant's administrator
//! may write any address there.

use std::collections::BTreeSet;

use codestream_protocol::activity::{self, ActivityKind, Author};
use codestream_protocol::{TeamId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::activity::{Activity, Command};
use super::channels::{self, Channel, Connected};
use super::roster::{self, Conversation};
use super::{connector, token};
use crate::providers::call::CallError;
use crate::providers::inbound::{Desk, Heard, Letter, Matter, Told, Unheard, Whom, WorkError};
use crate::providers::service::Caller;

/// The one address in the bot's registration.
pub(super) const ALL: &[&str] = &["msteams"];

const HELP: &str = "I bring what is written in channels to your IDE. In our personal chat: **signin**, **signout**, \
                    **uninstall**. In a channel: **connect**, **disconnect**. In both: **status**, **disconnectall**.";

/// A Teams account that is linked.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Linked {
    user_id: UserId,
}

/// What the notes of linked accounts are called, before the person.
pub(super) const USER_PREFIX: &str = "user:";

pub(super) fn user_note(tenant: &str, id: &str) -> String {
    format!("{USER_PREFIX}{}", roster::person(tenant, id))
}

fn greeted_note(activity: &Activity) -> String {
    format!("greeted:{}:{}", activity.tenant(), activity.author())
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
        // An upgrade removes the old version (`remove-upgrade`), and everything stays.
        return match letter["action"].as_str() {
            Some("remove") => bot.removed().await,
            _ => Ok(Vec::new()),
        };
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

/// Says something for `user` in a channel that is connected for one of the user's teams and that the user may read; `false`:
/// there is none.
pub(super) async fn say(
    caller: Caller<'_>,
    desk: &dyn Desk,
    user: &UserId,
    conversation: &str,
    text: &str,
) -> Result<bool, WorkError> {
    let teams = desk.teams_of(user).await?;
    let connected = channels::of(desk, conversation).await?;
    let Some(one) = connected.iter().find(|one| teams.contains(&one.team_id)) else {
        return Ok(false);
    };
    let readers = roster::readers(caller, desk, one.conversation(), &teams, None).await?;
    if !readers.contains(user) {
        return Ok(false);
    }
    let service_url = &one.channel.service_url;
    connector::say(caller, service_url, conversation, &connector::text(text)).await?;
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

    fn user_note(&self) -> String {
        user_note(self.activity.tenant(), self.activity.author())
    }

    fn writer(&self) -> String {
        roster::person(self.activity.tenant(), self.activity.author())
    }

    /// The names of channels, each once. Those that the writer is not in stay unnamed.
    async fn names(&self, connected: &[Connected]) -> Result<String, WorkError> {
        let writer = self.writer();
        let mut names = Vec::new();
        let mut unnamed = 0_usize;
        for (one, _) in channels::by_channel(connected.to_vec()) {
            match self.people(&one).await? {
                Some(people) if people.contains(&writer) => names.push(format!("**{}**", one.channel.name)),
                _ => unnamed += 1,
            }
        }
        match unnamed {
            0 => {}
            1 => names.push("one channel that you are not in".to_owned()),
            more => names.push(format!("{more} channels that you are not in")),
        }
        Ok(names.join(", "))
    }

    /// Who is in a channel; `None`: the bot is not in it any more.
    async fn people(&self, one: &Connected) -> Result<Option<BTreeSet<String>>, WorkError> {
        let is_here = one.conversation == self.activity.conversation_id();
        let writer = is_here.then(|| self.writer());
        match roster::people(self.caller, self.desk, one.conversation(), writer.as_deref()).await {
            Ok(people) => Ok(Some(people)),
            Err(WorkError::Call(CallError::Refused(403 | 404))) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn linked(&self) -> Result<Option<Linked>, WorkError> {
        noted(self.desk, &self.user_note()).await
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
            self.desk.keep_note(&self.user_note(), &linked).await?;
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
                self.desk.keep_note(&self.user_note(), &Value::Null).await?;
                self.say("You are signed out. Channels that you connected stay connected until somebody disconnects them.")
                    .await
            }
            Command::Uninstall if personal => self.uninstall().await,
            Command::SignIn | Command::SignUp | Command::SignOut | Command::Uninstall => {
                self.say("Write that in our personal chat.").await
            }
            Command::Connect | Command::Disconnect if personal => {
                self.say("Write that in the channel that you mean.").await
            }
            Command::Connect => self.connect().await,
            Command::Disconnect => self.disconnect().await,
            Command::DisconnectAll => self.disconnect_all().await,
            Command::Status if personal => self.status().await,
            Command::Status => self.status_of_channel().await,
        }
    }

    /// Our teams of whoever writes; `None`: it is nobody whom we know.
    async fn teams(&self) -> Result<Option<Vec<TeamId>>, WorkError> {
        Ok(match self.linked().await? {
            Some(Linked { user_id }) => Some(self.desk.teams_of(&user_id).await?),
            None => None,
        })
    }

    async fn say_unknown(&self) -> Result<Vec<Told>, WorkError> {
        self.say("I do not know you yet. Write **signin** in our personal chat first.")
            .await
    }

    async fn connect(&self) -> Result<Vec<Told>, WorkError> {
        let Some(teams) = self.teams().await? else {
            return self.say_unknown().await;
        };
        let channel = Channel {
            service_url: self.activity.service_url.clone(),
            name: self.channel_name(),
            team: self.activity.channel_data.team.id.clone(),
            tenant: self.activity.tenant().to_owned(),
            connected_by: self.linked().await?.map(|linked| linked.user_id),
        };
        for team_id in &teams {
            let new = Connected {
                conversation: self.activity.conversation_id().to_owned(),
                team_id: team_id.clone(),
                channel: channel.clone(),
            };
            channels::connect(self.desk, &new).await?;
        }
        let readers = self.readers(&teams).await?;
        self.say(
            "This channel is connected: what is written here reaches the IDEs of those in your team who are members of this \
             channel and have linked or connected Microsoft Teams.",
        )
        .await?;
        Ok(vec![
            self.told(ActivityKind::ChannelConnected, readers, channel.name)
                .await?,
        ])
    }

    /// For the writer's own teams: another team's connection is another team's to end.
    async fn disconnect(&self) -> Result<Vec<Told>, WorkError> {
        let Some(teams) = self.teams().await? else {
            return self.say_unknown().await;
        };
        let mut connected = channels::of(self.desk, self.activity.conversation_id()).await?;
        connected.retain(|one| teams.contains(&one.team_id));
        if connected.is_empty() {
            return self.say("This channel is not connected for your team.").await;
        }
        self.say("This channel is disconnected.").await?;
        self.end(connected).await
    }

    async fn disconnect_all(&self) -> Result<Vec<Told>, WorkError> {
        let Some(teams) = self.teams().await? else {
            return self.say_unknown().await;
        };
        let mut connected = channels::all(self.desk).await?;
        connected.retain(|one| teams.contains(&one.team_id));
        if connected.is_empty() {
            return self.say("No channel is connected for your team.").await;
        }
        let names = self.names(&connected).await?;
        self.say(&format!(
            "No channel is connected for your team any more. Disconnected: {names}."
        ))
        .await?;
        self.end(connected).await
    }

    async fn uninstall(&self) -> Result<Vec<Told>, WorkError> {
        let teams = self.teams().await?.unwrap_or_default();
        let mut connected = channels::all(self.desk).await?;
        connected.retain(|one| teams.contains(&one.team_id));
        self.say(
            "You are signed out, and your team's channels are disconnected. To take the app out of Teams, right-click it in \
             your list of chats and choose **Uninstall**.",
        )
        .await?;
        // First: who may read a channel is known by the links that are forgotten then.
        let told = self.end(connected).await?;
        self.forget_person().await?;
        Ok(told)
    }

    async fn status(&self) -> Result<Vec<Told>, WorkError> {
        let Some(Linked { user_id }) = self.linked().await? else {
            return self.say("You are not signed in. Write **signin**.").await;
        };
        let teams = self.desk.teams_of(&user_id).await?;
        let who = self.desk.email_of(&user_id).await?.unwrap_or_default();
        let mut connected = channels::all(self.desk).await?;
        connected.retain(|one| teams.contains(&one.team_id));
        let channels = if connected.is_empty() {
            "No channel is connected for your team: write **@CodeStream connect** in one.".to_owned()
        } else {
            format!("Connected for your team: {}.", self.names(&connected).await?)
        };
        self.say(&format!("You are signed in as {who}. {channels}")).await
    }

    /// Read by everybody in the channel, so it tells of this channel alone.
    async fn status_of_channel(&self) -> Result<Vec<Told>, WorkError> {
        let connected = channels::of(self.desk, self.activity.conversation_id()).await?;
        let Some(teams) = self.teams().await? else {
            return self.say_unknown().await;
        };
        let own = connected.iter().any(|one| teams.contains(&one.team_id));
        self.say(match (own, connected.is_empty()) {
            (true, _) => "This channel is connected for your team.",
            (false, false) => {
                "This channel is connected for another team. Write **connect** to connect it for yours, too."
            }
            (false, true) => {
                "This channel is not connected. Write **connect** to bring its messages to your IDE."
            }
        })
        .await
    }

    /// The users of `teams` who are in this conversation.
    async fn readers(&self, teams: &[TeamId]) -> Result<BTreeSet<UserId>, WorkError> {
        let conversation = Conversation {
            service_url: &self.activity.service_url,
            id: self.activity.conversation_id(),
            tenant: self.activity.tenant(),
        };
        match roster::readers(self.caller, self.desk, conversation, teams, Some(&self.writer())).await {
            // The bot is not in it any more, so who is cannot be known.
            Err(WorkError::Call(CallError::Refused(403 | 404))) => Ok(BTreeSet::new()),
            readers => readers,
        }
    }

    /// Whom the end of a connection concerns. Where the bot is not in the channel any more nobody's membership can be asked
    /// for: then only who connected it, and who writes, are notified.
    async fn concerned(&self, one: &Connected, teams: &[TeamId]) -> Result<BTreeSet<UserId>, WorkError> {
        if self.people(one).await?.is_some() {
            return roster::readers(self.caller, self.desk, one.conversation(), teams, None).await;
        }
        let mut concerned = BTreeSet::new();
        let writer = self.linked().await?.map(|linked| linked.user_id);
        for user in one.channel.connected_by.iter().chain(&writer) {
            if self
                .desk
                .teams_of(user)
                .await?
                .iter()
                .any(|team| teams.contains(team))
            {
                concerned.insert(user.clone());
            }
        }
        Ok(concerned)
    }

    /// Ends connections, and tells those who may read the channels.
    async fn end(&self, connected: Vec<Connected>) -> Result<Vec<Told>, WorkError> {
        let mut told = Vec::new();
        for (ended, teams) in channels::by_channel(connected.clone()) {
            let concerned = self.concerned(&ended, &teams).await?;
            let Connected {
                conversation,
                channel,
                ..
            } = ended;
            let mut one = self
                .told(ActivityKind::ChannelDisconnected, concerned, channel.name)
                .await?;
            if conversation != self.activity.conversation_id() {
                // It was asked for elsewhere, perhaps with others.
                one.activity.id = format!("{}:{conversation}", one.activity.id);
                one.activity.channel_id = Some(conversation);
            }
            told.push(one);
        }
        // Last: when the work is done again, the connections are still there to tell of.
        channels::disconnect(self.desk, &connected).await?;
        Ok(told)
    }

    /// A message: told to those in the channel whose team has connected it, greeted in a first personal chat.
    async fn pass_on(&self, words: String) -> Result<Vec<Told>, WorkError> {
        if self.activity.is_personal() {
            let greeted = greeted_note(self.activity);
            if self.desk.note(&greeted).await?.is_some() {
                return Ok(Vec::new());
            }
            self.say(HELP).await?;
            self.desk.keep_note(&greeted, &json!(true)).await?;
            return Ok(Vec::new());
        }
        let connected = channels::of(self.desk, self.activity.conversation_id()).await?;
        if connected.is_empty() {
            return Ok(Vec::new());
        }
        let teams: Vec<TeamId> = connected.into_iter().map(|one| one.team_id).collect();
        let readers = self.readers(&teams).await?;
        Ok(vec![self.told(ActivityKind::Message, readers, words).await?])
    }

    /// The app left a person, of whom nothing is kept then, or a team, whose channels can be told of no more.
    async fn removed(&self) -> Result<Vec<Told>, WorkError> {
        if self.activity.is_personal() {
            self.forget_person().await?;
            return Ok(Vec::new());
        }
        let team = &self.activity.channel_data.team.id;
        if team.is_empty() {
            return Ok(Vec::new());
        }
        let mut connected = channels::all(self.desk).await?;
        connected.retain(|one| one.channel.team == *team);
        self.end(connected).await
    }

    async fn forget_person(&self) -> Result<(), WorkError> {
        for note in [self.user_note(), greeted_note(self.activity)] {
            self.desk.keep_note(&note, &Value::Null).await?;
        }
        Ok(())
    }

    fn channel_name(&self) -> String {
        // Teams leaves the name of a team's first channel out.
        let channel = self.activity.channel_data.channel.name.clone();
        channel.unwrap_or_else(|| "General".to_owned())
    }

    async fn told(
        &self,
        kind: ActivityKind,
        users: BTreeSet<UserId>,
        text: String,
    ) -> Result<Told, WorkError> {
        let read = self.activity;
        let owned = |text: &str| text.to_owned();
        let id = read.id.as_deref().unwrap_or_default();
        let author = Author {
            id: owned(read.author()),
            name: read.from.name.clone(),
            user_id: self.linked().await?.map(|linked| linked.user_id),
        };
        Ok(Told {
            whom: Whom::Users(users),
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
