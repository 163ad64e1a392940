//! Accounts whose one token is good in several workspaces.

use async_trait::async_trait;
use serde_json::Value;

use super::{Account, AccountKey, Change, StoreError};

/// Where the workspaces stand in an account's data.
const WORKSPACES: &str = "workspaces";

/// What became of the wish to leave a workspace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Leaving {
    /// Left; the token is still good in others.
    Others(Box<Change>),
    /// It is the last one; nothing was changed.
    Last,
    /// There is no such account, or it is not good there.
    NotThere,
}

/// An account without one of its workspaces.
pub(super) enum Without {
    /// It is good in others.
    Elsewhere(Box<Account>),
    /// It is good in no other.
    Nowhere,
    /// It is not good there in the first place.
    NotThere,
}

impl Account {
    /// The account without one of its workspaces.
    pub(super) fn without_workspace(&self, id: &str) -> Without {
        let all = self.data.get(WORKSPACES).and_then(Value::as_array);
        let all = all.map_or(&[][..], Vec::as_slice);
        let others: Vec<Value> = all.iter().filter(|one| one["id"] != id).cloned().collect();
        if others.len() == all.len() {
            return Without::NotThere;
        }
        if others.is_empty() {
            return Without::Nowhere;
        }
        let mut left = self.clone();
        left.data[WORKSPACES] = Value::Array(others);
        Without::Elsewhere(Box::new(left))
    }
}

/// Workspaces.
#[async_trait]
pub(crate) trait Workspaces {
    /// Takes one of several workspaces out of an account, and publishes that as every change of an account.
    async fn leave_workspace(
        &self,
        key: &AccountKey,
        workspace: &str,
        request_id: Option<&str>,
    ) -> Result<Leaving, StoreError>;
}
