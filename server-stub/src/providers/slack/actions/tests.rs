use axum::http::HeaderMap;
use codestream_protocol::activity::ActivityKind;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::providers::inbound::Whom;
use crate::providers::signing_keys::SigningKeys;

const NOW: UnixMillis = UnixMillis(1_795_476_600_000);

fn secret() -> SigningSecret {
    SigningSecret::new("hush")
}

fn heard_at(action: &str, body: &str, now: UnixMillis) -> Result<Heard, Unheard> {
    let timestamp = NOW.as_secs().to_string();
    let mut headers = HeaderMap::new();
    let signature = signature::sign(&secret(), &timestamp, body.as_bytes());
    headers.insert("x-slack-request-timestamp", timestamp.parse().expect("a header"));
    headers.insert("x-slack-signature", signature.parse().expect("a header"));
    let letter = Letter {
        action,
        headers: &headers,
        body: body.as_bytes(),
        now,
        clock: &Clock::standing_at(now),
        keys: &SigningKeys::default(),
    };
    hear(Some(&secret()), &letter)
}

fn event(body: &Value) -> Heard {
    heard_at(EVENTS, &body.to_string(), NOW).expect("Slack's")
}

fn pressed(payload: &Value) -> Heard {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish();
    heard_at(INTERACTIVE, &form, NOW).expect("Slack's")
}

fn told(heard: Heard) -> Vec<Told> {
    tell(&heard.matter.expect("something to do").work, NOW).expect("a known shape")
}

fn message(event: &Value) -> Value {
    json!({
        "type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": "Ev1", "event_time": 1_795_476_599,
        "event": event,
    })
}

#[test]
fn a_new_url_is_answered_with_its_challenge_once_it_is_proven() {
    let body = json!({"type": "url_verification", "token": "x", "challenge": "3eZbrw1a"});
    assert_eq!(event(&body).answer, Some(json!({"challenge": "3eZbrw1a"})));
    let late = NOW + signature::WINDOW + std::time::Duration::from_secs(1);
    let refused = heard_at(EVENTS, &body.to_string(), late);
    assert!(
        matches!(refused, Err(Unheard::Unproven(ServerCode::InvalidParameter, _))),
        "{refused:?}"
    );
    let refused = heard_at(INTERACTIVE, "payload=%7B%7D", late);
    assert!(
        matches!(refused, Err(Unheard::Unproven(ServerCode::NotFound, _))),
        "{refused:?}"
    );
}

#[test]
fn a_message_is_told_with_its_channel_and_author() {
    let heard = event(&message(&json!({
        "type": "message", "channel": "C1", "user": "U1", "text": "hello", "ts": "1795476599.000100",
        "thread_ts": "1795476000.000100",
    })));
    assert_eq!(
        heard.matter.as_ref().and_then(|matter| matter.id.as_deref()),
        Some("Ev1")
    );
    let [told] = told(heard).try_into().expect("one");
    assert_eq!(
        (told.whom, told.subject.as_deref()),
        (Whom::nobody(), Some("T1:U1"))
    );
    let activity = told.activity;
    assert_eq!(
        (activity.kind, activity.id.as_str()),
        (ActivityKind::Message, "Ev1")
    );
    assert_eq!(activity.channel_id.as_deref(), Some("C1"));
    assert_eq!(activity.text.as_deref(), Some("hello"));
    assert_eq!(activity.thread_id.as_deref(), Some("1795476000.000100"));
    assert_eq!(activity.author.expect("an author").id, "U1");
}

#[test]
fn changed_and_deleted_messages_are_told_as_such() {
    let edited = event(&message(&json!({
        "type": "message", "subtype": "message_changed", "channel": "C1", "ts": "2.0",
        "message": {"user": "U1", "text": "better", "ts": "1.0"}, "previous_message": {"text": "worse"},
    })));
    let [edited] = told(edited).try_into().expect("one");
    assert_eq!(edited.activity.kind, ActivityKind::MessageEdited);
    assert_eq!(edited.activity.message_id.as_deref(), Some("1.0"));
    let deleted = event(&message(&json!({
        "type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1.0",
        "previous_message": {"user": "U1", "text": "gone", "ts": "1.0"},
    })));
    let [deleted] = told(deleted).try_into().expect("one");
    assert_eq!(deleted.activity.kind, ActivityKind::MessageDeleted);
    assert_eq!(deleted.activity.text, None);
    let unfurled = event(&message(&json!({
        "type": "message", "subtype": "message_changed", "channel": "C1",
        "message": {"user": "U1", "text": "same", "ts": "1.0"}, "previous_message": {"text": "same"},
    })));
    assert_eq!(told(unfurled), Vec::new());
}

#[test]
fn what_the_app_wrote_itself_and_what_nobody_wrote_is_answered_and_left() {
    for event_ in [
        json!({"type": "message", "channel": "C1", "text": "ours", "ts": "1.0", "app_id": "A1"}),
        json!({"type": "message", "subtype": "channel_join", "channel": "C1", "ts": "1.0", "user": "U1"}),
        json!({"type": "reaction_added", "user": "U1"}),
    ] {
        let heard = event(&message(&event_));
        assert_eq!((heard.answer, heard.matter), (None, None), "{event_}");
    }
}

#[test]
fn a_pressed_button_and_a_sent_form_are_told_to_whoever_did_it() {
    let heard = pressed(&json!({
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1", "username": "mona"},
        "channel": {"id": "C1"}, "message": {"ts": "1.0"},
        "actions": [{"action_id": "reply", "value": "42", "action_ts": "1795476599.5"}],
    }));
    assert_eq!(heard.answer, None);
    let [pressed_] = told(heard).try_into().expect("one");
    assert_eq!(pressed_.whom, Whom::Person("T1:U1".to_owned()));
    assert_eq!(pressed_.activity.action_id.as_deref(), Some("reply"));
    assert_eq!(pressed_.activity.value.as_deref(), Some("42"));
    assert_eq!(pressed_.activity.at, UnixMillis(1_795_476_599_000));

    let heard = pressed(&json!({
        "type": "view_submission", "team": null, "user": {"id": "U1", "team_id": "T1", "name": "mona"},
        "view": {"id": "V1", "hash": "1.x", "callback_id": "form", "private_metadata": "ctx",
                 "state": {"values": {"b": {"a": {"value": "hi"}}}}},
    }));
    assert_eq!(heard.answer, Some(json!({"response_action": "clear"})));
    let [sent] = told(heard).try_into().expect("one");
    assert_eq!(sent.activity.kind, ActivityKind::Submission);
    assert_eq!(
        sent.activity.value.as_deref(),
        Some(r#"{"b":{"a":{"value":"hi"}}}"#)
    );
    assert_eq!(sent.activity.text.as_deref(), Some("ctx"));
}

#[test]
fn slack_tells_when_it_holds_events_back() {
    let body = json!({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1_795_476_540});
    let [told] = told(event(&body)).try_into().expect("one");
    assert_eq!(
        (told.whom, told.activity.kind),
        (Whom::nobody(), ActivityKind::RateLimited)
    );
}

#[test]
fn what_has_no_shape_is_refused_and_what_is_new_is_taken() {
    for (action, body) in [
        (EVENTS, "no json"),
        (EVENTS, "{}"),
        (EVENTS, r#"{"type":"url_verification"}"#),
        (EVENTS, r#"{"type":"event_callback","event":{}}"#),
        (INTERACTIVE, ""),
        (INTERACTIVE, "payload=x"),
        (INTERACTIVE, "payload=%7B%7D"),
        (INTERACTIVE, "payload=%7B%7D&payload=%7B%7D"),
    ] {
        assert_eq!(
            heard_at(action, body, NOW),
            Err(Unheard::Malformed),
            "{action} {body}"
        );
    }
    assert_eq!(event(&json!({"type": "news"})).matter, None);
    let letter = Letter {
        action: EVENTS,
        headers: &HeaderMap::new(),
        body: b"{}",
        now: NOW,
        clock: &Clock::standing_at(NOW),
        keys: &SigningKeys::default(),
    };
    assert_eq!(hear(None, &letter), Err(Unheard::NotConfigured));
    assert!(matches!(
        hear(Some(&secret()), &letter),
        Err(Unheard::Unproven(..))
    ));
}
