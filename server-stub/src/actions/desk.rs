//! What a service's work may need of the rest of the server, and no more: its own notes, accounts and the connect codes.

use std::sync::Arc;

use async_trait::async_trait;
use codestream_protocol::secret::AccessToken;
use codestream_protocol::{TeamId, UserId};
use serde_json::Value;

use crate::app::App;
use crate::broker;
use crate::providers::Desk;
use crate::store::{AccountKey, Member, StoreError};

/// One service's.
pub(super) struct ServiceDesk<'a> {
    pub(super) app: &'a Arc<App>,
    /// The service's lower-case name.
    pub(super) provider: &'a str,
}

#[async_trait]
impl Desk for ServiceDesk<'_> {
    async fn redeem(&self, code: &str) -> Result<Option<UserId>, StoreError> {
        self.app.store.redeem_connect_code(code).await
    }

    async fn members_at(&self, workspace: &str) -> Result<Vec<Member>, StoreError> {
        self.app.store.members_at(self.provider, workspace).await
    }

    async fn access_of(&self, member: &Member, workspace: &str) -> Result<Option<AccessToken>, StoreError> {
        let key = AccountKey {
            user_id: member.user_id.clone(),
            team_id: member.team_id.clone(),
            provider: self.provider.to_owned(),
            host: None,
            sub_id: Some(workspace.to_owned()),
        };
        // A reconnect may have put another person's account in this place.
        let account = broker::current_account(self.app, &key).await?;
        Ok(account
            .filter(|account| account.subject == member.subject)
            .and_then(|account| account.access_token))
    }

    fn recall(&self, question: &str) -> Option<Value> {
        let question = format!("{} {question}", self.provider);
        self.app.answers.recall(&question, self.app.clock.now())
    }

    fn remember(&self, question: &str, answer: &Value) {
        let question = format!("{} {question}", self.provider);
        self.app
            .answers
            .remember(question, answer.clone(), self.app.clock.now());
    }

    async fn teams_of(&self, user: &UserId) -> Result<Vec<TeamId>, StoreError> {
        Ok(self
            .app
            .store
            .user(user)
            .await?
            .map_or_else(Vec::new, |user| user.team_ids))
    }

    async fn email_of(&self, user: &UserId) -> Result<Option<String>, StoreError> {
        Ok(self.app.store.user(user).await?.map(|user| user.email))
    }

    async fn note(&self, name: &str) -> Result<Option<Value>, StoreError> {
        self.app.store.note(self.provider, name).await
    }

    async fn keep_note(&self, name: &str, note: &Value) -> Result<(), StoreError> {
        self.app.store.keep_note(self.provider, name, note).await
    }

    async fn notes(&self, prefix: &str) -> Result<Vec<(String, Value)>, StoreError> {
        self.app.store.notes(self.provider, prefix).await
    }
}
