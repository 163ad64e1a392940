//! A child process: its standard error is kept, its end is awaited, and it never outlives its owner.

use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;

use crate::clock;

/// How long a process may take to end once it was told to.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// A home directory of its own, so that nothing of the real user is read or written.
#[derive(Debug)]
pub struct Home(TempDir);

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// An empty one.
    pub fn new() -> Self {
        Self(TempDir::with_prefix("codestream-test-").expect("a temporary directory"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A command that sees this home and nothing else of the environment: no display, no proxy, no keyring.
    #[expect(
        clippy::disallowed_methods,
        reason = "a child needs the path and, on Windows, its system root"
    )]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.path());
        for name in ["PATH", "SystemRoot", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        for (name, below) in [
            ("HOME", ""),
            ("USERPROFILE", ""),
            ("XDG_STATE_HOME", "state"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_RUNTIME_DIR", "run"),
            ("TMPDIR", ""),
        ] {
            command.env(name, self.path().join(below));
        }
        command
    }
}

/// Lines of a process' standard error that a failed test shows.
const LAST_WORDS: usize = 60;

/// A running child.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    stderr: Arc<Mutex<Vec<u8>>>,
    ended: watch::Receiver<bool>,
    ended_sync: mpsc::Receiver<()>,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts `command`; the caller has set its standard input and output.
    pub(crate) fn spawn(name: &'static str, command: &mut Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let (ended_tx, ended) = watch::channel(false);
        let (sync_tx, ended_sync) = mpsc::channel();
        let pipe = child.stderr.take().expect("standard error is piped");
        let kept = Arc::clone(&stderr);
        std::thread::spawn(move || {
            keep(pipe, &kept);
            // The other side may be gone: nobody waits any more.
            let _ = ended_tx.send(true);
            let _ = sync_tx.send(());
        });
        Self {
            name,
            child,
            stderr,
            ended,
            ended_sync,
            status: None,
        }
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard error so far.
    pub(crate) fn stderr(&self) -> String {
        let bytes = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Tells whoever reads a failed test the end of what it wrote to standard error. Not all of it: the test's own words would
    /// be lost among thousands of lines.
    pub(crate) fn last_words(&self) {
        let text = self.stderr();
        let before = text.lines().count().saturating_sub(LAST_WORDS);
        eprintln!(
            "--- standard error of {}, without its first {before} lines ---",
            self.name
        );
        for line in text.lines().skip(before) {
            eprintln!("{line}");
        }
    }

    /// Asks it to end, as a service manager does.
    pub(crate) fn terminate(&mut self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::TERM);
        #[cfg(not(unix))]
        self.kill();
    }

    /// Asks it to end, as Ctrl-C does.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        self.signal(rustix::process::Signal::INT);
    }

    /// Lets it stand still, as a machine that sleeps, or go on.
    #[cfg(unix)]
    pub(crate) fn freeze(&self, still: bool) {
        use rustix::process::Signal;
        self.signal(if still { Signal::STOP } else { Signal::CONT });
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        if self.status.is_none() {
            let pid = rustix::process::Pid::from_child(&self.child);
            // It may have ended by itself; it is not reaped yet, so the id is still its own.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    /// Ends it without a word.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }

    /// Waits for its end. The end of its standard error is the sign of it, so nothing polls.
    ///
    /// # Panics
    /// When it does not end in `limit`.
    pub(crate) async fn wait(&mut self, limit: Duration) -> ExitStatus {
        if let Some(status) = self.status {
            return status;
        }
        let began = clock::now();
        if tokio::time::timeout(limit, self.ended.wait_for(|ended| *ended))
            .await
            .is_err()
        {
            panic!(
                "{} has not ended after {:?}; standard error:\n{}",
                self.name,
                began.elapsed(),
                self.stderr()
            );
        }
        self.reap()
    }

    fn reap(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("a child can be waited for");
        self.status = Some(status);
        status
    }

    /// As [`wait`](Self::wait), for a destructor: kills it after `limit`.
    pub(crate) fn end_blocking(&mut self, limit: Duration) -> Option<ExitStatus> {
        if self.status.is_none() {
            if self.ended_sync.recv_timeout(limit).is_err() {
                self.kill();
                self.reap();
                return None;
            }
            self.reap();
        }
        self.status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.kill();
            self.reap();
        }
    }
}

fn keep(mut pipe: ChildStderr, kept: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 8192];
    while let Ok(n @ 1..) = pipe.read(&mut chunk) {
        kept.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(&chunk[..n]);
    }
}

/// What a process that ran to its end left behind.
#[derive(Debug)]
pub struct Output {
    /// Its exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs `command` to its end, without standard input.
///
/// # Panics
/// When it does not start.
pub async fn run(mut command: Command) -> Output {
    let task = tokio::task::spawn_blocking(move || command.stdin(Stdio::null()).output());
    let output = task
        .await
        .expect("the task is not cancelled")
        .expect("the command starts");
    Output {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
