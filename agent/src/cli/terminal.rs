//! The terminal: the one writer of the commands' output, and the host that a session has there.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use codestream_protocol::AttemptId;
use codestream_protocol::lsp::attempt::{Attempt, Step};
use codestream_protocol::lsp::notification::{AttemptDidChange, DidLogin};
use codestream_protocol::text::safe_lines;
use tokio::sync::watch;

use crate::browser::Browser;
use crate::session::{Host, Notification, Opened};

type Writer = Arc<Mutex<dyn Write + Send>>;

/// Standard output and standard error. Cloning shares them.
#[derive(Clone)]
pub(super) struct Terminal {
    out: Writer,
    err: Writer,
}

impl Terminal {
    /// The process's own.
    pub(super) fn standard() -> Self {
        Self::new(std::io::stdout(), std::io::stderr())
    }

    pub(super) fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self {
            out: Arc::new(Mutex::new(out)),
            err: Arc::new(Mutex::new(err)),
        }
    }

    /// A line of the result.
    pub(super) fn say(&self, line: &dyn Display) {
        write_line(&self.out, line);
    }

    /// Asks a question and gives the answer; `None` when nobody is there to be asked.
    pub(super) async fn ask(&self, question: &dyn Display) -> Option<String> {
        {
            let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = write!(out, "{question} ").and_then(|()| out.flush());
        }
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        answer.await.ok()?.ok().map(|line| line.trim().to_owned())
    }

    /// A line about what went wrong.
    pub(super) fn complain(&self, line: &dyn Display) {
        write_line(&self.err, line);
    }
}

fn write_line(writer: &Writer, line: &dyn Display) {
    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    // Whoever closed the pipe does not want to know. A name may hold what a terminal would obey (CWE-150).
    let _ = writeln!(writer, "{}", safe_lines(&line.to_string())).and_then(|()| writer.flush());
}

/// A session's host in a terminal.
pub(super) struct TerminalHost {
    terminal: Terminal,
    browser: Browser,
    login: watch::Sender<Option<DidLogin>>,
    match_code: Mutex<Option<String>>,
    attempt: watch::Sender<Option<Attempt>>,
    note: Mutex<Option<String>>,
}

impl TerminalHost {
    pub(super) fn new(terminal: Terminal, browser: Browser) -> Self {
        Self {
            terminal,
            browser,
            login: watch::Sender::new(None),
            match_code: Mutex::new(None),
            attempt: watch::Sender::new(None),
            note: Mutex::new(None),
        }
    }

    /// The session, once there is one.
    pub(super) async fn login(&self) -> Option<DidLogin> {
        let mut login = self.login.subscribe();
        let login = login.wait_for(Option::is_some).await.ok()?;
        login.clone()
    }

    /// The attempt, once it waits for a confirmation or has ended.
    pub(super) async fn to_confirm(&self, id: AttemptId) -> Option<Attempt> {
        let mut attempts = self.attempt.subscribe();
        let reached = attempts.wait_for(|attempt| {
            attempt.as_ref().is_some_and(|attempt| {
                attempt.attempt_id == id && (attempt.step == Step::Confirming || attempt.end.is_some())
            })
        });
        let reached = reached.await.ok()?;
        reached.clone()
    }

    fn show_note(&self, change: &AttemptDidChange) {
        let mut shown = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        if change.attempt.note != *shown {
            shown.clone_from(&change.attempt.note);
            if let Some(note) = shown.as_deref() {
                self.terminal.say(&format_args!("{note}"));
            }
        }
    }

    fn show_match_code(&self, change: &AttemptDidChange) {
        let mut shown = self.match_code.lock().unwrap_or_else(PoisonError::into_inner);
        if change.attempt.match_code != *shown {
            shown.clone_from(&change.attempt.match_code);
            if let Some(code) = shown.as_deref() {
                self.terminal.say(&format_args!(
                    "If the page asks for a code, it must be this one: {code}"
                ));
            }
        }
    }
}

#[async_trait]
impl Host for TerminalHost {
    async fn open_url(&self, url: &str) -> Opened {
        // The link comes first: whatever the browser does, the person has it.
        self.terminal
            .say(&format_args!("Open this link in your browser:\n\n  {url}\n"));
        match self.browser.open(url).await {
            Ok(()) => Opened::HandedOver,
            Err(_) => Opened::Shown,
        }
    }

    fn notify(&self, notification: Notification) {
        match notification {
            Notification::Login(login) => {
                self.login.send_replace(Some(login));
            }
            Notification::Attempt(change) => {
                self.show_match_code(&change);
                self.show_note(&change);
                self.attempt.send_replace(Some(change.attempt));
            }
            Notification::Notice(message) => self.terminal.complain(&message),
            Notification::Logout(_) | Notification::Data(_) | Notification::Connection(_) => {}
        }
    }
}
