//! Messages of the me-channel: rows first, then delivered.

use async_trait::async_trait;
use codestream_protocol::UnixMillis;
use codestream_protocol::channel::ChannelName;
use serde_json::Value;

use super::StoreError;

/// A stored message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredMessage {
    /// Also in the payload, as `messageId`.
    pub(crate) id: String,
    /// Where it was published.
    pub(crate) channel: ChannelName,
    /// The channel's time, taken inside the transaction that stored it.
    pub(crate) timestamp: UnixMillis,
    /// As it is delivered; an object.
    pub(crate) payload: Value,
}

/// Messages.
#[async_trait]
pub(crate) trait Messages {
    /// Stores an object as a message; its `messageId` is made here. Wakes [`Message`](super::Wake::Message).
    async fn publish(&self, channel: &ChannelName, payload: Value) -> Result<StoredMessage, StoreError>;

    /// The message with this id.
    async fn message(&self, id: &str) -> Result<Option<StoredMessage>, StoreError>;

    /// Messages on any of `channels` at or after `since`, newest first, at most `limit`.
    async fn messages_since(
        &self,
        channels: &[ChannelName],
        since: UnixMillis,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError>;
}
