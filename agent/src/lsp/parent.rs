//! Whether the IDE still lives (`processId` of LSP 3.17's `initialize`). The end of the input tells it too, but only once
//! nobody holds the pipe any more, and what an IDE started may hold it for longer than the IDE lives.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// How often it is looked for.
const LOOK: Duration = Duration::from_secs(2);

/// The process that the IDE names. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parent(watch::Sender<Option<u32>>);

impl Parent {
    /// It is this one.
    pub(crate) fn is(&self, id: u32) {
        self.0.send_replace(Some(id));
    }

    /// Ends when the process has. Never, when none is named, or when there was no such process in the first place: an IDE
    /// outside of a container names a process that is not to be seen inside.
    pub(crate) async fn gone(self) {
        let mut named = self.0.subscribe();
        let id = match named.wait_for(Option::is_some).await {
            Ok(id) => *id,
            Err(_) => None,
        };
        let Some(id) = id.filter(|id| lives(*id)) else {
            return std::future::pending().await;
        };
        while lives(id) {
            sleep(LOOK).await;
        }
        tracing::info!(id, "the IDE has gone");
    }
}

#[cfg(unix)]
fn lives(id: u32) -> bool {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    // Another user's process may not be signalled, and lives.
    id.is_some_and(|id| test_kill_process(id) != Err(Errno::SRCH))
}

#[cfg(not(unix))]
fn lives(_: u32) -> bool {
    // A pipe ends with its last holder there as well; processes do not inherit it unless they are asked to.
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use tokio::time::timeout;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test(start_paused = true)]
    async fn an_ide_that_ends_is_noticed() {
        let mut ide = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a process");
        let parent = Parent::default();
        parent.is(ide.id());
        let gone = parent.gone();
        tokio::pin!(gone);
        assert!(timeout(LONG, &mut gone).await.is_err(), "it lives");
        ide.kill().expect("killed");
        ide.wait().expect("ended");
        assert!(timeout(LONG, gone).await.is_ok(), "it has gone");
        let other = Parent::default();
        other.is(ide.id());
        assert!(
            timeout(LONG, other.gone()).await.is_err(),
            "one that was never there cannot go"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_process_nothing_is_waited_for() {
        assert!(timeout(LONG, Parent::default().gone()).await.is_err());
    }
}
