//! A command in a terminal: what it prints is read line by line while it runs.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use tokio::sync::mpsc;

use crate::PATIENCE;
use crate::process::{Output, Process};

/// A running command.
#[derive(Debug)]
pub struct Terminal {
    process: Process,
    lines: mpsc::UnboundedReceiver<String>,
    printed: String,
}

impl Terminal {
    /// Runs a command without standard input.
    pub fn run(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::spawn("a command", &mut command);
        let stdout = process.child().stdout.take().expect("standard output is piped");
        let (line_tx, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line_tx.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            process,
            lines,
            printed: String::new(),
        }
    }

    /// The next line that `accept` accepts.
    ///
    /// # Panics
    /// When it ends without one.
    pub async fn line(&mut self, accept: impl Fn(&str) -> bool) -> String {
        loop {
            let Ok(line) = tokio::time::timeout(PATIENCE, self.lines.recv()).await else {
                panic!(
                    "no such line in {PATIENCE:?}, but:\n{}{}",
                    self.printed,
                    self.process.stderr()
                );
            };
            let Some(line) = line else {
                panic!(
                    "it ended without such a line:\n{}{}",
                    self.printed,
                    self.process.stderr()
                );
            };
            self.printed.push_str(&line);
            self.printed.push('\n');
            if accept(&line) {
                return line;
            }
        }
    }

    /// The first line that is a link.
    pub async fn link(&mut self) -> String {
        let line = self.line(|line| line.trim_start().starts_with("http")).await;
        line.trim().to_owned()
    }

    /// Presses Ctrl-C.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        self.process.interrupt();
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Output {
        let status = self.process.wait(PATIENCE).await;
        while let Some(line) = self.lines.recv().await {
            self.printed.push_str(&line);
            self.printed.push('\n');
        }
        Output {
            code: status.code(),
            stdout: self.printed,
            stderr: self.process.stderr(),
        }
    }
}
