//! The keys that a service signs its letters with: fetched from its `OpenID` document, kept for a day, and fetched again
//! before that for a key that nobody knows yet.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use codestream_protocol::UnixMillis;
use serde::Deserialize;
use url::Url;

use super::call::{self, CallError};

/// As the service advises.
const KEEP_FOR: Duration = Duration::from_hours(24);
/// Whoever invents key ids makes us ask no more often than this.
const ASK_AT_MOST_EVERY: Duration = Duration::from_mins(5);

/// One key (RFC 7517), with the extra member of the Bot Framework.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct SigningKey {
    pub(super) kid: String,
    #[serde(default)]
    pub(super) n: String,
    #[serde(default)]
    pub(super) e: String,
    /// The channels that the key may sign for.
    #[serde(default)]
    pub(super) endorsements: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: Url,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<SigningKey>,
}

/// What was fetched.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) issuer: String,
    keys: Vec<SigningKey>,
    at: UnixMillis,
}

impl Published {
    pub(super) fn key(&self, id: &str) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.kid == id)
    }

    fn is_good(&self, key_id: &str, now: UnixMillis) -> bool {
        let age = now.since(self.at);
        age < KEEP_FOR && (self.key(key_id).is_some() || age < ASK_AT_MOST_EVERY)
    }
}

/// The keys of one service.
#[derive(Debug, Default)]
pub(crate) struct SigningKeys {
    published: Mutex<Option<Arc<Published>>>,
    /// One fetch at a time: who waits for it finds what it brought.
    fetching: tokio::sync::Mutex<()>,
}

impl SigningKeys {
    fn kept(&self) -> Option<Arc<Published>> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What the `OpenID` document at `document` publishes, new enough to know `key_id` if it is there.
    pub(super) async fn at(
        &self,
        http: &reqwest::Client,
        document: &Url,
        key_id: &str,
        now: UnixMillis,
    ) -> Result<Arc<Published>, CallError> {
        let good = |kept: &Arc<Published>| kept.is_good(key_id, now);
        if let Some(kept) = self.kept().filter(good) {
            return Ok(kept);
        }
        let _one = self.fetching.lock().await;
        if let Some(kept) = self.kept().filter(good) {
            return Ok(kept);
        }
        let fetched = Arc::new(fetch(http, document, now).await?);
        *self.published.lock().unwrap_or_else(PoisonError::into_inner) = Some(fetched.clone());
        Ok(fetched)
    }
}

async fn fetch(http: &reqwest::Client, document: &Url, now: UnixMillis) -> Result<Published, CallError> {
    let Document { issuer, jwks_uri } = call::send(http.get(document.clone())).await?.json()?;
    let KeySet { keys } = call::send(http.get(jwks_uri)).await?.json()?;
    Ok(Published {
        issuer,
        keys,
        at: now,
    })
}
