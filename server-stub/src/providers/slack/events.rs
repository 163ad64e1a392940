//! What Slack's payloads tell, as activities. Pure.

use codestream_protocol::UnixMillis;
use codestream_protocol::activity::{Activity, ActivityKind, Author};
use serde_json::Value;

use crate::providers::inbound::{Told, Whom};

/// Whether an event is one to tell of: a message that our own app did not write.
pub(super) fn concerns_us(body: &Value) -> bool {
    let event = &body["event"];
    let subtype = event["subtype"].as_str();
    let ours = |message: &Value| {
        let app = message["app_id"].as_str();
        app.is_some() && app == body["api_app_id"].as_str()
    };
    event["type"] == "message"
        && !ours(event)
        && !ours(&event["message"])
        && matches!(
            subtype,
            None | Some("file_share" | "thread_broadcast" | "message_changed" | "message_deleted")
        )
}

/// `event_callback`; who may read it is not in it.
pub(super) fn message(body: &Value) -> Option<Vec<Told>> {
    let event = &body["event"];
    let (kind, message, message_id) = match event["subtype"].as_str() {
        Some("message_changed") => {
            let message = &event["message"];
            // Slack unfurls links by a change that leaves the text as it was.
            if message["text"] == event["previous_message"]["text"] {
                return Some(Vec::new());
            }
            (ActivityKind::MessageEdited, message, text(&message["ts"]))
        }
        Some("message_deleted") => (
            ActivityKind::MessageDeleted,
            &event["previous_message"],
            text(&event["deleted_ts"]),
        ),
        _ => (ActivityKind::Message, event, text(&event["ts"])),
    };
    let workspace = text(&body["team_id"])?;
    let author = text(&message["user"]);
    let thread = text(&message["thread_ts"]).filter(|thread| Some(thread) != message_id.as_ref());
    let activity = Activity {
        channel_id: text(&event["channel"]),
        message_id,
        thread_id: thread,
        author: author.as_deref().map(|id| named(id, &message["user_profile"])),
        text: text(&message["text"]).filter(|_| kind != ActivityKind::MessageDeleted),
        ..activity(
            text(&body["event_id"])?,
            &workspace,
            kind,
            UnixMillis::from_secs(body["event_time"].as_i64()?),
        )
    };
    // In a channel that is shared with other workspaces the author may be of another one.
    let home = [&message["user_team"], &message["source_team"], &message["team"]]
        .into_iter()
        .find_map(text)
        .unwrap_or_else(|| workspace.clone());
    Some(vec![Told {
        whom: Whom::nobody(),
        subject: author.map(|user| subject(&home, &user)),
        activity,
    }])
}

/// `app_rate_limited`; it has nothing of what was written.
pub(super) fn rate_limited(body: &Value) -> Option<Vec<Told>> {
    let workspace = body["team_id"].as_str()?;
    let minute = body["minute_rate_limited"].as_i64()?;
    Some(vec![Told {
        whom: Whom::nobody(),
        subject: None,
        activity: activity(
            format!("app_rate_limited:{workspace}:{minute}"),
            workspace,
            ActivityKind::RateLimited,
            UnixMillis::from_secs(minute),
        ),
    }])
}

/// `block_actions`: one activity each.
pub(super) fn pressed(payload: &Value) -> Option<Vec<Told>> {
    let actions = payload["actions"].as_array()?;
    actions.iter().map(|action| press(payload, action)).collect()
}

fn press(payload: &Value, action: &Value) -> Option<Told> {
    let (workspace, user) = presser(payload)?;
    let action_id = text(&action["action_id"])?;
    let action_ts = text(&action["action_ts"])?;
    // A button has a value, a menu a selected option.
    let value = text(&action["value"]).or_else(|| text(&action["selected_option"]["value"]));
    let container = &payload["container"];
    let activity = Activity {
        channel_id: text(&payload["channel"]["id"]).or_else(|| text(&container["channel_id"])),
        message_id: text(&payload["message"]["ts"]).or_else(|| text(&container["message_ts"])),
        thread_id: text(&payload["message"]["thread_ts"]),
        author: Some(named(&user, &payload["user"])),
        action_id: Some(action_id.clone()),
        value,
        ..activity(
            format!("{workspace}:{user}:{action_id}:{action_ts}"),
            &workspace,
            ActivityKind::Action,
            moment(&action_ts)?,
        )
    };
    Some(by(&workspace, &user, activity))
}

/// `view_submission`.
pub(super) fn submitted(payload: &Value, at: UnixMillis) -> Option<Vec<Told>> {
    let (workspace, user) = presser(payload)?;
    let view = &payload["view"];
    let hash = text(&view["hash"])?;
    let activity = Activity {
        author: Some(named(&user, &payload["user"])),
        action_id: text(&view["callback_id"]),
        text: text(&view["private_metadata"]).filter(|context| !context.is_empty()),
        value: Some(view["state"]["values"].to_string()),
        ..activity(
            format!("{workspace}:{}:{hash}", view["id"].as_str()?),
            &workspace,
            ActivityKind::Submission,
            at,
        )
    };
    Some(vec![by(&workspace, &user, activity)])
}

/// Workspace and user. The user's own workspace comes first: in a channel that is shared with other workspaces whoever presses
/// a button may be of another one, and an app that a whole organisation has installed is told no other.
fn presser(payload: &Value) -> Option<(String, String)> {
    let user = &payload["user"];
    let workspace = text(&user["team_id"]).or_else(|| text(&payload["team"]["id"]))?;
    Some((workspace, text(&user["id"])?))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn by(workspace: &str, user: &str, activity: Activity) -> Told {
    let subject = subject(workspace, user);
    Told {
        whom: Whom::Person(subject.clone()),
        subject: Some(subject),
        activity,
    }
}

/// Slack's user ids are unique in a workspace alone.
pub(super) fn subject(workspace: &str, user: &str) -> String {
    format!("{workspace}:{user}")
}

fn named(id: &str, profile: &Value) -> Author {
    let name = ["display_name", "real_name", "username", "name"]
        .into_iter()
        .find_map(|key| profile[key].as_str().filter(|name| !name.is_empty()));
    Author {
        id: id.to_owned(),
        name: name.map(str::to_owned),
        user_id: None,
    }
}

/// A Slack time: Unix seconds, a dot, and what makes it unique.
fn moment(ts: &str) -> Option<UnixMillis> {
    let (seconds, _) = ts.split_once('.')?;
    Some(UnixMillis::from_secs(seconds.parse().ok()?))
}

fn activity(id: String, workspace: &str, kind: ActivityKind, at: UnixMillis) -> Activity {
    Activity {
        id,
        provider: super::DESCRIPTION.name.to_owned(),
        workspace_id: workspace.to_owned(),
        kind,
        at,
        channel_id: None,
        message_id: None,
        thread_id: None,
        author: None,
        text: None,
        action_id: None,
        value: None,
    }
}
