//! Every atomic method, on a real database of either engine.

use std::sync::Arc;
use std::time::Duration;

use codestream_protocol::http::SignupStatus;
use codestream_protocol::id::CodeId;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{AccessToken, CodeVerifier, RefreshToken, SignupToken};
use codestream_protocol::{ServerCode, TeamId, UnixMillis, UserId};
use e2e::Postgres;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::config::{Database, Key, KeyRing};
use crate::keys::Keys;
use crate::random::Random;
use crate::store::*;

/// Runs each test on either engine.
macro_rules! on_each_engine {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::store::tests::Bench::sqlite().await).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(bench) = $crate::store::tests::Bench::postgres().await {
                    super::$name(bench).await;
                }
            })*
        }
    };
}

mod accounts;
mod at_rest;
mod handshakes;
mod identities;
mod inbox;
mod inspection;
mod limits;
mod migration;
mod nodes;
mod quotas;
mod sign_ups;
mod teams;

const START: UnixMillis = UnixMillis(1_750_000_000_000);
const MINUTE: Duration = Duration::from_mins(1);

/// One node with its store.
struct Bench {
    place: Place,
    store: Arc<dyn Store>,
    clock: Clock,
    random: Random,
    wakes: broadcast::Receiver<Wake>,
}

/// Where a store is, for a second node or a look at what is kept.
#[derive(Clone)]
enum Place {
    File(Arc<tempfile::TempDir>),
    Postgres(Postgres),
}

impl Place {
    fn database(&self) -> Database {
        let url = match self {
            Self::File(dir) => return Database::SqliteFile(dir.path().join("db")),
            Self::Postgres(database) => database.url(),
        };
        Database::parse(&url).expect("a URL")
    }

    /// Everything that is kept, as text.
    fn at_rest(&self) -> String {
        let dir = match self {
            Self::File(dir) => dir,
            Self::Postgres(database) => return database.dump(),
        };
        let files = std::fs::read_dir(dir.path()).expect("a directory");
        let all: Vec<u8> = files
            .flat_map(|file| std::fs::read(file.expect("a file").path()).expect("a file"))
            .collect();
        String::from_utf8_lossy(&all).into_owned()
    }
}

impl Bench {
    async fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self::at(Place::File(Arc::new(dir)), 1).await
    }

    /// `None` where PostgreSQL is not installed.
    async fn postgres() -> Option<Self> {
        Some(Self::at(Place::Postgres(Postgres::new()?), 1).await)
    }

    async fn at(place: Place, key: u8) -> Self {
        Self::with(place, KeyRing::new(Key::new([key; 32]), vec![Key::new([1; 32])])).await
    }

    async fn with(place: Place, ring: KeyRing) -> Self {
        let clock = Clock::standing_at(START);
        let keys = Keys::new(&ring, &ring, Random::system());
        let wakes = Wakes::new();
        let random = Random::system();
        let store = open(
            &place.database(),
            &keys.sealer,
            &clock,
            &random,
            &wakes,
            Policy::default(),
        )
        .await
        .expect("a database");
        Self {
            place,
            store,
            clock,
            random,
            wakes: wakes.listen(),
        }
    }

    /// A second node.
    async fn beside(&self) -> Self {
        Self::at(self.place.clone(), 1).await
    }

    /// The node after a restart with another key, that opens what was sealed with the first.
    async fn again(self) -> Self {
        Self::at(self.ended(), 2).await
    }

    /// The node after a restart with another key alone.
    async fn without_its_key(self) -> Self {
        Self::with(self.ended(), KeyRing::new(Key::new([2; 32]), Vec::new())).await
    }

    /// The node after a restart with the key of the beginning.
    async fn with_its_key(self) -> Self {
        Self::at(self.ended(), 1).await
    }

    /// A file is one server's: what comes next can only be opened once this one has ended.
    fn ended(self) -> Place {
        self.place
    }

    async fn user(&self, email: &str) -> (User, Team) {
        let new = new_user(email);
        self.store
            .create_user_and_team(new)
            .await
            .expect("a database")
            .expect("a new user")
    }

    /// What was told since the last time.
    async fn told(&mut self) -> Vec<Wake> {
        let id = SessionId(self.random.uuid());
        // Told last, so that all is told that came before.
        self.store.end_session(id).await.expect("a database");
        let mut told = Vec::new();
        loop {
            match self.wakes.recv().await.expect("a store that tells") {
                Wake::SessionEnded { id: last } if last == id => return told,
                wake => told.push(wake),
            }
        }
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
        link: Some("https://a.test/approve?b=%26".to_owned()),
    }
}
