//! What the store tells after a commit, to whoever waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codestream_protocol::UserId;
use codestream_protocol::channel::ChannelName;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, broadcast};

use super::{SessionId, SignUpKey};

/// One thing that has changed. Names rows only: a listener reads what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Wake {
    /// A message was stored.
    Message {
        /// Its id.
        id: String,
        /// Where it was published.
        channel: ChannelName,
    },
    /// A sign-up was opened, granted, refused, or has expired.
    SignUp {
        /// Which one.
        key: SignUpKey,
    },
    /// A session has ended.
    SessionEnded {
        /// Which one.
        id: SessionId,
    },
    /// A handshake was opened, so the next expiry may come sooner.
    Deadline,
    /// A user's teams have changed.
    Membership {
        /// Whose.
        user_id: UserId,
    },
    /// A refresh of one of the user's accounts is over, whatever came of it.
    RefreshEnded {
        /// Whose.
        user_id: UserId,
    },
    /// Something may have been missed: read again what is waited for.
    Missed,
}

/// What somebody may wait for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// [`Wake::SignUp`] of this one.
    SignUp(SignUpKey),
    /// [`Wake::RefreshEnded`] of this user's.
    Refresh(UserId),
}

/// Tells whoever waits for a topic, and the few that listen to everything. One wake-up costs its own waiters, however many
/// others there are.
#[derive(Debug, Clone)]
pub(crate) struct Wakes {
    all: broadcast::Sender<Wake>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    topics: HashMap<Topic, Vec<(u64, Arc<Notify>)>>,
}

impl Wakes {
    /// With nobody listening yet.
    pub(crate) fn new() -> Self {
        Self {
            all: broadcast::Sender::new(4096),
            waiting: Arc::default(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here panics half-way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells `wake`.
    pub(crate) fn tell(&self, wake: Wake) {
        let topic = match &wake {
            Wake::SignUp { key } => Some(Topic::SignUp(key.clone())),
            Wake::RefreshEnded { user_id } => Some(Topic::Refresh(user_id.clone())),
            Wake::Missed => {
                let waiting = self.waiting();
                for (_, waiter) in waiting.topics.values().flatten() {
                    waiter.notify_one();
                }
                None
            }
            Wake::Message { .. } | Wake::SessionEnded { .. } | Wake::Deadline | Wake::Membership { .. } => {
                None
            }
        };
        if let Some(topic) = topic {
            let waiting = self.waiting();
            for (_, waiter) in waiting.topics.get(&topic).into_iter().flatten() {
                waiter.notify_one();
            }
        }
        // Err means that nobody listens.
        let _ = self.all.send(wake);
    }

    /// Listens to everything from now on. A listener that has fallen behind gets `RecvError::Lagged` and reads again what it
    /// waits for. Subscribe first, then read the store: so nothing falls in between.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Wake> {
        self.all.subscribe()
    }

    /// Waits for `topic` from now on. Register first, then read the store: so nothing falls in between.
    pub(crate) fn wait_for(&self, topic: Topic) -> Waiter {
        let told = Arc::new(Notify::new());
        let mut waiting = self.waiting();
        let id = waiting.next;
        waiting.next += 1;
        let waiters = waiting.topics.entry(topic.clone()).or_default();
        waiters.push((id, told.clone()));
        Waiter {
            wakes: self.clone(),
            topic,
            id,
            told,
        }
    }
}

/// Waits for a topic, until it is dropped.
#[derive(Debug)]
pub(crate) struct Waiter {
    wakes: Wakes,
    topic: Topic,
    id: u64,
    told: Arc<Notify>,
}

impl Waiter {
    /// Ends when the topic was told, or may have been, since this ended last.
    pub(crate) async fn woken(&self) {
        self.told.notified().await;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiting = self.wakes.waiting();
        if let Some(waiters) = waiting.topics.get_mut(&self.topic) {
            waiters.retain(|(id, _)| *id != self.id);
            if waiters.is_empty() {
                waiting.topics.remove(&self.topic);
            }
        }
    }
}

#[cfg(test)]
mod tests;
