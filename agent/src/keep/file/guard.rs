//! Who else could read or replace a kept session (CWE-732). On other systems than Unix a home directory is its owner's.

use std::fs::Metadata;
use std::path::Path;

use crate::keep::KeepError;

/// The session's file: its owner's alone.
#[cfg(unix)]
pub(super) fn file(path: &Path, about: &Metadata) -> Result<(), KeepError> {
    use std::os::unix::fs::MetadataExt as _;
    let shown = path.display();
    if !is_mine(about) {
        let remedy = format!("Delete {shown} and sign in again.");
        return Err(exposed(
            path,
            "it belongs to another user of this machine",
            remedy,
        ));
    }
    if about.mode() & 0o077 != 0 {
        let remedy = format!(
            "Run `chmod 600 {shown}`; if others use this machine, run `codestream-agent sign-in` again and end the old session."
        );
        return Err(exposed(
            path,
            "other users of this machine can read or change it",
            remedy,
        ));
    }
    Ok(())
}

/// Its directory: whoever may write there could put a session of theirs in place of it.
#[cfg(unix)]
pub(super) fn directory(path: &Path, about: &Metadata) -> Result<(), KeepError> {
    use std::os::unix::fs::MetadataExt as _;
    let shown = path.display();
    if !is_mine(about) && about.uid() != 0 {
        let remedy = format!("Make {shown} your own, or name another one in XDG_STATE_HOME.");
        return Err(exposed(
            path,
            "it belongs to another user of this machine",
            remedy,
        ));
    }
    if about.mode() & 0o022 != 0 {
        let remedy = format!("Run `chmod 700 {shown}`.");
        return Err(exposed(
            path,
            "other users of this machine can put files into it",
            remedy,
        ));
    }
    Ok(())
}

#[cfg(unix)]
fn is_mine(about: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    about.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn exposed(path: &Path, why: &'static str, remedy: String) -> KeepError {
    KeepError::Exposed {
        path: path.display().to_string(),
        why,
        remedy,
    }
}

#[cfg(not(unix))]
pub(super) fn file(_: &Path, _: &Metadata) -> Result<(), KeepError> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn directory(_: &Path, _: &Metadata) -> Result<(), KeepError> {
    Ok(())
}
