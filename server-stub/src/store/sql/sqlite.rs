//! SQLite. One connection writes; a file is read by several beside it (WAL). Every commit is on the disk before anyone is
//! told.

mod file;

use std::fmt::Write as _;
use std::path::Path;

use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, Connection as _};

use super::{Buckets, Engine, Opened, leaves_no_transaction};
use crate::store::StoreError;

pub(super) use file::OwnFile;

const READERS: u32 = 4;
/// How long a request waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// The first one first: a file that has anything in it keeps the mode that it has.
const PRAGMAS: [&str; 3] = [
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
];
/// Bytes of a file that is written anew at the start.
const WRITTEN_ANEW_AT_START: i64 = 64 * 1024 * 1024;

/// A database that is gone when the server stops.
pub(super) async fn in_memory() -> Result<Opened, StoreError> {
    // It dies with its last connection, which never ends; there is no disk that could fail it.
    let writer = one_connection().connect("sqlite::memory:").await?;
    migrate(&mut *writer.acquire().await?).await?;
    Ok(opened(writer.clone(), writer, None))
}

/// The database in this file, which is made when absent and is this server's alone.
pub(super) async fn in_file(path: &Path) -> Result<Opened, StoreError> {
    let file = OwnFile::take(path)?;
    let url = url(path)?;
    // Not from the pool, which would try again for as long as it waits and then say that it timed out.
    let mut first = AnyConnection::connect(&url).await?;
    prepare(&mut first).await?;
    migrate(&mut first).await?;
    learn_to_shrink(&mut first).await?;
    first.close().await?;
    let writer = one_connection()
        .after_release(|db, _| Box::pin(leaves_no_transaction(db)))
        .connect(&url)
        .await?;
    let readers = AnyPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false);
    let reader = readers.connect(&format!("{url}?mode=ro")).await?;
    Ok(opened(writer, reader, Some(file)))
}

fn one_connection() -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|db, _| Box::pin(prepare(db)))
}

async fn prepare(db: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for pragma in PRAGMAS {
        sqlx::query(pragma).execute(&mut *db).await?;
    }
    Ok(())
}

/// Applies what is missing. As with PostgreSQL, migrations of a newer version are left alone, so that this version can be
/// rolled back to.
async fn migrate(db: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let mut migrator = sqlx::migrate!("./migrations/sqlite");
    migrator.set_ignore_missing(true).run(db).await?;
    Ok(())
}

/// A file of an earlier version never gets smaller. It learns to when it is written anew, which is done here as long as it
/// is written within a second or so.
async fn learn_to_shrink(db: &mut AnyConnection) -> Result<(), sqlx::Error> {
    if number(db, "PRAGMA auto_vacuum").await? != 0 {
        return Ok(());
    }
    let bytes = number(db, "PRAGMA page_count").await? * number(db, "PRAGMA page_size").await?;
    if bytes > WRITTEN_ANEW_AT_START {
        tracing::warn!(
            bytes,
            "the database file never gets smaller; to change that, stop the server once and run: \
             sqlite3 FILE 'PRAGMA auto_vacuum = INCREMENTAL; VACUUM'"
        );
        return Ok(());
    }
    sqlx::query("VACUUM").execute(db).await?;
    Ok(())
}

async fn number(db: &mut AnyConnection, pragma: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(pragma).fetch_one(db).await
}

fn opened(writer: AnyPool, reader: AnyPool, file: Option<OwnFile>) -> Opened {
    Opened {
        engine: Engine::Sqlite {
            buckets: Buckets::default(),
            file,
        },
        writer,
        reader,
    }
}

/// With every byte escaped that could mean something in a URL.
fn url(path: &Path) -> Result<String, StoreError> {
    let path = path.to_str().ok_or(StoreError::Shape("file name"))?;
    Ok(path.bytes().fold("sqlite:".to_owned(), |mut url, byte| {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
        url
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn mode(pool: &AnyPool) -> i64 {
        let mode = sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(pool).await;
        mode.expect("a database")
    }

    // CWE-770: what was removed must not take space for ever.
    #[tokio::test]
    async fn a_new_file_and_one_of_an_earlier_version_give_space_back() {
        const INCREMENTAL: i64 = 2;
        sqlx::any::install_default_drivers();
        let dir = tempfile::tempdir().expect("a directory");
        let new = in_file(&dir.path().join("new")).await.expect("a database");
        assert_eq!(mode(&new.writer).await, INCREMENTAL);
        let path = dir.path().join("old");
        std::fs::write(&path, "").expect("a file");
        let old = AnyPoolOptions::new()
            .max_connections(1)
            .connect(&url(&path).expect("a URL"))
            .await;
        let old = old.expect("a database");
        for sql in [
            "PRAGMA journal_mode = WAL",
            "CREATE TABLE kept (x)",
            "INSERT INTO kept VALUES (7)",
        ] {
            sqlx::query(sql).execute(&old).await.expect("SQL");
        }
        assert_eq!(mode(&old).await, 0);
        old.close().await;
        let opened = in_file(&path).await.expect("a database");
        assert_eq!(mode(&opened.writer).await, INCREMENTAL);
        let kept: i64 = sqlx::query_scalar("SELECT x FROM kept")
            .fetch_one(&opened.writer)
            .await
            .expect("kept");
        assert_eq!(kept, 7);
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_refused_at_once_with_the_cause() {
        sqlx::any::install_default_drivers();
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("notes.txt");
        std::fs::write(&path, "anything but a database. ".repeat(100)).expect("a file");
        let error = in_file(&path).await.err().expect("a refusal");
        assert!(error.cause().contains("not a database"), "{}", error.cause());
    }

    #[tokio::test]
    async fn a_second_server_on_one_file_is_refused_until_the_first_has_ended() {
        sqlx::any::install_default_drivers();
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("db");
        let both = tokio::join!(in_file(&path), in_file(&path));
        let first = match both {
            (Ok(one), Err(StoreError::InUse)) | (Err(StoreError::InUse), Ok(one)) => one,
            (one, two) => panic!("{:?} {:?}", one.err(), two.err()),
        };
        first.writer.close().await;
        first.reader.close().await;
        drop(first.engine);
        in_file(&path).await.expect("it is free again");
    }

    #[tokio::test]
    async fn any_file_name_is_kept_as_it_is() {
        sqlx::any::install_default_drivers();
        let dir = tempfile::tempdir().expect("a directory");
        for name in ["a b", "50%41?x#y", "ünï"] {
            let path = dir.path().join(name);
            in_file(&path).await.expect("a database");
            assert!(std::fs::metadata(&path).expect("the file").len() > 0, "{name}");
        }
    }
}
