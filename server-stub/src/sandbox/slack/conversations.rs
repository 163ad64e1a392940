//! Who is in which conversation, and what Slack shows of it to whom.
//! <https://docs.slack.dev/reference/methods/conversations.info> <https://docs.slack.dev/reference/objects/conversation-object>

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::serve;
use super::token::refuse;
use super::{Slack, user_id, workspace};
use crate::sandbox::oauth::{Access, Parameters};
use crate::sandbox::people::PEOPLE;

/// Everybody's public channel, in every workspace.
const GENERAL: &str = "C0GENERAL";

/// Conversations and guests of all workspaces.
#[derive(Debug, Default)]
pub(super) struct Conversations(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By workspace and id.
    conversations: BTreeMap<(String, String), Conversation>,
    /// By user; `true`: of a single channel.
    guests: BTreeMap<String, bool>,
}

#[derive(Debug, Clone)]
struct Conversation {
    kind: Kind,
    members: BTreeSet<String>,
    is_ext_shared: bool,
}

/// As `channel_type` of a message names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Channel,
    Group,
    Im,
    Mpim,
}

impl Kind {
    fn scope(self) -> &'static str {
        match self {
            Self::Channel => "channels:read",
            Self::Group => "groups:read",
            Self::Im => "im:read",
            Self::Mpim => "mpim:read",
        }
    }
}

impl Conversations {
    fn known(&self) -> MutexGuard<'_, Known> {
        // Every change is one insertion or removal: a panic leaves nothing half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn conversation(&self, team: &str, id: &str) -> Option<Conversation> {
        let made = self.conversations.get(&(team.to_owned(), id.to_owned())).cloned();
        made.or_else(|| (id == GENERAL).then(|| general(team, &self.guests)))
    }
}

/// Guests are in no channel that nobody has invited them to.
fn general(team: &str, guests: &BTreeMap<String, bool>) -> Conversation {
    let colleagues = PEOPLE.iter().filter(|person| workspace(person).0 == team);
    Conversation {
        kind: Kind::Channel,
        members: colleagues
            .map(user_id)
            .filter(|user| !guests.contains_key(user))
            .collect(),
        is_ext_shared: false,
    }
}

/// A conversation, in place of what there was.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Made {
    team_id: String,
    id: String,
    #[serde(rename = "type")]
    kind: Kind,
    members: BTreeSet<String>,
    #[serde(default)]
    is_ext_shared: bool,
}

pub(super) async fn make(State(slack): State<Slack>, Json(made): Json<Made>) -> Json<Value> {
    let conversation = Conversation {
        kind: made.kind,
        members: made.members,
        is_ext_shared: made.is_ext_shared,
    };
    let conversations = slack.own::<Conversations>();
    let at = (made.team_id, made.id);
    conversations.known().conversations.insert(at, conversation);
    Json(json!({}))
}

/// Somebody is a guest from now on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Guest {
    user_id: String,
    #[serde(default)]
    is_ultra_restricted: bool,
}

pub(super) async fn restrict(State(slack): State<Slack>, Json(guest): Json<Guest>) -> Json<Value> {
    let conversations = slack.own::<Conversations>();
    conversations
        .known()
        .guests
        .insert(guest.user_id, guest.is_ultra_restricted);
    Json(json!({}))
}

/// Slack reads arguments from the query and from a form alike.
fn argument(
    query: &BTreeMap<String, String>,
    headers: &HeaderMap,
    body: &[u8],
    name: &str,
) -> Option<String> {
    let form = Parameters::form(headers, body).unwrap_or_default();
    form.get(name)
        .or_else(|| query.get(name).map(String::as_str))
        .map(str::to_owned)
}

fn lacks(access: &Access, scope: &str) -> Option<Response> {
    let has = access.scopes.iter().any(|granted| granted == scope);
    (!has).then(|| {
        let provided = access.scopes.join(",");
        let refusal = json!({"ok": false, "error": "missing_scope", "needed": scope, "provided": provided});
        Json(refusal).into_response()
    })
}

/// `conversations.info`: what somebody is not in and may not join does not exist.
pub(super) async fn info(
    State(slack): State<Slack>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
    body: Bytes,
) -> Response {
    serve(&slack, &headers, |access| {
        let id = argument(&query, &headers, &body, "channel").unwrap_or_default();
        let (team, _, _) = workspace(access.person);
        let user = user_id(access.person);
        let conversations = slack.own::<Conversations>();
        let known = conversations.known();
        let Some(found) = known.conversation(team, &id) else {
            return refuse("channel_not_found");
        };
        let is_member = found.members.contains(&user);
        let is_open = found.kind == Kind::Channel && !known.guests.contains_key(&user);
        if !is_member && !is_open {
            return refuse("channel_not_found");
        }
        if let Some(refusal) = lacks(access, found.kind.scope()) {
            return refusal;
        }
        Json(json!({"ok": true, "channel": shown(&found, team, &id, &user)})).into_response()
    })
}

fn shown(found: &Conversation, team: &str, id: &str, user: &str) -> Value {
    let Conversation {
        kind,
        members,
        is_ext_shared,
    } = found;
    if *kind == Kind::Im {
        let other = members.iter().find(|member| *member != user);
        return json!({
            "id": id, "created": 1_449_252_889, "is_archived": false, "is_im": true, "is_org_shared": false,
            "context_team_id": team, "user": other, "is_user_deleted": false, "priority": 0,
        });
    }
    json!({
        "id": id,
        "name": id.to_lowercase(),
        "is_channel": matches!(kind, Kind::Channel | Kind::Group),
        "is_group": false,
        "is_im": false,
        "is_mpim": *kind == Kind::Mpim,
        "is_private": *kind != Kind::Channel,
        "created": 1_449_252_889,
        "is_archived": false,
        "is_general": id == GENERAL,
        "is_shared": is_ext_shared,
        "is_org_shared": false,
        "is_ext_shared": is_ext_shared,
        "context_team_id": team,
        "is_member": members.contains(user),
    })
}

/// `users.info`. <https://docs.slack.dev/reference/objects/user-object>
pub(super) async fn user_info(
    State(slack): State<Slack>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
    body: Bytes,
) -> Response {
    serve(&slack, &headers, |access| {
        if let Some(refusal) = lacks(access, "users:read") {
            return refusal;
        }
        let id = argument(&query, &headers, &body, "user").unwrap_or_default();
        let (team, _, _) = workspace(access.person);
        let colleague =
            |person: &&crate::sandbox::people::Person| workspace(person).0 == team && user_id(person) == id;
        let Some(person) = PEOPLE.iter().find(colleague) else {
            return refuse("user_not_found");
        };
        let conversations = slack.own::<Conversations>();
        let guest = conversations.known().guests.get(&id).copied();
        Json(json!({"ok": true, "user": {
            "id": id,
            "team_id": team,
            "name": person.slug,
            "deleted": false,
            "real_name": person.name,
            "profile": {"real_name": person.name, "display_name": person.slug},
            "is_admin": false,
            "is_owner": false,
            "is_primary_owner": false,
            "is_restricted": guest.is_some(),
            "is_ultra_restricted": guest == Some(true),
            "is_bot": false,
            "is_app_user": false,
        }}))
        .into_response()
    })
}
