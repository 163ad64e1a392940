//! The IDE as a session's host: opens links where the person is, and passes notifications on in order.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use codestream_protocol::lsp::notification as told;
use codestream_protocol::text::safe_lines;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tower_lsp::Client;
use tower_lsp::lsp_types::notification::Notification as LspNotification;
use tower_lsp::lsp_types::request::Request as LspRequest;
use tower_lsp::lsp_types::{MessageActionItem, MessageType, ShowDocumentResult};

use super::ask::ask;
use super::progress::Progress;
use crate::browser::Browser;
use crate::lifecycle::Lifecycle;
use crate::session::{Host, Notification, Opened};

/// How long the IDE may take to say that it has opened a link.
const OPENING: Duration = Duration::from_secs(10);

/// `window/showDocument` with the link as the string that it is: a parsed one would lose escapes.
enum ShowDocument {}

#[derive(Debug, Serialize, Deserialize)]
struct ShowDocumentParams {
    uri: String,
    external: bool,
}

impl LspRequest for ShowDocument {
    type Params = ShowDocumentParams;
    type Result = ShowDocumentResult;
    const METHOD: &'static str = "window/showDocument";
}

macro_rules! notifications {
    ($($name:ident($params:ty) = $method:expr;)+) => {$(
        enum $name {}
        impl LspNotification for $name {
            type Params = $params;
            const METHOD: &'static str = $method;
        }
    )+};
}

notifications! {
    AttemptDidChange(told::AttemptDidChange) = told::ATTEMPT_DID_CHANGE;
    DidLogin(told::DidLogin) = told::DID_LOGIN;
    DidLogout(told::DidLogout) = told::DID_LOGOUT;
    DidChangeData(told::DidChangeData) = told::DID_CHANGE_DATA;
    DidChangeConnectionStatus(told::DidChangeConnectionStatus) = told::DID_CHANGE_CONNECTION_STATUS;
}

/// What the IDE can do, of what is asked of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Abilities {
    pub(crate) show_document: bool,
    pub(crate) progress: bool,
}

/// The IDE.
#[derive(Debug)]
pub(crate) struct LspHost {
    client: Client,
    browser: Browser,
    lifecycle: Lifecycle,
    abilities: OnceLock<Abilities>,
    outbox: mpsc::UnboundedSender<Notification>,
    /// Until the IDE listens.
    waiting: Mutex<Option<mpsc::UnboundedReceiver<Notification>>>,
}

impl LspHost {
    pub(crate) fn new(client: Client, browser: Browser, lifecycle: Lifecycle) -> Self {
        let (outbox, waiting) = mpsc::unbounded_channel();
        Self {
            client,
            browser,
            lifecycle,
            abilities: OnceLock::new(),
            outbox,
            waiting: Mutex::new(Some(waiting)),
        }
    }

    /// Learns what the IDE can do; the first call counts.
    pub(crate) fn learn(&self, abilities: Abilities) {
        let _ = self.abilities.set(abilities);
    }

    /// The IDE listens from now on: what waited goes out first. Later calls change nothing.
    pub(crate) fn listens(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            let progress = self.abilities().progress;
            let progress = progress.then(|| Progress::new(self.client.clone(), self.lifecycle.clone()));
            self.lifecycle
                .spawn(pass_on(self.client.clone(), waiting, progress));
        }
    }

    /// Tells the person something, once.
    pub(crate) async fn complain(&self, message: &str) {
        self.client
            .show_message(MessageType::WARNING, safe_lines(message))
            .await;
    }

    fn abilities(&self) -> Abilities {
        self.abilities.get().copied().unwrap_or_default()
    }

    /// The last way: the link as text. Nobody waits for the person to close it.
    fn show_link(&self, url: &str) {
        let client = self.client.clone();
        let message = format!("No browser could be opened here. Open this link yourself: {url}");
        self.lifecycle.spawn(async move {
            let action = MessageActionItem {
                title: "OK".to_owned(),
                properties: std::collections::HashMap::new(),
            };
            // The answer is only that the message was closed.
            let _ = client
                .show_message_request(MessageType::INFO, message, Some(vec![action]))
                .await;
        });
    }
}

#[async_trait]
impl Host for LspHost {
    async fn open_url(&self, url: &str) -> Opened {
        if self.abilities().show_document {
            let params = ShowDocumentParams {
                uri: url.to_owned(),
                external: true,
            };
            match ask::<ShowDocument>(&self.client, &self.lifecycle, params, OPENING).await {
                Some(Ok(ShowDocumentResult { success: true })) => return Opened::HandedOver,
                Some(Ok(_)) => tracing::info!("the IDE did not open the link"),
                Some(Err(error)) => tracing::info!(code = error.code.code(), "the IDE cannot open links"),
                None => return Opened::NoAnswer,
            }
        }
        match self.browser.open(url).await {
            Ok(()) => Opened::HandedOver,
            Err(reason) => {
                tracing::info!(%reason, "no browser");
                self.show_link(url);
                Opened::Shown
            }
        }
    }

    fn notify(&self, notification: Notification) {
        // Nobody listens only once everything ends.
        let _ = self.outbox.send(notification);
    }
}

async fn pass_on(
    client: Client,
    mut waiting: mpsc::UnboundedReceiver<Notification>,
    mut progress: Option<Progress>,
) {
    while let Some(notification) = waiting.recv().await {
        match notification {
            Notification::Attempt(params) => {
                if let Some(progress) = &mut progress {
                    progress.show(&params.attempt);
                }
                client.send_notification::<AttemptDidChange>(params).await;
            }
            Notification::Login(params) => client.send_notification::<DidLogin>(params).await,
            Notification::Logout(params) => {
                let message = params.message.clone();
                client.send_notification::<DidLogout>(params).await;
                if let Some(message) = message {
                    client.show_message(MessageType::INFO, message).await;
                }
            }
            Notification::Notice(message) => client.show_message(MessageType::WARNING, message).await,
            Notification::Data(params) => client.send_notification::<DidChangeData>(params).await,
            Notification::Connection(params) => {
                client
                    .send_notification::<DidChangeConnectionStatus>(params)
                    .await;
            }
        }
    }
}
