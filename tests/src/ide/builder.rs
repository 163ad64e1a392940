//! How an IDE is started: the agent's options and environment, and the manners of the IDE.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use serde_json::{Value, json};

use super::HeadlessIde;
use super::answers::{Manners, ShowDocument};
use super::inbox::Inbox;
use super::pipes;
use crate::PATIENCE;
use crate::bins::bin;
use crate::process::{Home, Process};

/// How an IDE is started.
#[derive(Debug)]
pub struct IdeBuilder {
    options: Value,
    manners: Manners,
    environment: Vec<(String, String)>,
    bare: bool,
    home: Option<Home>,
    desktop: bool,
    patience: Duration,
    droppable: bool,
}

impl IdeBuilder {
    pub(super) fn new(server: &str) -> Self {
        Self {
            options: json!({
                "serverUrl": server,
                "ide": {"name": "Headless IDE", "version": "1.0"},
                "extension": {"version": "1.0.0"},
                "machineName": "test-machine",
            }),
            manners: Manners::default(),
            environment: Vec::new(),
            bare: false,
            home: None,
            desktop: false,
            patience: PATIENCE,
            droppable: false,
        }
    }

    /// Sets one of `initializationOptions`.
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.options[name] = value.into();
        self
    }

    /// With a session from the IDE's secret store.
    pub fn session(self, token: &str) -> Self {
        self.option("accessToken", token)
    }

    /// How it answers `window/showDocument`.
    pub fn show_document(mut self, how: ShowDocument) -> Self {
        self.manners.show_document = how;
        self
    }

    /// Whether it can show progress.
    pub fn progress(mut self, can: bool) -> Self {
        self.manners.progress = can;
        self
    }

    /// What the person picks in every message with actions.
    pub fn pick(mut self, title: &str) -> Self {
        self.manners.pick = Some(title.to_owned());
        self
    }

    /// Sets a variable of the agent's environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the agent without arguments.
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// The agent inherits the environment, so that it finds the person's own browser.
    pub fn on_the_desktop(mut self) -> Self {
        self.desktop = true;
        self
    }

    /// How long it waits for one thing to happen.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Dropping it ends the agent without a complaint.
    pub fn droppable(mut self) -> Self {
        self.droppable = true;
        self
    }

    /// Starts the agent and initializes it.
    pub async fn start(self) -> HeadlessIde {
        let params = json!({
            "processId": std::process::id(),
            "clientInfo": {"name": "Headless IDE", "version": "1.0"},
            "rootUri": null,
            "capabilities": self.manners.capabilities(),
            "initializationOptions": self.options,
        });
        let ide = self.spawn();
        let answer = ide.call("initialize", &params).await;
        let answer = answer.unwrap_or_else(|error| panic!("initialize always succeeds, but: {error:?}"));
        assert!(answer["capabilities"].is_object(), "no capabilities in {answer}");
        ide.tell("initialized", &json!({}));
        ide
    }

    /// Starts the agent and says nothing yet.
    pub fn spawn(self) -> HeadlessIde {
        let home = self.home.unwrap_or_default();
        let program = bin("codestream-agent");
        let mut command = if self.desktop {
            std::process::Command::new(program)
        } else {
            home.command(&program)
        };
        if !self.bare {
            command.arg("--stdio");
        }
        command
            .envs(self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = Process::spawn("codestream-agent", &mut command);
        let stdin = process.child().stdin.take().expect("standard input is piped");
        let stdout = process.child().stdout.take().expect("standard output is piped");
        let inbox = Arc::new(Inbox::default());
        let to_agent = pipes::open(stdin, stdout, &inbox, self.manners);
        HeadlessIde {
            inbox,
            to_agent: Some(to_agent),
            process,
            home,
            next_id: AtomicI64::new(1),
            patience: self.patience,
            finished: self.droppable,
        }
    }
}
