//! Every service of the server through its whole life, as a table: signed up with, connected, called, refreshed, revoked.
//!
//! Each has a server and an agent of its own, so that whoever signs up is new.

use std::time::Instant;

use codestream_protocol::http::Revoked;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{LoginResult, Started, StoredToken, TokenParams};
use codestream_protocol::secret::SessionToken;
use serde_json::json;

use super::Clicks;
use super::console::Console;
use super::stage::{Stage, approve, good_end, handed_over, or_words};
use crate::services::{COLUMNS, Renewal, SERVICES, Seen, Service, SignUp, answer, revoked, service};
use crate::{TestBrowser, clock, methods};

/// Goes through all of them. Every cell must be as the README's table says.
pub(super) async fn run(clicks: Clicks, console: &Console) {
    console.about_to("ask what the server offers");
    let stage = Stage::set(clicks, console).await;
    let offered = stage.ide.services().await;
    stage.strike(console).await;
    let services: Vec<_> = offered.iter().map(|one| service(&one.name)).collect();
    assert_eq!(services.len(), SERVICES.len(), "not every service is offered");

    console.title("Every service");
    console.row("", &COLUMNS.map(str::to_owned));
    for service in services {
        let mut stage = Stage::set(clicks, console).await;
        let life = Life {
            service,
            stage: &mut stage,
            console,
        };
        let cells = life.live().await;
        let shown = cells.clone().map(|(cell, took)| format!("{cell} {took}"));
        console.row(service.title, &shown);
        let found = cells.map(|(cell, _)| cell);
        assert_eq!(found, service.expected(), "{} is not as expected", service.name);
        stage.strike(console).await;
    }
    console.done("Every service is as the README's table says.");
}

/// A cell and how long it took.
type Cell = (String, String);

struct Life<'a> {
    service: &'static Service,
    stage: &'a mut Stage,
    console: &'a Console,
}

fn since(began: Instant, cell: impl Into<String>) -> Cell {
    let ms = began.elapsed().as_secs_f64() * 1000.0;
    (cell.into(), format!("({ms:.0} ms)"))
}

impl Life<'_> {
    async fn live(mut self) -> [Cell; COLUMNS.len()] {
        let sign_up = self.sign_up().await;
        let (connect, who) = self.connect().await;
        let refresh = self.refresh().await;
        let revoke = self.revoke().await;
        [sign_up, connect, who, refresh, revoke]
    }

    fn about_to(&self, step: &str) {
        self.console.about_to(&format!("{}: {step}", self.service.name));
    }

    async fn seen(&self) -> Seen {
        Seen::new(self.stage.control().requests(self.service.name).await)
    }

    /// From the link to the end of the attempt, by a person whom the service's pages do not know.
    async fn approve(&mut self, started: &Started) -> String {
        let Stage {
            ide, browser, clicks, ..
        } = &mut *self.stage;
        *browser = TestBrowser::new();
        handed_over(ide, *clicks, started, self.console).await;
        approve(browser, *clicks, &started.url).await;
        good_end(ide, started.attempt_id)
            .await
            .account
            .unwrap_or_default()
    }

    async fn sign_up(&mut self) -> Cell {
        self.about_to("sign up");
        // A setting of the app at some services.
        let expiring = json!({"tokens": {"provider": self.service.name, "expiring": true}});
        self.stage.control().fault(expiring).await;
        let began = clock::now();
        let started = match self.stage.ide.sign_up(self.service.name).await {
            Ok(started) => started,
            Err(refused) if refused.kind() == ErrorKind::IdentityUnsupported => {
                let code = refused.data["serverCode"].as_str().unwrap_or("no code");
                let cell = since(began, code);
                self.sign_in_another_way().await;
                return cell;
            }
            Err(refused) => panic!("{}", refused.message),
        };
        self.approve(&started).await;
        self.stage.ide.logged_in().await;
        let connected = self.stage.ide.summary(self.service.name).await.connected;
        let how = if connected {
            SignUp::Connects
        } else {
            SignUp::SignsIn
        };
        since(began, how.words())
    }

    async fn sign_in_another_way(&self) {
        let user = self.stage.control().user().await;
        let token = StoredToken {
            url: self.stage.server(),
            email: user.email,
            value: SessionToken::new(user.access_token),
            team_id: None,
            provider: None,
        };
        let params = TokenParams { token, team_id: None };
        let login = or_words(self.stage.ide.request::<methods::LoginToken>(params).await);
        assert!(matches!(login, LoginResult::SignedIn(_)), "nobody is signed in");
    }

    async fn connect(&mut self) -> (Cell, Cell) {
        self.about_to("connect");
        let began = clock::now();
        let started = or_words(self.stage.ide.connect(self.service.name).await);
        let account = self.approve(&started).await;
        let connect = since(began, answer(self.seen().await.pkce()));
        self.about_to("ask who it is");
        let began = clock::now();
        let me = or_words(self.stage.ide.me(self.service.name).await);
        let who = me.login.unwrap_or(me.name);
        assert_eq!(who, account, "the attempt and a direct call agree");
        (connect, since(began, who))
    }

    async fn refresh(&self) -> Cell {
        self.about_to("refresh");
        let summary = self.stage.ide.summary(self.service.name).await;
        let began = clock::now();
        if summary
            .accounts
            .iter()
            .all(|account| account.expires_at.is_none())
        {
            return since(began, Renewal::Never.words());
        }
        // Twice: whether a refresh token is kept shows when it is used again.
        for round in 1..=2 {
            let expire = json!({"tokens": {"provider": self.service.name, "expireAll": true}});
            self.stage.control().fault(expire).await;
            or_words(self.stage.ide.me(self.service.name).await);
            let seen = self.seen().await;
            assert_eq!(seen.refreshes().len(), round, "one refresh for each expiry");
        }
        since(began, self.seen().await.renewal().words())
    }

    async fn revoke(&self) -> Cell {
        self.about_to("disconnect");
        let began = clock::now();
        let answer = or_words(self.stage.ide.disconnect(self.service.name).await);
        assert!(
            answer.revoked == Revoked::Yes || answer.manual_url.is_some(),
            "neither revoked nor told where to"
        );
        let cell = since(began, revoked(answer.revoked));
        let connected = self.stage.ide.summary(self.service.name).await.connected;
        assert!(!connected, "it is still connected");
        cell
    }
}
