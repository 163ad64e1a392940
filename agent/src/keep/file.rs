//! A file that only its user can read, replaced whole or not at all.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::keep::{KeepError, Vault};

mod guard;

pub(super) struct File {
    path: PathBuf,
}

impl File {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn fault(&self, error: &io::Error) -> KeepError {
        KeepError::File {
            path: self.path.display().to_string(),
            reason: error.to_string(),
        }
    }

    fn check_directory(&self) -> Result<(), KeepError> {
        let Some(directory) = self.path.parent() else {
            return Ok(());
        };
        match fs::metadata(directory) {
            Ok(about) => guard::directory(directory, &about),
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let new = self.path.with_extension("new");
        // What an earlier run left behind may belong to somebody else's link.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private_file(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

#[cfg(unix)]
fn private_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

impl Vault for File {
    fn write(&self, text: &str) -> Result<(), KeepError> {
        if let Some(directory) = self.path.parent() {
            private_directory(directory).map_err(|error| self.fault(&error))?;
        }
        self.check_directory()?;
        self.replace(text).map_err(|error| self.fault(&error))
    }

    fn read(&self) -> Result<Option<String>, KeepError> {
        let mut file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.fault(&error)),
        };
        self.check_directory()?;
        // What was opened is what is checked and read: a path may lead to another file a moment later.
        let about = file.metadata().map_err(|error| self.fault(&error))?;
        guard::file(&self.path, &about)?;
        let mut text = String::new();
        match file.read_to_string(&mut text) {
            Ok(_) => Ok(Some(text)),
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn remove(&self) -> Result<(), KeepError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.fault(&error)),
            _ => Ok(()),
        }
    }
}
