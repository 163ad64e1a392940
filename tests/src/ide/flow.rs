//! What tests and demo do with an IDE again and again: press a button, see the link, watch the attempt to its end.

use codestream_protocol::AttemptId;
use codestream_protocol::lsp::attempt::{Attempt, AttemptEnd, Step};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::{AttemptDidChange, DidLogin};
use codestream_protocol::lsp::request::{
    Account, AttemptParams, CallParams, CallResult, Called, Person, ProviderParams, ProviderSummary,
    SsoParams, Started,
};

use serde_json::Value;

use super::methods::{
    AttemptCancel, AttemptChanged, Call, Connect, Disconnect, Empty, List, LoggedIn, LoginSso, Me, Method,
    Status,
};
use super::{HeadlessIde, Incoming, RpcError};

/// A link that the IDE was asked to open.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The link.
    pub url: String,
    /// The whole request.
    pub message: Incoming,
}

impl HeadlessIde {
    /// Presses Connect.
    pub async fn connect(&self, provider: &str) -> Result<Started, RpcError> {
        self.request::<Connect>(named(provider)).await
    }

    /// Presses Sign up.
    pub async fn sign_up(&self, provider: &str) -> Result<Started, RpcError> {
        self.request::<LoginSso>(SsoParams {
            provider: provider.to_owned(),
            signup: true,
        })
        .await
    }

    /// Presses Sign in.
    pub async fn sign_in(&self, provider: &str) -> Result<Started, RpcError> {
        self.request::<LoginSso>(SsoParams {
            provider: provider.to_owned(),
            signup: false,
        })
        .await
    }

    /// The next link that the IDE is asked to open in the browser.
    pub async fn opened(&self) -> Opened {
        let message = self.message("window/showDocument", |_| true).await;
        assert_eq!(
            message.params["external"], true,
            "an external document: {}",
            message.params
        );
        let url = message.params["uri"].as_str().expect("a link").to_owned();
        Opened { url, message }
    }

    /// The next change of an attempt.
    pub async fn changed(&self, id: AttemptId) -> Attempt {
        let change: AttemptDidChange = self
            .await_notification::<AttemptChanged>(|change| change.attempt.attempt_id == id)
            .await;
        change.attempt
    }

    /// Reads an attempt's changes up to a step.
    pub async fn reaches(&self, id: AttemptId, step: Step) -> Attempt {
        loop {
            let attempt = self.changed(id).await;
            assert!(attempt.end.is_none(), "it ended before {step:?}: {attempt:?}");
            if attempt.step == step {
                return attempt;
            }
        }
    }

    /// Reads an attempt's changes to its end. Steps never go back, and nothing changes after the end: that would be
    /// left unread.
    pub async fn end_of(&self, id: AttemptId) -> AttemptEnd {
        let mut reached = 0;
        loop {
            let attempt = self.changed(id).await;
            let rank = match attempt.step {
                Step::Opening => 0,
                Step::Waiting => 1,
                Step::Confirming => 2,
                Step::Finishing => 3,
            };
            assert!(rank >= reached, "a step back: {attempt:?}");
            reached = rank;
            if let Some(end) = attempt.end {
                return end;
            }
        }
    }

    /// Presses Cancel.
    pub async fn cancel(&self, id: AttemptId) -> Result<Empty, RpcError> {
        self.request::<AttemptCancel>(AttemptParams { attempt_id: id })
            .await
    }

    /// The progress bar that is showing: its token and how it began.
    pub async fn progress(&self) -> (Value, Value) {
        let showing = self.inbox.until(|contents| {
            let bar = contents
                .progress
                .values()
                .find(|bar| !bar.begin.is_null() && !bar.ended)?;
            Some((bar.token.clone(), bar.begin.clone()))
        });
        let Ok(found) = tokio::time::timeout(self.patience, showing).await else {
            panic!("no progress bar in {:?}", self.patience);
        };
        found.unwrap_or_else(|end| panic!("no progress bar before {end}"))
    }

    /// The session that the agent reports.
    pub async fn logged_in(&self) -> DidLogin {
        self.await_notification::<LoggedIn>(|_| true).await
    }

    /// What `codestream/status` says.
    pub async fn status(&self) -> <Status as Method>::Answer {
        self.request::<Status>(Empty::new())
            .await
            .expect("a status can always be told")
    }

    /// What `codestream/provider/list` says.
    pub async fn services(&self) -> Vec<ProviderSummary> {
        self.request::<List>(Empty::new())
            .await
            .expect("a list of services")
            .providers
    }

    /// What `codestream/provider/list` says of one service.
    pub async fn summary(&self, provider: &str) -> ProviderSummary {
        self.services()
            .await
            .into_iter()
            .find(|one| one.name == provider)
            .unwrap_or_else(|| panic!("{provider} is not in the list"))
    }

    /// The one account at a service.
    pub async fn account(&self, provider: &str) -> Option<Account> {
        let mut accounts = self.summary(provider).await.accounts;
        assert!(accounts.len() <= 1, "at most one account: {accounts:?}");
        accounts.pop()
    }

    /// Who the third party says this is.
    pub async fn me(&self, provider: &str) -> Result<Person, RpcError> {
        self.request::<Me>(named(provider)).await
    }

    /// Presses Disconnect.
    pub async fn disconnect(&self, provider: &str) -> Result<<Disconnect as Method>::Answer, RpcError> {
        self.request::<Disconnect>(named(provider)).await
    }

    /// A direct call to the third party.
    pub async fn get(&self, provider: &str, path: &str) -> Result<CallResult, RpcError> {
        Ok(self.called(provider, path).await?.answer)
    }

    /// A direct call to the third party, with what its answer means.
    pub async fn called(&self, provider: &str, path: &str) -> Result<Called, RpcError> {
        let params = CallParams {
            provider_id: provider.to_owned(),
            provider_team_id: None,
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: None,
            headers: None,
            body: None,
            timeout_ms: None,
        };
        self.request::<Call>(params).await
    }
}

impl RpcError {
    /// The kind of failure.
    ///
    /// # Panics
    /// When `data` names none.
    pub fn kind(&self) -> ErrorKind {
        serde_json::from_value(self.data["kind"].clone())
            .unwrap_or_else(|error| panic!("an error without a kind ({error}): {self:?}"))
    }
}

fn named(provider: &str) -> ProviderParams {
    ProviderParams {
        provider_id: provider.to_owned(),
        provider_team_id: None,
    }
}
