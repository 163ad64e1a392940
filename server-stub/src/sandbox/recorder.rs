//! What each imitated service received: for tests, without secrets.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use codestream_protocol::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use super::redaction;
use crate::clock::Clock;

/// Most requests that are remembered, of all services together.
const MOST: usize = 2000;
/// Most bytes of a body; no imitated endpoint takes more.
const BODY_LIMIT: usize = 64 * 1024;

/// Remembers requests. Clones are the same recorder.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    clock: Clock,
    entries: Arc<Mutex<VecDeque<Entry>>>,
    changed: watch::Sender<()>,
}

/// Which requests are asked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    /// Of one service; otherwise of all.
    provider: Option<String>,
    /// What their paths hold.
    #[serde(default)]
    path: String,
    /// The answer waits until there are so many.
    #[serde(default)]
    count: usize,
}

impl Wanted {
    fn has(&self, entry: &Entry) -> bool {
        let of_provider = self.provider.as_ref().is_none_or(|name| name == entry.provider);
        of_provider && entry.path.contains(&self.path)
    }
}

/// One request and the status of its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    provider: &'static str,
    at: UnixMillis,
    method: String,
    /// Whole, from `/sandbox/` on.
    path: String,
    /// An object of texts.
    query: Value,
    /// Those that a service looks at.
    headers: Value,
    /// An object for a form or JSON object; `null` without one.
    body: Value,
    status: u16,
}

impl Recorder {
    /// Nothing was received yet.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            entries: Arc::default(),
            changed: watch::Sender::new(()),
        }
    }

    /// What was received, oldest first.
    pub(crate) async fn wanted(&self, wanted: &Wanted) -> Vec<Entry> {
        let mut changes = self.changed.subscribe();
        loop {
            let found = self.found(wanted);
            // Err cannot be: the sender is ours.
            if found.len() >= wanted.count || changes.changed().await.is_err() {
                return found;
            }
        }
    }

    fn found(&self, wanted: &Wanted) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries
            .iter()
            .filter(|entry| wanted.has(entry))
            .cloned()
            .collect()
    }

    fn add(&self, entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == MOST {
            entries.pop_front();
        }
        entries.push_back(entry);
        drop(entries);
        self.changed.send_replace(());
    }
}

/// A middleware that records every request to `provider`.
pub(crate) async fn record(
    State((recorder, provider)): State<(Recorder, &'static str)>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut entry = Entry {
        provider,
        at: recorder.clock.now(),
        method: head.method.to_string(),
        path: redaction::path(head.uri.path()),
        query: redaction::form(head.uri.query().unwrap_or_default().as_bytes()),
        headers: redaction::headers(&head.headers),
        body: readable(&head.headers, &body),
        status: 0,
    };
    let response = next.run(Request::from_parts(head, Body::from(body))).await;
    entry.status = response.status().as_u16();
    recorder.add(entry);
    response
}

fn readable(headers: &HeaderMap, body: &Bytes) -> Value {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if body.is_empty() {
        Value::Null
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        redaction::form(body)
    } else if kind.starts_with("application/json") {
        serde_json::from_slice(body).map_or(Value::Null, redaction::json)
    } else {
        Value::Null
    }
}
