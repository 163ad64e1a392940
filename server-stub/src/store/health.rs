//! Whether the store takes writes, told truly: to load balancers, metrics and whoever asks for the status.

use async_trait::async_trait;

use super::StoreError;

/// The health of the store.
#[async_trait]
pub(crate) trait Health {
    /// Whether a write would be kept now. A commit of the last seconds proves it; otherwise a row is written. Those who ask at
    /// the same time share one probe, and a failure is told again for a second, so that a full disk is not hammered.
    async fn probe(&self) -> Result<(), StoreError>;
}
