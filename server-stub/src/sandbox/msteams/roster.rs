//! Who is in a conversation of Teams.
//! <https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/get-teams-context>

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::MsTeams;
use super::connector::unauthorized;

/// The fewest that Teams puts on a page.
const LEAST: usize = 50;
/// The most that it does.
const MOST: usize = 500;
/// What it puts there when nobody asks.
const USUAL: usize = 200;

/// By conversation, without threads.
#[derive(Debug, Default)]
pub(super) struct Rosters(Mutex<BTreeMap<String, Vec<Value>>>);

impl Rosters {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Value>>> {
        // Every change is one insertion or removal: a panic leaves nothing half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who writes somewhere is in there. Who removes the app takes the bot out.
    pub(super) fn writes(&self, activity: &Value) {
        let id = activity["conversation"]["id"].as_str().unwrap_or_default();
        let id = id.split_once(';').map_or(id, |(channel, _)| channel);
        let mut all = self.all();
        if activity["type"] == "installationUpdate" && activity["action"] == "remove" {
            all.remove(id);
            return;
        }
        let from = &activity["from"];
        let roster = all.entry(id.to_owned()).or_default();
        if !roster.iter().any(|member| member["id"] == from["id"]) {
            let mut member = from.clone();
            member["tenantId"] = activity["channelData"]["tenant"]["id"].clone();
            roster.push(member);
        }
    }
}

/// A conversation's whole roster, in place of what there was.
#[derive(Debug, Deserialize)]
pub(super) struct Roster {
    conversation: String,
    members: Vec<Value>,
}

pub(super) async fn set(State(teams): State<MsTeams>, Json(roster): Json<Roster>) -> Json<Value> {
    teams
        .own::<Rosters>()
        .all()
        .insert(roster.conversation, roster.members);
    Json(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wanted {
    page_size: Option<usize>,
    continuation_token: Option<String>,
}

pub(super) async fn paged(
    State(teams): State<MsTeams>,
    Path(conversation): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = unauthorized(&teams, &headers) {
        return refusal;
    }
    let refuse = |status, code: &str, message: &str| {
        let error = json!({"error": {"code": code, "message": message}});
        (status, Json(error)).into_response()
    };
    let rosters = teams.own::<Rosters>();
    let all = rosters.all();
    let Some(roster) = all.get(&conversation) else {
        return refuse(
            StatusCode::FORBIDDEN,
            "BotNotInConversationRoster",
            "The bot is not part of the conversation roster.",
        );
    };
    let start = match wanted.continuation_token.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(start)) if start < roster.len() => start,
        Some(_) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                "BadArgument",
                "Invalid continuation token.",
            );
        }
    };
    let end = roster
        .len()
        .min(start + wanted.page_size.unwrap_or(USUAL).clamp(LEAST, MOST));
    let mut page = json!({ "members": roster[start..end] });
    if end < roster.len() {
        page["continuationToken"] = json!(end.to_string());
    }
    Json(page).into_response()
}
