//! The one place that spawns: every task is told to stop before it is stopped, and waited for.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Start and end of the agent's tasks. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// Nothing runs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled once the agent is to end: finish what is at hand and return.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Runs `task` until it ends, or until the hard stop drops it.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let hard = self.hard.clone();
        self.tasks
            .spawn(async move { hard.run_until_cancelled(task).await })
    }

    /// Asks every task to end, waits for `grace`, then drops what is left.
    pub async fn stop(&self, grace: Duration) {
        self.soft.cancel();
        self.tasks.close();
        if timeout(grace, self.tasks.wait()).await.is_err() {
            self.hard.cancel();
            self.tasks.wait().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_listen_is_dropped_after_the_grace() {
        let lifecycle = Lifecycle::new();
        let soft = lifecycle.soft().clone();
        let polite = lifecycle.spawn(async move { soft.cancelled().await });
        let deaf = lifecycle.spawn(std::future::pending::<()>());
        let began = tokio::time::Instant::now();
        lifecycle.stop(Duration::from_secs(2)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(2));
        assert_eq!(polite.await.expect("joined"), Some(()));
        assert_eq!(deaf.await.expect("joined"), None);
    }
}
