//! `identities` and `sessions`: who may sign in as the user, and who is signed in.

use codestream_protocol::http::{Identity, IdentityOrigin, SessionRow};
use codestream_protocol::lsp::request::{SessionEnd, UnlinkParams};
use codestream_protocol::{IdentityId, SessionId, UnixMillis};

use crate::cli::{Exit, Shell};
use crate::clock::Clock;

impl Shell {
    pub(super) async fn identities(&self) -> Result<(), Exit> {
        let (session, _host) = self.resume().await?;
        let found = match session.identities().await {
            Ok(found) => found.identities,
            Err(error) => return Err(self.failed(error).await),
        };
        if found.is_empty() {
            self.terminal.say(&"No account at a service signs in as you.");
        }
        for one in &found {
            self.terminal.say(&identity(one));
        }
        Ok(())
    }

    pub(super) async fn unlink(&self, id: IdentityId) -> Result<(), Exit> {
        let (session, _host) = self.resume().await?;
        match session.unlink(UnlinkParams { identity_id: id }).await {
            Ok(()) => {
                self.terminal.say(&"This account no longer signs in as you.");
                Ok(())
            }
            Err(error) => Err(self.failed(error).await),
        }
    }

    pub(super) async fn sessions(&self) -> Result<(), Exit> {
        let (session, _host) = self.resume().await?;
        let found = match session.sessions().await {
            Ok(found) => found.sessions,
            Err(error) => return Err(self.failed(error).await),
        };
        for one in &found {
            self.terminal.say(&line(one, self.clock.as_ref()));
        }
        Ok(())
    }

    pub(super) async fn end_sessions(&self, id: Option<SessionId>) -> Result<(), Exit> {
        let (session, _host) = self.resume().await?;
        let own = match session.sessions().await {
            Ok(found) => found
                .sessions
                .iter()
                .any(|one| one.current && Some(one.session_id) == id),
            Err(error) => return Err(self.failed(error).await),
        };
        let ended = match session.end_session(SessionEnd { session_id: id }).await {
            Ok(ended) => ended.ended,
            Err(error) => return Err(self.failed(error).await),
        };
        if own {
            if let Ok(Some((_, place))) = self.keep.load().await
                && let Err(error) = self.keep.forget(&place).await
            {
                self.terminal.complain(&error);
            }
            self.terminal.say(&"You are signed out here.");
            return Ok(());
        }
        match ended {
            0 => self.terminal.say(&"There was no other session."),
            1 => self.terminal.say(&"One session has ended."),
            many => self.terminal.say(&format_args!("{many} sessions have ended.")),
        }
        Ok(())
    }
}

fn identity(one: &Identity) -> String {
    let name = one.name.as_deref().unwrap_or("an account");
    let origin = match one.origin {
        IdentityOrigin::SignUp => "signed up with",
        IdentityOrigin::Linked => "linked",
    };
    format!("  {}  {name} at {} ({origin})", one.identity_id, one.display_name)
}

fn line(one: &SessionRow, clock: &dyn Clock) -> String {
    let ide = one.ide.as_deref().unwrap_or("an IDE that did not say its name");
    let machine = one.machine.as_deref().map(|name| format!(" on {name}"));
    let address = one.address.as_deref().map(|address| format!(" from {address}"));
    let provider = one.provider.as_deref().map(|name| format!(", with {name}"));
    let used = one.last_used_at.unwrap_or(one.since);
    let here = if one.current { ", this one" } else { "" };
    format!(
        "  {}  {ide}{}{}{}, last used {}{here}",
        one.session_id,
        machine.unwrap_or_default(),
        address.unwrap_or_default(),
        provider.unwrap_or_default(),
        ago(used, clock.now())
    )
}

fn ago(then: UnixMillis, now: UnixMillis) -> String {
    let minutes = now.since(then).as_secs() / 60;
    match minutes {
        0..60 => "within the hour".to_owned(),
        60..2880 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}
