//! The process environment, read once.
//!
//! [`Environment::capture`] is the one place that reads variables; everything else gets an [`Environment`]. It holds only
//! the variables named here and never logs a value: a proxy's URL may carry a password.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// The variables that the agent looks at.
const NAMES: &[&str] = &[
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "BROWSER",
    "WSL_DISTRO_NAME",
    "WSL_INTEROP",
    "XDG_STATE_HOME",
    "HOME",
    "LOCALAPPDATA",
    "HOSTNAME",
    "COMPUTERNAME",
    "RUST_LOG",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// What the process was started with.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<&'static str, String>,
    host_name: Option<String>,
}

impl Environment {
    /// Reads the process environment; called once, by `main`.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn capture() -> Self {
        let variables = NAMES
            .iter()
            .filter_map(|name| Some((*name, std::env::var(name).ok()?)));
        Self {
            // Shells know the name without exporting it; Linux tells it here.
            host_name: std::fs::read_to_string("/proc/sys/kernel/hostname")
                .ok()
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty()),
            ..Self::of(variables)
        }
    }

    /// An environment with these variables; names that the agent does not look at are left out.
    pub fn of<'a, V: Into<String>>(variables: impl IntoIterator<Item = (&'a str, V)>) -> Self {
        let known = |name: &str| NAMES.iter().find(|known| **known == name);
        Self {
            variables: variables
                .into_iter()
                .filter_map(|(name, value)| Some((*known(name)?, value.into())))
                .collect(),
            host_name: None,
        }
    }

    /// A variable; an empty one counts as unset, as in every shell tool.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The first of `names` that is set, with its name.
    pub(crate) fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names
            .iter()
            .find_map(|name| self.get(name).map(|value| (*name, value)))
    }

    /// Whether this is a Linux inside Windows, where the browser is the Windows one.
    pub fn is_wsl(&self) -> bool {
        self.first(&["WSL_DISTRO_NAME", "WSL_INTEROP"]).is_some()
    }

    /// The machine's name, where it can be had.
    pub fn machine_name(&self) -> Option<&str> {
        self.first(&["HOSTNAME", "COMPUTERNAME"])
            .map(|(_, value)| value)
            .or(self.host_name.as_deref())
    }

    /// The variable that puts a file or a directory in the place of the operating system's trust store, if one is set.
    pub fn trust_store(&self) -> Option<(&'static str, &str)> {
        // What rustls-native-certs obeys; the other systems' own verifiers know no such variable.
        if cfg!(any(windows, target_os = "macos")) {
            return None;
        }
        self.first(&["SSL_CERT_FILE", "SSL_CERT_DIR"])
    }

    /// Where state that outlives the process belongs: `$XDG_STATE_HOME`, else `~/.local/state`, else `%LOCALAPPDATA%`.
    pub fn state_home(&self) -> Option<PathBuf> {
        // The XDG base directory specification: a relative path is invalid and to be ignored.
        let xdg = self
            .get("XDG_STATE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute());
        xdg.or_else(|| Some(PathBuf::from(self.get("HOME")?).join(".local/state")))
            .or_else(|| self.get("LOCALAPPDATA").map(PathBuf::from))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_unset_and_an_unknown_one_is_left_out() {
        let environment = Environment::of([("DISPLAY", ""), ("BROWSER", "firefox"), ("SECRET", "x")]);
        assert_eq!(environment.get("DISPLAY"), None);
        assert_eq!(environment.get("BROWSER"), Some("firefox"));
        assert_eq!(environment.get("SECRET"), None);
    }

    #[test]
    fn state_is_kept_under_xdg_state_home_or_its_default() {
        let of = |pairs: &[(&str, &str)]| Environment::of(pairs.iter().copied()).state_home();
        assert_eq!(
            of(&[("XDG_STATE_HOME", "/x"), ("HOME", "/h")]),
            Some(PathBuf::from("/x"))
        );
        assert_eq!(
            of(&[("XDG_STATE_HOME", "relative"), ("HOME", "/h")]),
            Some(PathBuf::from("/h/.local/state"))
        );
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn no_value_is_ever_shown() {
        let environment = Environment::of([("HTTPS_PROXY", "http://me:hunter2@proxy:3128")]);
        assert!(!format!("{environment:?}").contains("hunter2"));
    }
}
