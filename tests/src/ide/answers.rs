//! How the IDE answers what the agent asks of it, and what its client capabilities say it can do.

use serde_json::{Value, json};

/// What the IDE does with `window/showDocument`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShowDocument {
    /// It opens the link.
    #[default]
    Opens,
    /// It says that it could not.
    Declines,
    /// It answers with an error.
    Fails,
    /// It never answers.
    Silent,
    /// Its capabilities do not offer it.
    Unsupported,
}

/// What an IDE can do and how it answers.
#[derive(Debug, Clone)]
pub(crate) struct Manners {
    pub(crate) show_document: ShowDocument,
    pub(crate) progress: bool,
    /// The title of the action that the person picks in every message; `None` dismisses it.
    pub(crate) pick: Option<String>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            show_document: ShowDocument::default(),
            progress: true,
            pick: None,
        }
    }
}

impl Manners {
    /// LSP client capabilities.
    pub(crate) fn capabilities(&self) -> Value {
        json!({
            "window": {
                "showDocument": {"support": self.show_document != ShowDocument::Unsupported},
                "workDoneProgress": self.progress,
                "showMessage": {"messageActionItem": {"additionalPropertiesSupport": false}},
            },
        })
    }

    /// The answer to a request of the agent; `None` leaves it unanswered.
    pub(crate) fn answer(&self, method: &str) -> Option<Result<Value, Value>> {
        match method {
            "window/showDocument" => match self.show_document {
                ShowDocument::Opens => Some(Ok(json!({"success": true}))),
                ShowDocument::Declines => Some(Ok(json!({"success": false}))),
                ShowDocument::Fails => Some(Err(json!({"code": -32603, "message": "no window"}))),
                ShowDocument::Unsupported => Some(Err(json!({"code": -32601, "message": "not offered"}))),
                ShowDocument::Silent => None,
            },
            "window/showMessageRequest" => Some(Ok(self
                .pick
                .as_ref()
                .map_or(Value::Null, |title| json!({"title": title})))),
            "window/workDoneProgress/create" => Some(Ok(Value::Null)),
            _ => Some(Err(
                json!({"code": -32601, "message": format!("no such method: {method}")}),
            )),
        }
    }
}
