//! Where the command line keeps a session between two runs: the system's keyring, else a file that only its user can read,
//! else nowhere. IDEs keep theirs in their own secret stores; this is not for them.
//!
//! A place counts only after what was written has been read back. Keyrings are reached on a thread of their own: one that is
//! locked may wait for a person, and nobody waits for it longer than [`PATIENCE`].

mod file;
mod keyring;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use codestream_protocol::TeamId;
use codestream_protocol::secret::SessionToken;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::environment::Environment;
use file::File;
use keyring::Keyring;

/// Time for a keyring.
const PATIENCE: Duration = Duration::from_secs(20);

/// A session, and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// The server's origin.
    pub server: String,
    /// The session token.
    pub token: SessionToken,
    /// The team that was worked in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
}

/// Where a session is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// In the system's keyring.
    Keyring,
    /// In a file that only you can read.
    File,
    /// Nowhere.
    None,
}

/// Where a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the system's keyring.
    Keyring,
    /// In this file.
    File(PathBuf),
    /// Nowhere: it ends with this run.
    Nowhere,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => f.write_str("the system's keyring"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Nowhere => f.write_str("nowhere"),
        }
    }
}

/// A place that did not work. The texts are for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// The keyring did not answer, or refused.
    #[error("The system's keyring cannot be used: {0}.")]
    Keyring(String),
    /// The file cannot be written or read.
    #[error("{path} cannot be used: {reason}.")]
    File {
        /// Which.
        path: String,
        /// From the operating system.
        reason: String,
    },
    /// Others could read or replace the session in it.
    #[error("{path} is not used: {why}. {remedy}")]
    Exposed {
        /// Which file or directory.
        path: String,
        /// What is wrong with it.
        why: &'static str,
        /// What to do.
        remedy: String,
    },
    /// There is no home directory to put it into.
    #[error("There is no directory for it: neither XDG_STATE_HOME nor HOME is set.")]
    NoDirectory,
    /// What was read back is not what was written.
    #[error("{0} did not keep what was written.")]
    Forgetful(String),
}

/// A place that keeps one text.
trait Vault: Send + Sync + 'static {
    fn write(&self, text: &str) -> Result<(), KeepError>;
    fn read(&self) -> Result<Option<String>, KeepError>;
    fn remove(&self) -> Result<(), KeepError>;
}

/// The places, in one.
#[derive(Clone)]
pub struct Keep {
    keyring: Option<Arc<dyn Vault>>,
    file: Option<Arc<File>>,
}

impl Keep {
    /// The places that this machine has.
    pub fn new(environment: &Environment) -> Self {
        let file = environment
            .state_home()
            .map(|home| Arc::new(File::new(home.join("codestream").join("session.json"))));
        Self {
            keyring: Some(Arc::new(Keyring)),
            file,
        }
    }

    /// A directory of a test's own, and no keyring.
    #[cfg(test)]
    pub(crate) fn in_directory(directory: &std::path::Path) -> Self {
        Self {
            keyring: None,
            file: Some(Arc::new(File::new(directory.join("session.json")))),
        }
    }

    /// Keeps `session` where it was chosen; without a choice in the first place that works.
    ///
    /// # Errors
    /// [`KeepError`] of the chosen place.
    pub async fn save(&self, session: &Kept, choice: Option<Choice>) -> Result<Place, KeepError> {
        match choice {
            Some(Choice::Keyring) => self.save_in_keyring(session).await,
            Some(Choice::File) => self.save_in_file(session),
            Some(Choice::None) => Ok(Place::Nowhere),
            None => Ok(self.save_anywhere(session).await),
        }
    }

    async fn save_anywhere(&self, session: &Kept) -> Place {
        match self.save_in_keyring(session).await {
            Ok(place) => return place,
            Err(error) => tracing::info!(%error, "trying a file"),
        }
        match self.save_in_file(session) {
            Ok(place) => return place,
            Err(error) => tracing::info!(%error, "keeping the session for this run only"),
        }
        Place::Nowhere
    }

    async fn save_in_keyring(&self, session: &Kept) -> Result<Place, KeepError> {
        let text = encode(session);
        self.in_keyring(move |vault| proven(vault, &text, "The system's keyring"))
            .await?;
        // A file goes before the keyring when a session is looked for.
        self.file.as_ref().map_or(Ok(()), |file| file.remove())?;
        Ok(Place::Keyring)
    }

    fn save_in_file(&self, session: &Kept) -> Result<Place, KeepError> {
        let file = self.file.as_ref().ok_or(KeepError::NoDirectory)?;
        proven(&**file, &encode(session), &file.path().display().to_string())?;
        Ok(Place::File(file.path().to_owned()))
    }

    /// The session that was kept, and where.
    ///
    /// # Errors
    /// [`KeepError`] of a file that is there and cannot be read; a keyring that cannot be used holds nothing.
    pub async fn load(&self) -> Result<Option<(Kept, Place)>, KeepError> {
        if let Some(file) = &self.file
            && let Some(text) = file.read()?
            && let Ok(session) = serde_json::from_str(&text)
        {
            return Ok(Some((session, Place::File(file.path().to_owned()))));
        }
        let text = self.in_keyring(Vault::read).await.unwrap_or_else(|error| {
            tracing::info!(%error, "no session from the keyring");
            None
        });
        Ok(text
            .and_then(|text| serde_json::from_str(&text).ok())
            .map(|session| (session, Place::Keyring)))
    }

    /// Forgets the session that is in `place`.
    ///
    /// # Errors
    /// [`KeepError`] of that place.
    pub async fn forget(&self, place: &Place) -> Result<(), KeepError> {
        match place {
            Place::Keyring => self.in_keyring(Vault::remove).await,
            Place::File(_) => self.file.as_ref().map_or(Ok(()), |file| file.remove()),
            Place::Nowhere => Ok(()),
        }
    }

    async fn in_keyring<T: Send + 'static>(
        &self,
        use_it: impl FnOnce(&dyn Vault) -> Result<T, KeepError> + Send + 'static,
    ) -> Result<T, KeepError> {
        let Some(vault) = self.keyring.clone() else {
            return Err(KeepError::Keyring("there is none".to_owned()));
        };
        let (reply, answer) = oneshot::channel();
        // Not on the runtime's pool, whose shutdown would wait for a keyring that waits for a person.
        std::thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || {
                let _ = reply.send(use_it(&*vault));
            })
            .map_err(|error| KeepError::Keyring(error.to_string()))?;
        match timeout(PATIENCE, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(KeepError::Keyring("it failed".to_owned())),
            Err(_) => Err(KeepError::Keyring("it did not answer in time".to_owned())),
        }
    }
}

fn encode(session: &Kept) -> String {
    // Strings and an id: nothing that JSON cannot hold.
    serde_json::to_string(session).unwrap_or_default()
}

fn proven(vault: &dyn Vault, text: &str, name: &str) -> Result<(), KeepError> {
    vault.write(text)?;
    if vault.read()?.as_deref() == Some(text) {
        Ok(())
    } else {
        Err(KeepError::Forgetful(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
