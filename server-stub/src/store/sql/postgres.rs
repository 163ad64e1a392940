//! PostgreSQL: one database for any number of nodes, which hear of each other's commits through `LISTEN` and `NOTIFY`.
//!
//! A notification names rows and nothing else. It is sent in the transaction that it tells of, so PostgreSQL delivers it
//! after the commit, to all nodes in the same order; the node that wrote hears of it the same way.

use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::postgres::{PgConnection, PgListener};
use sqlx::{AnyConnection, AnyPool, Connection as _};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::{Engine, Opened, leaves_no_transaction};
use crate::config::PostgresUrl;
use crate::store::{StoreError, Wake, Wakes};

/// Connections of one node, beside the one that listens.
const CONNECTIONS: u32 = 16;
/// How long a request waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
const CHANNEL: &str = "codestream";
/// How often each node lets the others hear that the line is up.
const BEAT: Duration = Duration::from_secs(10);
/// After this long without a beat the line is taken for dead, also when its end was never seen.
const SILENCE: Duration = Duration::from_secs(25);
/// Between attempts to listen again.
const RETRY: Duration = Duration::from_secs(1);
/// A statement, or a transaction that waits for its node, holds its rows no longer. Half of it for a row that is locked.
const BOUNDS: [&str; 3] = [
    "SET statement_timeout = '5s'",
    "SET idle_in_transaction_session_timeout = '5s'",
    "SET lock_timeout = '2500ms'",
];

/// Listens to commits until it is dropped.
pub(super) struct Ears {
    _listening: DropGuard,
}

/// Opens the database and brings it up to date.
pub(super) async fn open(url: &PostgresUrl, wakes: &Wakes) -> Result<Opened, StoreError> {
    migrate(url).await?;
    let pool = AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .after_release(|db, _| Box::pin(leaves_no_transaction(db)))
        .after_connect(|db, _| {
            Box::pin(async move {
                for bound in BOUNDS {
                    sqlx::query(bound).execute(&mut *db).await?;
                }
                Ok(())
            })
        })
        .connect(url.expose())
        .await?;
    let ears = listen(url.clone(), pool.clone(), wakes.clone()).await?;
    Ok(Opened {
        engine: Engine::Postgres { _ears: ears },
        writer: pool.clone(),
        reader: pool,
    })
}

/// Whether the database answers, without changing it.
pub(in crate::store) async fn reach(url: &PostgresUrl) -> Result<(), sqlx::Error> {
    PgConnection::connect(url.expose()).await?.close().await
}

/// Applies what is missing, while nodes of the version before may be running: see the rule in the first migration. An
/// advisory lock lets one node do it at a time. Migrations of a newer version that are there already are left alone, so
/// that a node of this version can still be started beside newer ones, and rolled back to.
async fn migrate(url: &PostgresUrl) -> Result<(), StoreError> {
    // Not from the pool: an index on a large table may take longer than a statement of a request.
    let mut db = PgConnection::connect(url.expose()).await?;
    let mut migrator = sqlx::migrate!("./migrations/postgres");
    migrator
        .set_ignore_missing(true)
        .run(&mut db)
        .await
        .map_err(sqlx::Error::from)?;
    db.close().await?;
    Ok(())
}

/// Tells every node of `wake` when the transaction commits.
pub(super) async fn notify(db: &mut AnyConnection, wake: &Wake) -> Result<(), StoreError> {
    let told = serde_json::to_string(wake).map_err(|_| StoreError::Shape("wake"))?;
    send(db, &told).await
}

async fn send(db: &mut AnyConnection, text: &str) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(text)
        .execute(db)
        .await?;
    Ok(())
}

async fn listen(url: PostgresUrl, pool: AnyPool, wakes: Wakes) -> Result<Ears, StoreError> {
    let first = listener(&url).await?;
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    tasks.spawn(stop.clone().run_until_cancelled_owned(beat(pool)));
    tasks.spawn(stop.clone().run_until_cancelled_owned(hear(first, url, wakes)));
    Ok(Ears {
        _listening: stop.drop_guard(),
    })
}

async fn listener(url: &PostgresUrl) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect(url.expose()).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn beat(pool: AnyPool) {
    loop {
        sleep(BEAT).await;
        let beaten = async { send(&mut *pool.acquire().await?, "").await };
        if let Err(error) = beaten.await {
            tracing::warn!(%error, "the database does not take a heartbeat");
        }
    }
}

async fn hear(mut listener: PgListener, url: PostgresUrl, wakes: Wakes) {
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(heard))) => {
                tell(&wakes, heard.payload());
                continue;
            }
            // The line was lost and is up again.
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "the database's notifications broke off");
                listener = again(&url).await;
            }
            Err(_) => {
                tracing::warn!("the database's notifications fell silent");
                listener = again(&url).await;
            }
        }
        // Only now: whoever reads again from here on misses nothing that is told later.
        wakes.tell(Wake::Missed);
    }
}

async fn again(url: &PostgresUrl) -> PgListener {
    loop {
        match listener(url).await {
            Ok(listener) => return listener,
            Err(error) => {
                tracing::warn!(%error, "the database cannot be listened to");
                sleep(RETRY).await;
            }
        }
    }
}

fn tell(wakes: &Wakes, payload: &str) {
    if payload.is_empty() {
        return;
    }
    match serde_json::from_str(payload) {
        Ok(wake) => wakes.tell(wake),
        // A newer node may tell of what this version does not know.
        Err(error) => tracing::debug!(%error, "a notification was not understood"),
    }
}
