//! The system's browser: whether there is one here, and handing a link to it.
//!
//! The library that opens it answers well even when nothing opened, and may start a text browser that reads our own standard
//! input, which belongs to LSP. So this looks first, and [`Browser::open`] means handed over, never opened.

use crate::environment::Environment;

/// Browsers that take over the terminal.
const TEXT_BROWSERS: &[&str] = &[
    "browsh",
    "carbonyl",
    "edbrowse",
    "elinks",
    "links",
    "links2",
    "lynx",
    "retawq",
    "w3m",
    "www-browser",
];

/// There is no browser here. The text is for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrowserUnavailable {
    /// No display, no `BROWSER`, not WSL.
    #[error("There is no display here to open a browser on.")]
    NoDisplay,
    /// `BROWSER` names a browser that would take over the terminal.
    #[error("BROWSER names a text browser, which this does not start.")]
    TextBrowser,
    /// The system refused.
    #[error("The system has no browser that could be started.")]
    Refused,
}

/// The system's browser. Cloning is cheap.
#[derive(Debug, Clone, Copy)]
pub struct Browser {
    unavailable: Option<BrowserUnavailable>,
}

impl Browser {
    /// Looks whether there is one.
    pub fn new(environment: &Environment) -> Self {
        let desktop_is_certain = cfg!(any(windows, target_os = "macos"));
        Self {
            unavailable: if desktop_is_certain {
                None
            } else {
                look(environment).err()
            },
        }
    }

    /// Why there is none, if there is none.
    pub fn unavailable(&self) -> Option<BrowserUnavailable> {
        self.unavailable
    }

    /// Hands `url` over, byte for byte.
    ///
    /// # Errors
    /// [`BrowserUnavailable`]; nothing was started then.
    pub async fn open(&self, url: &str) -> Result<(), BrowserUnavailable> {
        if let Some(reason) = self.unavailable {
            return Err(reason);
        }
        let url = url.to_owned();
        let opened = tokio::task::spawn_blocking(move || webbrowser::open(&url)).await;
        match opened {
            Ok(Ok(())) => Ok(()),
            _ => Err(BrowserUnavailable::Refused),
        }
    }
}

/// On systems where a desktop is not certain.
fn look(environment: &Environment) -> Result<(), BrowserUnavailable> {
    if let Some(commands) = environment.get("BROWSER") {
        // A list of command lines, separated by colons.
        let text = commands.split(':').any(|command| {
            let program = command.split_ascii_whitespace().next().unwrap_or_default();
            let name = program.rsplit('/').next().unwrap_or_default();
            TEXT_BROWSERS.contains(&name)
        });
        return if text {
            Err(BrowserUnavailable::TextBrowser)
        } else {
            Ok(())
        };
    }
    let display = environment.first(&["DISPLAY", "WAYLAND_DISPLAY"]).is_some();
    if display || environment.is_wsl() {
        Ok(())
    } else {
        Err(BrowserUnavailable::NoDisplay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_needs_a_display_a_command_or_windows_and_is_never_a_text_browser() {
        let none: &[(&str, &str)] = &[];
        for (variables, expected) in [
            (none, Err(BrowserUnavailable::NoDisplay)),
            (&[("DISPLAY", "")], Err(BrowserUnavailable::NoDisplay)),
            (&[("DISPLAY", ":0")], Ok(())),
            (&[("WAYLAND_DISPLAY", "wayland-0")], Ok(())),
            (&[("WSL_DISTRO_NAME", "Ubuntu")], Ok(())),
            (&[("BROWSER", "/vscode/bin/helpers/browser.sh")], Ok(())),
            (&[("BROWSER", "firefox --new-tab %s")], Ok(())),
            (&[("BROWSER", "lynx")], Err(BrowserUnavailable::TextBrowser)),
            (
                &[("BROWSER", "firefox:/usr/bin/w3m %s")],
                Err(BrowserUnavailable::TextBrowser),
            ),
            (
                &[("BROWSER", "www-browser"), ("DISPLAY", ":0")],
                Err(BrowserUnavailable::TextBrowser),
            ),
        ] {
            assert_eq!(
                look(&Environment::of(variables.iter().copied())),
                expected,
                "{variables:?}"
            );
        }
    }

    #[tokio::test]
    async fn without_a_browser_nothing_is_started() {
        let browser = Browser {
            unavailable: Some(BrowserUnavailable::NoDisplay),
        };
        assert_eq!(
            browser.open("https://a.test/").await,
            Err(BrowserUnavailable::NoDisplay)
        );
    }
}
