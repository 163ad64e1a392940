//! The database's file: made by us and not by SQLite, so that nobody else can read it. Its companions inherit the mode.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// The file of a running server: its own until this is dropped, also when the process dies.
pub(crate) struct OwnFile {
    path: PathBuf,
    opened: Identity,
    /// Of a file beside the database, since SQLite locks ranges of the database's own.
    _lock: File,
}

/// What tells a file from another one of the same name.
type Identity = (u64, u64);

impl OwnFile {
    /// Makes the file when it is absent.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another server has it.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::Database(sqlx::Error::Io(error));
        make(path).map_err(failed)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".lock");
        let lock = owners_file(Path::new(&beside)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(Self {
            path: path.to_owned(),
            opened: identity(&std::fs::metadata(path).map_err(failed)?),
            _lock: lock,
        })
    }

    /// What is written to a file that has no name any more is lost at the next start.
    ///
    /// # Errors
    /// [`StoreError::Replaced`].
    pub(in crate::store::sql) fn is_still_there(&self) -> Result<(), StoreError> {
        match std::fs::metadata(&self.path) {
            Ok(now) if identity(&now) == self.opened => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::Database(sqlx::Error::Io(error)))
            }
            Ok(_) | Err(_) => Err(StoreError::Replaced),
        }
    }
}

#[cfg(unix)]
fn identity(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino())
}

/// Windows keeps the name of an open file.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    (0, 0)
}

/// Makes the file and the directories above it, for the owner alone; what is there stays as it is.
fn make(path: &Path) -> io::Result<()> {
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        let mut directories = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut directories, 0o700);
        directories.recursive(true).create(above)?;
    }
    owners_file(path).map(drop)
}

fn owners_file(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.append(true).create(true).open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_new_file_is_its_owners_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a/b/db");
        make(&path).expect("a file");
        make(&path).expect("a second time");
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().expect("b"))), (0o600, 0o700));
    }
}
