//! The store in SQL: the same statements for SQLite and PostgreSQL.
//!
//! What differs between the engines is in their own rooms: how they are opened, and how a commit is told. A write that
//! depends on what it reads claims its row first, by an `UPDATE` whose condition names what must still hold: under
//! PostgreSQL's READ COMMITTED the second of two such writes waits for the first, looks again, and finds nothing. Rows are
//! claimed in one order, so that no two writes wait for each other: handshake or state, identity, team, user, account.

mod accounts;
mod handshakes;
mod health;
mod identities;
mod inbox;
mod inspection;
mod limits;
mod links;
mod messages;
mod notices;
mod people;
mod postgres;
mod sessions;
mod sign_ups;
mod sqlite;
mod sweep;
mod teams;
mod undos;
mod workspaces;

use std::time::Duration;

use codestream_protocol::channel::{AttemptEnded, ChannelName, Message};
use codestream_protocol::directive::Directive;
use codestream_protocol::{UnixMillis, UserId};
use serde_json::Value;

use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Transaction};
use tokio::time::Instant;

use super::{Change, Policy, Quota, StoreError, StoredMessage, Wake, Wakes};
use crate::clock::Clock;
use crate::config::Database;
use crate::keys::{Place, SealError, Sealer};
use crate::random::Random;
use health::LastWrite;
use limits::Buckets;
pub(super) use postgres::reach;

/// The longest time between a message's timestamp and its commit. History is asked for with an overlap of 15 s, which
/// covers a commit that came late.
const LONGEST_WRITE: Duration = Duration::from_secs(5);

/// A database.
pub(crate) struct Sql {
    engine: Engine,
    writer: AnyPool,
    reader: AnyPool,
    last_write: LastWrite,
    sealer: Sealer,
    clock: Clock,
    random: Random,
    wakes: Wakes,
    policy: Policy,
}

/// What the engines do differently.
enum Engine {
    /// One process: what it alone needs to know is in its memory.
    Sqlite {
        buckets: Buckets,
        /// `None`: in memory.
        file: Option<sqlite::OwnFile>,
    },
    /// Several nodes: they tell each other.
    Postgres { _ears: postgres::Ears },
}

/// What opening an engine gives.
struct Opened {
    engine: Engine,
    writer: AnyPool,
    reader: AnyPool,
}

impl Sql {
    /// Opens the database, makes it when absent, and brings it up to date.
    pub(crate) async fn open(
        database: &Database,
        sealer: &Sealer,
        clock: &Clock,
        random: &Random,
        wakes: &Wakes,
        policy: Policy,
    ) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let Opened {
            engine,
            writer,
            reader,
        } = match database {
            Database::SqliteMemory => sqlite::in_memory().await?,
            Database::SqliteFile(path) => sqlite::in_file(path).await?,
            Database::Postgres(url) => postgres::open(url, wakes).await?,
        };
        let store = Self {
            engine,
            writer,
            reader,
            last_write: LastWrite::default(),
            sealer: sealer.clone(),
            clock: clock.clone(),
            random: random.clone(),
            wakes: wakes.clone(),
            policy,
        };
        store.inspect_messages().await?;
        Ok(store)
    }

    async fn read(&self) -> Result<sqlx::pool::PoolConnection<Any>, StoreError> {
        Ok(self.reader.acquire().await?)
    }

    /// Begins to write. Dropped without [`Tx::commit`], nothing has happened.
    async fn write(&self) -> Result<Tx<'_>, StoreError> {
        // Until the commit says otherwise: a write that is dropped may have failed.
        self.last_write.in_doubt();
        let inner = match self.engine {
            Engine::Sqlite { .. } => self.writer.begin_with("BEGIN IMMEDIATE").await?,
            Engine::Postgres { .. } => self.writer.begin().await?,
        };
        Ok(Tx {
            inner,
            store: self,
            now: self.clock.now(),
            begun: Instant::now(),
            wakes: Vec::new(),
        })
    }

    fn seal(&self, place: Place<'_>, plain: Option<&str>) -> Option<Vec<u8>> {
        plain.map(|plain| self.sealer.seal(place, plain.as_bytes()))
    }

    fn open_sealed(&self, place: Place<'_>, sealed: &[u8]) -> Result<String, StoreError> {
        let plain = self.sealer.open(place, sealed)?;
        String::from_utf8(plain).map_err(|_| StoreError::Shape("secret"))
    }

    /// As [`open_sealed`](Self::open_sealed); `None` where the key was taken out of the configuration. What nobody can open
    /// any more is as good as gone, and must not stand in the way of what replaces it.
    fn open_unless_lost(&self, place: Place<'_>, sealed: &[u8]) -> Result<Option<String>, StoreError> {
        match self.open_sealed(place, sealed) {
            Err(StoreError::Sealed(SealError::UnknownKey)) => Ok(None),
            opened => opened.map(Some),
        }
    }

    fn open_optional(&self, place: Place<'_>, sealed: Option<Vec<u8>>) -> Result<Option<String>, StoreError> {
        match sealed {
            Some(sealed) => self.open_unless_lost(place, &sealed),
            None => Ok(None),
        }
    }
}

/// A write in progress, at one point in time.
struct Tx<'a> {
    inner: Transaction<'static, Any>,
    store: &'a Sql,
    now: UnixMillis,
    begun: Instant,
    wakes: Vec<Wake>,
}

/// The user's version has grown: from here to the commit nobody else changes the user or the user's accounts.
struct Grown {
    user: UserId,
    before: i64,
}

impl Tx<'_> {
    fn db(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }

    /// Tells `wake` once the commit is done.
    fn tell(&mut self, wake: Wake) {
        self.wakes.push(wake);
    }

    async fn commit(mut self) -> Result<(), StoreError> {
        if let Engine::Postgres { .. } = self.store.engine {
            // Every node hears of commits in their order, this one too.
            for wake in std::mem::take(&mut self.wakes) {
                postgres::notify(&mut self.inner, &wake).await?;
            }
        }
        if self.begun.elapsed() > LONGEST_WRITE {
            return Err(StoreError::TooSlow);
        }
        self.inner.commit().await?;
        self.store.last_write.kept();
        for wake in self.wakes {
            self.store.wakes.tell(wake);
        }
        Ok(())
    }

    /// Stores a message, whose `messageId` is made here.
    async fn publish(&mut self, channel: &ChannelName, payload: Value) -> Result<StoredMessage, StoreError> {
        let Value::Object(mut payload) = payload else {
            return Err(StoreError::Shape("message"));
        };
        let id = self.store.random.uuid().to_string();
        payload.insert("messageId".to_owned(), Value::from(id.as_str()));
        let payload = Value::Object(payload);
        let place = Place {
            table: "messages",
            column: "payload",
            row: &id,
        };
        let sealed = self.store.sealer.seal(place, payload.to_string().as_bytes());
        // The time on the channel never runs backwards, whatever the clocks of the nodes do.
        let timestamp: i64 = sqlx::query_scalar(
            "INSERT INTO messages (id, channel, timestamp, payload)
             SELECT $1, $2, CASE WHEN latest > $3 THEN latest ELSE $3 END, $4
             FROM (SELECT COALESCE(MAX(timestamp), 0) AS latest FROM messages) AS time
             RETURNING timestamp",
        )
        .bind(&id)
        .bind(channel.to_string())
        .bind(self.now.0)
        .bind(sealed)
        .fetch_one(self.db())
        .await?;
        self.tell(Wake::Message {
            id: id.clone(),
            channel: channel.clone(),
        });
        Ok(StoredMessage {
            id,
            channel: channel.clone(),
            timestamp: UnixMillis(timestamp),
            payload,
        })
    }

    /// Grows the user's version by one, before anything of the user's is read or changed.
    async fn grow(&mut self, user: &UserId) -> Result<Grown, StoreError> {
        let before: i64 =
            sqlx::query_scalar("UPDATE users SET version = version + 1 WHERE id = $1 RETURNING version - 1")
                .bind(user.as_str())
                .fetch_optional(self.db())
                .await?
                .ok_or(StoreError::Missing("user"))?;
        Ok(Grown {
            user: user.clone(),
            before,
        })
    }

    /// Publishes `directive` at the user's new version.
    async fn change_user(
        &mut self,
        grown: Grown,
        directive: Directive,
        ended: Option<AttemptEnded>,
        request_id: Option<&str>,
    ) -> Result<Change, StoreError> {
        let directive = directive.at_version(grown.before);
        let message = Message {
            request_id: request_id.map(str::to_owned),
            user: Some(directive.clone()),
            attempt_ended: ended,
            ..Message::default()
        };
        let stored = self
            .publish(&ChannelName::User(grown.user), to_value(&message)?)
            .await?;
        Ok(Change {
            user: directive,
            message_id: stored.id,
        })
    }
}

/// Nothing is changed where `count` is more than `most`: the caller's transaction is dropped.
fn within(quota: Quota, count: i64, most: u32) -> Result<(), StoreError> {
    if count > i64::from(most) {
        return Err(StoreError::OverQuota(quota));
    }
    Ok(())
}

/// A connection goes back to its pool without a transaction, or not at all. A failed COMMIT or ROLLBACK, on a full disk for
/// one, leaves it in a state that neither side knows; a new connection begins from what is on the disk.
async fn leaves_no_transaction(db: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    // Rollbacks of transactions that were dropped are done first.
    db.ping().await?;
    Ok(!db.is_in_transaction())
}

/// Whether the database is out of order, and not the statement wrong.
pub(super) fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_outage_code(&code)),
        _ => false,
    }
}

fn is_outage_code(code: &str) -> bool {
    // SQLSTATE has five characters: connection, transaction rollback, resources, operator intervention, system; a lock that
    // was not to be had in time, a server that only reads.
    const SQL_STATE: [&str; 7] = ["08", "40", "53", "57", "58", "55P03", "25006"];
    if code.len() == 5 {
        return SQL_STATE.iter().any(|class| code.starts_with(class));
    }
    // SQLite's BUSY, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB: the low byte of its extended codes.
    let number: Option<u32> = code.parse().ok();
    number.is_some_and(|number| matches!(number & 0xff, 5 | 8 | 10 | 11 | 13 | 14 | 15 | 26))
}

fn to_value(message: &Message) -> Result<Value, StoreError> {
    serde_json::to_value(message).map_err(|_| StoreError::Shape("message"))
}

/// The empty string stands for an absent part of a key.
fn part(key: Option<&str>) -> &str {
    key.unwrap_or_default()
}

fn optional_part(column: String) -> Option<String> {
    (!column.is_empty()).then_some(column)
}

fn parsed<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Shape(what))
}
