//! Slack calling us: interactive components and the Events API.
//! <https://docs.slack.dev/interactivity/handling-user-interaction> <https://docs.slack.dev/apis/events-api>

use std::collections::BTreeSet;

use codestream_protocol::secret::SigningSecret;
use codestream_protocol::{ServerCode, UnixMillis};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{events, readers, signature};
use crate::providers::inbound::{Desk, Heard, Letter, Matter, Seal, Told, Unheard, Whom, WorkError};
use crate::providers::service::Caller;

/// `block_actions`, `view_submission`: a form with the one field `payload`.
const INTERACTIVE: &str = "slack";
/// The Events API: JSON.
const EVENTS: &str = "slack-events";

/// Each has a URL of its own in the app's settings.
pub(super) const ALL: &[&str] = &[INTERACTIVE, EVENTS];

/// Proves a letter before anything in it is read, the handshake of a new URL included.
pub(super) fn hear(secret: Option<&SigningSecret>, letter: &Letter<'_>) -> Result<Heard, Unheard> {
    let secret = secret.ok_or(Unheard::NotConfigured)?;
    let refusal = if letter.action == EVENTS {
        ServerCode::InvalidParameter
    } else {
        ServerCode::NotFound
    };
    let header = |name| {
        letter
            .header(name)
            .ok_or(Unheard::Unproven(refusal, "a header is missing"))
    };
    let timestamp = header("x-slack-request-timestamp")?;
    let signed = header("x-slack-signature")?;
    signature::verify(secret, timestamp, signed, letter.body, letter.now).map_err(|bad| {
        let why = match bad {
            signature::Bad::Time => "too old, or of the future",
            signature::Bad::Signature => "another body or secret",
        };
        Unheard::Unproven(refusal, why)
    })?;
    let seal = Seal {
        text: signed.to_owned(),
        good_for: 2 * signature::WINDOW,
    };
    let heard = if letter.action == EVENTS {
        event(letter.body)
    } else {
        interaction(letter.body)
    }?;
    Ok(Heard {
        seal: Some(seal),
        ..heard
    })
}

fn event(body: &[u8]) -> Result<Heard, Unheard> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Unheard::Malformed)?;
    match body["type"].as_str() {
        Some("url_verification") => {
            let challenge = body["challenge"].as_str().ok_or(Unheard::Malformed)?;
            Ok(Heard::answered(Some(json!({ "challenge": challenge }))))
        }
        Some("event_callback") => {
            let id = body["event_id"].as_str().ok_or(Unheard::Malformed)?;
            if !events::concerns_us(&body) {
                return Ok(Heard::answered(None));
            }
            Ok(Heard {
                matter: Some(Matter {
                    id: Some(id.to_owned()),
                    work: body,
                }),
                ..Heard::answered(None)
            })
        }
        Some("app_rate_limited") => Ok(Heard {
            matter: Some(Matter { id: None, work: body }),
            ..Heard::answered(None)
        }),
        // Slack adds types, and takes anything but 2xx for a fault.
        Some(_) => Ok(Heard::answered(None)),
        None => Err(Unheard::Malformed),
    }
}

fn interaction(body: &[u8]) -> Result<Heard, Unheard> {
    let mut fields = form_urlencoded::parse(body).filter(|(name, _)| name == "payload");
    let (Some((_, payload)), None) = (fields.next(), fields.next()) else {
        return Err(Unheard::Malformed);
    };
    let payload: Value = serde_json::from_str(&payload).map_err(|_| Unheard::Malformed)?;
    let answer = match payload["type"].as_str().ok_or(Unheard::Malformed)? {
        "block_actions" => None,
        // Closes the form.
        "view_submission" => Some(json!({ "response_action": "clear" })),
        _ => return Ok(Heard::answered(None)),
    };
    Ok(Heard {
        matter: Some(Matter {
            id: None,
            work: payload,
        }),
        ..Heard::answered(answer)
    })
}

/// What a letter that arrived at `at` tells, and whom.
pub(super) async fn work(
    caller: Caller<'_>,
    desk: &dyn Desk,
    letter: &Value,
    at: UnixMillis,
) -> Result<Vec<Told>, WorkError> {
    let mut told = tell(letter, at)?;
    if told.iter().any(|one| one.whom == Whom::nobody()) {
        let readers = match letter["type"].as_str() {
            Some("event_callback") => readers::of_event(caller, desk, letter).await?,
            Some("app_rate_limited") => readers::of_workspace(desk, letter).await?,
            _ => BTreeSet::new(),
        };
        for one in told.iter_mut().filter(|one| one.whom == Whom::nobody()) {
            one.whom = Whom::Users(readers.clone());
        }
    }
    Ok(told)
}

fn tell(letter: &Value, at: UnixMillis) -> Result<Vec<Told>, WorkError> {
    match letter["type"].as_str() {
        Some("event_callback") => events::message(letter),
        Some("app_rate_limited") => events::rate_limited(letter),
        Some("block_actions") => events::pressed(letter),
        Some("view_submission") => events::submitted(letter, at),
        _ => None,
    }
    .ok_or(WorkError::Shape)
}

#[cfg(test)]
mod tests;
