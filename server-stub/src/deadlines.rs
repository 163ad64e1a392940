//! Ends handshakes when their time is over, so that no agent waits for one that nobody will finish.

use std::sync::Arc;
use std::time::Duration;

use codestream_protocol::UnixMillis;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::store::{StoreError, Wake};

/// How often the past is forgotten when nothing else happens.
const AT_LEAST_EVERY: Duration = Duration::from_mins(10);
/// After a failed attempt.
const RETRY: Duration = Duration::from_secs(5);

/// Runs until shutdown.
pub(crate) async fn run(app: Arc<App>) {
    let mut wakes = app.wakes.listen();
    let mut sweep = app.clock.now();
    loop {
        let next = match due(&app, &mut sweep).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "handshakes could not be ended");
                app.clock.now() + RETRY
            }
        };
        tokio::select! {
            () = app.clock.sleep_until(next) => {}
            () = opened(&mut wakes) => {}
            () = app.lifecycle.stopping() => return,
        }
    }
}

/// Ends what is due, and gives the time of the next.
async fn due(app: &App, sweep: &mut UnixMillis) -> Result<UnixMillis, StoreError> {
    let mut next = app.store.next_expiry().await?.map_or(*sweep, |at| at.min(*sweep));
    if next <= app.clock.now() {
        app.store.expire_handshakes().await?;
        *sweep = app.clock.now() + AT_LEAST_EVERY;
        next = app.store.next_expiry().await?.map_or(*sweep, |at| at.min(*sweep));
    }
    Ok(next)
}

/// Ends when the next expiry may have become another.
async fn opened(wakes: &mut Receiver<Wake>) {
    loop {
        match wakes.recv().await {
            Ok(Wake::Deadline | Wake::Missed) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
