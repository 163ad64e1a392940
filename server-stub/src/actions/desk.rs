//! What a service's work may need of the store, and no more: its own notes and the connect codes.

use async_trait::async_trait;
use codestream_protocol::{TeamId, UserId};
use serde_json::Value;

use crate::providers::Desk;
use crate::store::{Store, StoreError};

/// One service's.
pub(super) struct ServiceDesk<'a> {
    pub(super) store: &'a dyn Store,
    /// The service's lower-case name.
    pub(super) provider: &'a str,
}

#[async_trait]
impl Desk for ServiceDesk<'_> {
    async fn redeem(&self, code: &str) -> Result<Option<UserId>, StoreError> {
        self.store.redeem_connect_code(code).await
    }

    async fn teams_of(&self, user: &UserId) -> Result<Vec<TeamId>, StoreError> {
        Ok(self
            .store
            .user(user)
            .await?
            .map_or_else(Vec::new, |user| user.team_ids))
    }

    async fn email_of(&self, user: &UserId) -> Result<Option<String>, StoreError> {
        Ok(self.store.user(user).await?.map(|user| user.email))
    }

    async fn note(&self, name: &str) -> Result<Option<Value>, StoreError> {
        self.store.note(self.provider, name).await
    }

    async fn keep_note(&self, name: &str, note: &Value) -> Result<(), StoreError> {
        self.store.keep_note(self.provider, name, note).await
    }

    async fn notes(&self, prefix: &str) -> Result<Vec<(String, Value)>, StoreError> {
        self.store.notes(self.provider, prefix).await
    }
}
