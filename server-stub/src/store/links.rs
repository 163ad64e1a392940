//! What ties people and places at a third party to people here: connect codes, and a service's own notes.

use async_trait::async_trait;
use codestream_protocol::secret::ConnectCode;
use codestream_protocol::{UnixMillis, UserId};
use serde_json::Value;

use super::StoreError;

/// Connect codes and notes.
#[async_trait]
pub(crate) trait Links {
    /// Keeps a code of `user`, as a fingerprint.
    async fn keep_connect_code(
        &self,
        code: &ConnectCode,
        user: &UserId,
        expires_at: UnixMillis,
    ) -> Result<(), StoreError>;

    /// Takes a code out: for one caller alone, and only in time.
    async fn redeem_connect_code(&self, code: &str) -> Result<Option<UserId>, StoreError>;

    /// What a service has noted under `name`.
    async fn note(&self, provider: &str, name: &str) -> Result<Option<Value>, StoreError>;

    /// Notes something, in place of what was noted; `Null` removes it. Sealed.
    async fn keep_note(&self, provider: &str, name: &str, note: &Value) -> Result<(), StoreError>;

    /// Every note of a service whose name begins with `prefix`, by name.
    async fn notes(&self, provider: &str, prefix: &str) -> Result<Vec<(String, Value)>, StoreError>;
}
