//! SQLite. One connection writes; a file is read by several beside it (WAL). Every commit is on the disk before anyone is
//! told.

mod file;

use std::fmt::Write as _;
use std::path::Path;

use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;

use super::{Buckets, Engine, Opened};
use crate::store::StoreError;

const READERS: u32 = 4;

/// A database that is gone when the server stops.
pub(super) async fn in_memory() -> Result<Opened, StoreError> {
    let writer = open_one("sqlite::memory:").await?;
    Ok(opened(writer.clone(), writer))
}

/// The database in this file, which is made when absent.
pub(super) async fn in_file(path: &Path) -> Result<Opened, StoreError> {
    file::make(path).map_err(sqlx::Error::Io)?;
    let url = url(path)?;
    let writer = open_one(&url).await?;
    let readers = AnyPoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false);
    let reader = readers.connect(&format!("{url}?mode=ro")).await?;
    Ok(opened(writer, reader))
}

async fn open_one(url: &str) -> Result<AnyPool, StoreError> {
    // An in-memory database dies with its last connection, so this one never does.
    let one = AnyPoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|db, _| {
            Box::pin(async move {
                for pragma in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"] {
                    sqlx::query(pragma).execute(&mut *db).await?;
                }
                Ok(())
            })
        });
    let writer = one.connect(url).await?;
    sqlx::migrate!("./migrations/sqlite")
        .run(&writer)
        .await
        .map_err(sqlx::Error::from)?;
    Ok(writer)
}

fn opened(writer: AnyPool, reader: AnyPool) -> Opened {
    Opened {
        engine: Engine::Sqlite {
            buckets: Buckets::default(),
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
