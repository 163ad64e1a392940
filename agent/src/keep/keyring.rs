//! The system's keyring: Keychain, Credential Manager, Secret Service.

use ::keyring::v1::{Entry, Error};

use crate::keep::{KeepError, Vault};

const SERVICE: &str = "codestream-agent";
const USER: &str = "session";

pub(super) struct Keyring;

fn entry() -> Result<Entry, KeepError> {
    if let Err(error) = Entry::store_status() {
        return Err(fault(error));
    }
    Entry::new(SERVICE, USER).map_err(|error| fault(&error))
}

/// Only what went wrong: some of the errors carry the secret.
fn fault(error: &Error) -> KeepError {
    KeepError::Keyring(match error {
        Error::PlatformFailure(_) => "the system's service failed".to_owned(),
        Error::NoStorageAccess(_) => "it is locked or not there".to_owned(),
        Error::NoDefaultStore => "there is none".to_owned(),
        Error::TooLong(..) => "the session is too long for it".to_owned(),
        Error::Ambiguous(_) => "it holds more than one session".to_owned(),
        _ => "it does not support this".to_owned(),
    })
}

impl Vault for Keyring {
    fn write(&self, text: &str) -> Result<(), KeepError> {
        entry()?.set_password(text).map_err(|error| fault(&error))
    }

    fn read(&self) -> Result<Option<String>, KeepError> {
        match entry()?.get_password() {
            Ok(text) => Ok(Some(text)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(fault(&error)),
        }
    }

    fn remove(&self) -> Result<(), KeepError> {
        match entry()?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }
}
