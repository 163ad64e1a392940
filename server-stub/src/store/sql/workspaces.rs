//! Workspaces in SQL.

use async_trait::async_trait;

use super::Sql;
use crate::me;
use crate::store::workspaces::Without;
use crate::store::{AccountKey, Leaving, StoreError, Workspaces};

#[async_trait]
impl Workspaces for Sql {
    async fn leave_workspace(
        &self,
        key: &AccountKey,
        workspace: &str,
        request_id: Option<&str>,
    ) -> Result<Leaving, StoreError> {
        let mut tx = self.write().await?;
        let grown = tx.grow(&key.user_id).await?;
        let Some(account) = self.account_in(tx.db(), key).await? else {
            return Ok(Leaving::NotThere);
        };
        let left = match account.without_workspace(workspace) {
            Without::NotThere => return Ok(Leaving::NotThere),
            Without::Nowhere => return Ok(Leaving::Last),
            Without::Elsewhere(left) => left,
        };
        tx.put_account(&grown, &left).await?;
        let change = tx
            .change_user(grown, me::connected(&left), None, request_id)
            .await?;
        tx.commit().await?;
        Ok(Leaving::Others(Box::new(change)))
    }
}
