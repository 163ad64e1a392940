//! The keys that a service signs its webhooks with: fetched from its `OpenID` document, kept for a day, and fetched again
//! before that for an unknown key id. Anybody can send a webhook with an invented key id, so fetches are rare, shared, bounded
//! in time, and a failed one is remembered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use codestream_protocol::UnixMillis;
use serde::Deserialize;
use url::Url;

use super::call::{self, CallError};
use crate::clock::Clock;

/// As the service advises.
const KEEP_FOR: Duration = Duration::from_hours(24);
/// Whoever invents key ids makes us ask no more often than this.
const ASK_AT_MOST_EVERY: Duration = Duration::from_mins(5);
/// How long a webhook waits for keys. The Bot Connector gives up after 15 s.
const WAIT: Duration = Duration::from_secs(3);
/// For so long after a failed fetch none is tried. A sender that is refused meanwhile tries again later.
const REMEMBER_FAILURE: Duration = Duration::from_secs(30);

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
    state: Mutex<State>,
    /// One fetch at a time, which every caller shares.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    published: Option<Arc<Published>>,
    /// When the last fetch began, unless it succeeded.
    failed_at: Option<UnixMillis>,
}

impl SigningKeys {
    fn state(&self) -> MutexGuard<'_, State> {
        // Both fields are set by single assignments: a panic leaves nothing half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, key_id: &str, now: UnixMillis) -> Option<Arc<Published>> {
        let kept = self.state().published.clone();
        kept.filter(|kept| kept.is_good(key_id, now))
    }

    /// What the `OpenID` document at `document` publishes, new enough to know `key_id` if it is there. Takes at most [`WAIT`],
    /// whatever the key server does (CWE-400).
    pub(super) async fn at(
        &self,
        http: &reqwest::Client,
        document: &Url,
        key_id: &str,
        clock: &Clock,
    ) -> Result<Arc<Published>, CallError> {
        let deadline = clock.now() + WAIT;
        tokio::select! {
            published = self.shared(http, document, key_id, clock) => published,
            () = clock.sleep_until(deadline) => Err(CallError::Transport("no answer in time")),
        }
    }

    async fn shared(
        &self,
        http: &reqwest::Client,
        document: &Url,
        key_id: &str,
        clock: &Clock,
    ) -> Result<Arc<Published>, CallError> {
        if let Some(kept) = self.kept(key_id, clock.now()) {
            return Ok(kept);
        }
        let _one = self.fetching.lock().await;
        let now = clock.now();
        if let Some(kept) = self.kept(key_id, now) {
            return Ok(kept);
        }
        {
            let mut state = self.state();
            if state.failed_at.is_some_and(|at| now.since(at) < REMEMBER_FAILURE) {
                return Err(CallError::Transport("the last fetch failed a moment ago"));
            }
            // Before the fetch, so that one that is cut off by its deadline counts as failed.
            state.failed_at = Some(now);
        }
        let fetched = Arc::new(fetch(http, document, now).await?);
        *self.state() = State {
            published: Some(fetched.clone()),
            failed_at: None,
        };
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

#[cfg(test)]
mod tests;
