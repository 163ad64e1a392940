//! Keys that a sandbox makes for itself.
//!
//! A sandbox with a file keeps them beside it, readable by its owner alone, so that the file still opens after a restart.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{Key, KeyRing};
use crate::random::Random;

/// Signing and encryption keys that are new.
pub(crate) fn fresh(random: &Random) -> (KeyRing, KeyRing) {
    let ring = || KeyRing::new(Key::new(random.bytes()), Vec::new());
    (ring(), ring())
}

/// The keys kept beside `database`; made when there are none.
pub(crate) fn kept_beside(database: &Path, random: &Random) -> io::Result<(KeyRing, KeyRing)> {
    let mut path = PathBuf::from(database).into_os_string();
    path.push(".keys");
    let made = fresh(random);
    match private_file().write(true).create_new(true).open(&path) {
        Ok(mut file) => {
            writeln!(
                file,
                "{}\n{}",
                made.0.current().to_hex(),
                made.1.current().to_hex()
            )?;
            file.sync_all()?;
            Ok(made)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mut text = String::new();
            private_file().read(true).open(&path)?.read_to_string(&mut text)?;
            let mut keys = text
                .lines()
                .map(|line| Key::parse(line).map(|key| KeyRing::new(key, Vec::new())));
            match (keys.next().flatten(), keys.next().flatten()) {
                (Some(signing), Some(encryption)) => Ok((signing, encryption)),
                _ => Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "it does not hold two keys",
                )),
            }
        }
        Err(error) => Err(error),
    }
}

fn private_file() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_keys_are_the_same_next_time_and_private() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = dir.path().join("db");
        let first = kept_beside(&database, &Random::seeded(1)).expect("a directory");
        let again = kept_beside(&database, &Random::seeded(2)).expect("a directory");
        assert_eq!(first, again);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let file = std::fs::metadata(dir.path().join("db.keys")).expect("a file");
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_key_file_is_an_error_and_is_not_overwritten() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("db.keys"), "x").expect("a file");
        assert!(kept_beside(&dir.path().join("db"), &Random::seeded(1)).is_err());
        assert_eq!(std::fs::read(dir.path().join("db.keys")).expect("a file"), b"x");
    }
}
