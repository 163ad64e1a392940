//! Background work and its end.
//!
//! Every task of the server is spawned here, so that shutdown can wait for it.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Spawns tasks and ends them. Clones are the same lifecycle.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifecycle {
    drain: CancellationToken,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// Runs `task`; shutdown waits for it, so it watches [`stopping`](Self::stopping) when it has no end of its own.
    pub(crate) fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task);
    }

    /// Runs `task` to its end, whatever becomes of who waits for it.
    pub(crate) fn run<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.tasks.spawn(task)
    }

    /// Ends when this node is to be left: whoever waits for something here waits elsewhere from now on.
    pub(crate) async fn draining(&self) {
        self.drain.cancelled().await;
    }

    /// Whether this node is being left.
    pub(crate) fn is_draining(&self) -> bool {
        self.drain.is_cancelled()
    }

    /// Cancelled when this node is to be left.
    pub(crate) fn drain_token(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// Sends those who wait elsewhere. What is short is still served.
    pub(crate) fn drain(&self) {
        self.drain.cancel();
    }

    /// Ends when shutdown begins.
    pub(crate) async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Begins shutdown.
    pub(crate) fn stop(&self) {
        self.drain();
        self.stop.cancel();
        self.tasks.close();
    }

    /// Ends when every task has.
    pub(crate) async fn finished(&self) {
        self.tasks.wait().await;
    }
}
