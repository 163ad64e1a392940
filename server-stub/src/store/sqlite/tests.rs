//! Every atomic method, on a real database.

use std::sync::Arc;
use std::time::Duration;

use codestream_protocol::http::SignupStatus;
use codestream_protocol::id::CodeId;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{AccessToken, CodeVerifier, RefreshToken, SignupToken};
use codestream_protocol::{ServerCode, TeamId, UnixMillis, UserId};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::Sqlite;
use crate::clock::Clock;
use crate::config::{Database, Key, KeyRing};
use crate::keys::Keys;
use crate::random::Random;
use crate::store::*;

mod accounts;
mod at_rest;
mod handshakes;
mod sign_ups;

const START: UnixMillis = UnixMillis(1_750_000_000_000);
const MINUTE: Duration = Duration::from_mins(1);

pub(super) struct Bench {
    store: Arc<Sqlite>,
    clock: Clock,
    random: Random,
    wakes: broadcast::Receiver<Wake>,
}

impl Bench {
    async fn new() -> Self {
        Self::on(&Database::SqliteMemory, 1).await
    }

    async fn on(database: &Database, key: u8) -> Self {
        let clock = Clock::standing_at(START);
        let random = Random::seeded(7);
        let ring = KeyRing::new(Key::new([key; 32]), vec![Key::new([1; 32])]);
        let keys = Keys::new(&ring, &ring, Random::system());
        let wakes = Wakes::new();
        let store = Sqlite::open(database, &keys.sealer, &clock, &Random::system(), &wakes)
            .await
            .expect("a database");
        Self {
            store: Arc::new(store),
            clock,
            random,
            wakes: wakes.listen(),
        }
    }

    async fn user(&self, email: &str) -> (User, Team) {
        let new = new_user(email);
        self.store
            .create_user_and_team(new)
            .await
            .expect("a database")
            .expect("a new user")
    }

    fn told(&mut self) -> Vec<Wake> {
        std::iter::from_fn(|| self.wakes.try_recv().ok()).collect()
    }

    async fn connect(&self, user: &User) -> Handshake {
        self.open(HandshakeKind::Connect {
            user_id: user.id.clone(),
            team_id: user.team_ids[0].clone(),
        })
        .await
    }

    async fn open(&self, kind: HandshakeKind) -> Handshake {
        let new = NewHandshake {
            code_id: CodeId(self.random.uuid()),
            kind,
            ide: Some("VS Code".to_owned()),
            machine: Some("lovelace".to_owned()),
            agent_address: None,
            open_by: self.clock.now() + 2 * MINUTE,
            expires_at: self.clock.now() + 5 * MINUTE,
        };
        self.store.open_handshake(new).await.expect("a database")
    }

    async fn state(&self, handshake: &Handshake, jti: &str) {
        let new = NewState {
            jti: jti.to_owned(),
            code_id: handshake.code_id,
            provider: "github".to_owned(),
            verifier: Some(CodeVerifier::from_entropy([3; 32])),
            browser_hash: "bh".to_owned(),
            expires_at: handshake.expires_at,
        };
        self.store.mint_state(new).await.expect("a database");
    }

    async fn messages(&self, user: &UserId) -> Vec<StoredMessage> {
        let channel = codestream_protocol::channel::ChannelName::User(user.clone());
        let found = self.store.messages_since(&[channel], UnixMillis(0), 100).await;
        let mut found = found.expect("a database");
        found.reverse();
        found
    }
}

fn new_user(email: &str) -> NewUser {
    NewUser {
        email: email.to_owned(),
        username: "ada".to_owned(),
        full_name: "Ada".to_owned(),
        signed_up_with: Some("github".to_owned()),
    }
}

fn account(user: &User) -> Account {
    Account {
        key: AccountKey {
            user_id: user.id.clone(),
            team_id: user.team_ids[0].clone(),
            provider: "github".to_owned(),
            host: None,
            sub_id: None,
        },
        access_token: Some(AccessToken::new("canary-access")),
        refresh_token: Some(RefreshToken::new("canary-refresh")),
        expires_at: Some(START + MINUTE),
        is_api_token: false,
        who: Some("octocat".to_owned()),
        subject: Some("583231".to_owned()),
        since: START,
        data: json!({ "apiKey": "canary-data" }),
        token_error: None,
    }
}

fn failure(code: ServerCode) -> Failure {
    Failure {
        provider: Some("github".to_owned()),
        step: "authorize".to_owned(),
        code,
        message: code.message().to_owned(),
    }
}
