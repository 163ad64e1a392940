//! What an imitated third party sends to the app by itself, and what came of it.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

/// Everything that was sent. Clones are the same list.
#[derive(Debug, Clone)]
pub(crate) struct Dispatches {
    all: Arc<Mutex<Vec<Dispatch>>>,
    changed: watch::Sender<()>,
}

/// Something that was sent.
#[derive(Debug, Clone, Serialize)]
struct Dispatch {
    id: String,
    /// In the third party's own shape, each.
    attempts: Vec<Value>,
    /// Nothing more will be sent of it.
    done: bool,
}

/// Which of them are asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// One alone; otherwise all of them.
    id: Option<String>,
    /// The answer waits until so many attempts of each were made, or none is left to make.
    #[serde(default)]
    attempts: usize,
}

impl Default for Dispatches {
    fn default() -> Self {
        Self {
            all: Arc::default(),
            changed: watch::Sender::new(()),
        }
    }
}

impl Dispatches {
    /// Something is about to be sent; gives its number, since the same may be sent more than once.
    pub(crate) fn begin(&self, id: &str) -> usize {
        let new = Dispatch {
            id: id.to_owned(),
            attempts: Vec::new(),
            done: false,
        };
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(new);
        all.len() - 1
    }

    /// It was sent.
    pub(crate) fn attempted(&self, number: usize, attempt: impl Serialize) {
        let attempt = serde_json::to_value(attempt).unwrap_or(Value::Null);
        self.change(number, |dispatch| dispatch.attempts.push(attempt));
    }

    /// It will not be sent again.
    pub(crate) fn done(&self, number: usize) {
        self.change(number, |dispatch| dispatch.done = true);
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut Dispatch)) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dispatch) = all.get_mut(number) {
            change(dispatch);
        }
        drop(all);
        self.changed.send_replace(());
    }

    /// What is asked for, as JSON.
    pub(crate) async fn wanted(&self, wanted: &Wanted) -> Value {
        let mut changes = self.changed.subscribe();
        loop {
            let mut found = self.all.lock().unwrap_or_else(PoisonError::into_inner).clone();
            found.retain(|dispatch| wanted.id.as_ref().is_none_or(|id| *id == dispatch.id));
            let enough = |dispatch: &Dispatch| dispatch.done || dispatch.attempts.len() >= wanted.attempts;
            // Err cannot be: the sender is ours.
            if found.iter().all(enough) || changes.changed().await.is_err() {
                return serde_json::to_value(found).unwrap_or(Value::Null);
            }
        }
    }
}
