//! The store in SQLite.
//!
//! One connection writes; a file is read by several beside it (WAL). Every commit is on the disk before anyone is told.

mod accounts;
mod file;
mod handshakes;
mod messages;
mod people;
mod sessions;
mod sign_ups;
mod undos;

use std::time::Duration;

use codestream_protocol::channel::{AttemptEnded, ChannelName, Message};
use codestream_protocol::directive::Directive;
use codestream_protocol::{UnixMillis, UserId};
use serde_json::Value;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{SqliteConnection, Transaction};

use super::{Change, StoreError, StoredMessage, Wake, Wakes};
use crate::clock::Clock;
use crate::config::Database;
use crate::keys::{Place, Sealer};
use crate::random::Random;

const READERS: u32 = 4;

/// An SQLite database.
pub(crate) struct Sqlite {
    writer: SqlitePool,
    reader: SqlitePool,
    sealer: Sealer,
    clock: Clock,
    random: Random,
    wakes: Wakes,
}

impl Sqlite {
    /// Opens the database, makes it when absent, and brings it up to date.
    pub(crate) async fn open(
        database: &Database,
        sealer: &Sealer,
        clock: &Clock,
        random: &Random,
        wakes: &Wakes,
    ) -> Result<Self, StoreError> {
        if let Database::SqliteFile(path) = database {
            file::make(path).map_err(sqlx::Error::Io)?;
        }
        let options = match database {
            Database::SqliteMemory => SqliteConnectOptions::new().in_memory(true),
            Database::SqliteFile(path) => SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full),
        }
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5));
        // An in-memory database dies with its last connection, so this one never does.
        let one = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false);
        let writer = one.connect_with(options.clone()).await?;
        sqlx::migrate!("./migrations/sqlite")
            .run(&writer)
            .await
            .map_err(sqlx::Error::from)?;
        let reader = match database {
            Database::SqliteMemory => writer.clone(),
            Database::SqliteFile(_) => {
                let readers = SqlitePoolOptions::new()
                    .max_connections(READERS)
                    .test_before_acquire(false);
                readers.connect_with(options.read_only(true)).await?
            }
        };
        Ok(Self {
            writer,
            reader,
            sealer: sealer.clone(),
            clock: clock.clone(),
            random: random.clone(),
            wakes: wakes.clone(),
        })
    }

    async fn read(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>, StoreError> {
        Ok(self.reader.acquire().await?)
    }

    /// Begins to write. Dropped without [`Tx::commit`], nothing has happened.
    async fn write(&self) -> Result<Tx<'_>, StoreError> {
        Ok(Tx {
            inner: self.writer.begin_with("BEGIN IMMEDIATE").await?,
            store: self,
            now: self.clock.now(),
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

    fn open_optional(&self, place: Place<'_>, sealed: Option<Vec<u8>>) -> Result<Option<String>, StoreError> {
        sealed.map(|sealed| self.open_sealed(place, &sealed)).transpose()
    }
}

/// A write in progress, at one point in time.
struct Tx<'a> {
    inner: Transaction<'static, sqlx::Sqlite>,
    store: &'a Sqlite,
    now: UnixMillis,
    wakes: Vec<Wake>,
}

impl Tx<'_> {
    fn db(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }

    /// Tells `wake` once the commit is done.
    fn tell(&mut self, wake: Wake) {
        self.wakes.push(wake);
    }

    async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await?;
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
        // The time on the channel never runs backwards, whatever the system's clock does.
        let timestamp: i64 = sqlx::query_scalar(
            "INSERT INTO messages (id, channel, timestamp, payload)
             VALUES ($1, $2, MAX($3, COALESCE((SELECT MAX(timestamp) FROM messages), 0)), $4)
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

    /// Grows the user's version by one and publishes `directive` with it.
    async fn change_user(
        &mut self,
        user: &UserId,
        directive: Directive,
        ended: Option<AttemptEnded>,
        request_id: Option<&str>,
    ) -> Result<Change, StoreError> {
        let before: i64 =
            sqlx::query_scalar("UPDATE users SET version = version + 1 WHERE id = $1 RETURNING version - 1")
                .bind(user.as_str())
                .fetch_optional(self.db())
                .await?
                .ok_or(StoreError::Missing("user"))?;
        let directive = directive.at_version(before);
        let message = Message {
            request_id: request_id.map(str::to_owned),
            user: Some(directive.clone()),
            attempt_ended: ended,
            ..Message::default()
        };
        let stored = self
            .publish(&ChannelName::User(user.clone()), to_value(&message)?)
            .await?;
        Ok(Change {
            user: directive,
            message_id: stored.id,
        })
    }
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

#[cfg(test)]
mod tests;
