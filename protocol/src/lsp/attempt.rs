//! One press of Connect or Sign in, from the press to its end.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::id::{AttemptId, ProviderId};
use crate::lsp::error::ErrorKind;
use crate::text::{Limit, shown, web_link};
use crate::time::UnixMillis;

/// A handshake in flight, or ended. Every notification carries the whole of it; keep it by `attemptId`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Names it.
    pub attempt_id: AttemptId,
    /// Connect, sign in or link.
    pub kind: AttemptKind,
    /// The service's lower-case name.
    pub provider: String,
    /// The service's id.
    pub provider_id: ProviderId,
    /// How far it is.
    pub step: Step,
    /// The host that the browser is sent to in the end, for a person.
    pub host: String,
    /// The link, always copyable. Empty until the server gave a code.
    pub url: String,
    /// When the press was.
    pub started_at: UnixMillis,
    /// When it ends by itself.
    pub expires_at: UnixMillis,
    /// To compare with the browser's page, when the server asks for a confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub match_code: Option<String>,
    /// The account that came back, from step `confirming` on: the person confirms this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub account: Option<String>,
    /// A sentence for the person, for example that the link was opened in another browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub note: Option<String>,
    /// How it ended; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub end: Option<AttemptEnd>,
}

impl Attempt {
    /// With its texts made safe to show: names and messages in it come from the server and from third parties.
    pub fn shown(mut self) -> Self {
        let name = |text: String| shown(&text, Limit::NAME);
        let message = |text: String| shown(&text, Limit::MESSAGE);
        self.host = shown(&self.host, Limit::ADDRESS);
        self.account = self.account.map(name);
        self.note = self.note.map(message);
        self.match_code = self.match_code.map(name);
        self.end = self.end.map(|end| AttemptEnd {
            code: end.code.map(name),
            message: end.message.map(message),
            link: end.link.as_deref().and_then(web_link).map(String::from),
            account: end.account.map(name),
            ..end
        });
        self
    }
}

/// What an attempt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AttemptKind {
    /// A service for the signed-in user.
    Connect,
    /// A session.
    SignIn,
    /// A further identity for the signed-in user.
    Link,
}

/// How far an attempt is, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// The link is being made and handed to the browser.
    Opening,
    /// The person is in the browser.
    Waiting,
    /// An account came back; the person confirms or cancels. Link attempts only.
    Confirming,
    /// Approved; the account is being checked.
    Finishing,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AttemptEnd {
    /// Good or bad.
    pub outcome: Outcome,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kind: Option<ErrorKind>,
    /// The server's code, e.g. `PRVD-1006`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub code: Option<String>,
    /// For a person: what happened and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub message: Option<String>,
    /// Where a person can mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
    /// Who is connected or signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub account: Option<String>,
}

/// The ways an attempt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The service is connected, or the identity linked.
    Connected,
    /// There is a session.
    SignedIn,
    /// It failed; `kind` says why.
    Failed,
    /// The person gave up.
    Cancelled,
    /// Nobody answered in time.
    Expired,
    /// A newer attempt for the same service took its place.
    Superseded,
}
