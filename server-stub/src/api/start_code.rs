//! `GET /provider-auth-code`: opens a handshake that connects or links an account for a signed-in user.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use codestream_protocol::http::StartCodeAnswer;
use codestream_protocol::id::CodeId;
use codestream_protocol::{ServerCode, TeamId, UserId, match_code, text};
use serde::Deserialize;

use super::{Bearer, Peer, Query, RouteError, limit};
use crate::app::App;
use crate::broker::issue_start_code;
use crate::config::ConfirmSignIn;
use crate::store::{Failure, HandshakeKind, NewHandshake};

/// The longest that a handshake may take; `expiresIn` can only shorten it.
const LIFE: Duration = Duration::from_mins(10);
/// How soon the browser must open it: a link that somebody else made and sent is worth little after that.
const OPEN_WITHIN: Duration = Duration::from_mins(2);
/// Handshakes that one start code can replace.
const MOST_REPLACED: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    team_id: Option<String>,
    expires_in: Option<String>,
    ide: Option<String>,
    machine: Option<String>,
    purpose: Option<String>,
    /// Handshakes of the same attempt that another browser owns, separated by commas: they end with this one's beginning.
    replaces: Option<String>,
}

/// Opens it.
pub(super) async fn make(
    State(app): State<Arc<App>>,
    bearer: Bearer,
    peer: Peer,
    Query(asked): Query<Asked>,
) -> Result<Json<StartCodeAnswer>, RouteError> {
    let team_id = asked
        .team_id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| RouteError::required("teamId"))?;
    let team_id: TeamId = team_id.parse().map_err(|_| RouteError::invalid("teamId"))?;
    if !bearer.user.team_ids.contains(&team_id) {
        return Err(RouteError::of(ServerCode::UserNotOnTeam));
    }
    let user_id = bearer.user.id.clone();
    let kind = match asked.purpose.as_deref() {
        None | Some("" | "connect") => HandshakeKind::Connect { user_id, team_id },
        Some("link") => HandshakeKind::Link { user_id, team_id },
        Some(_) => return Err(RouteError::invalid("purpose")),
    };
    let life = life(asked.expires_in.as_deref())?;
    limit::change(&app, &bearer.user.id, 1).await?;
    let now = app.clock.now();
    let handshake = app
        .store
        .open_handshake(NewHandshake {
            code_id: CodeId(app.random.uuid()),
            kind,
            ide: asked.ide.and_then(|name| agent_name(&name)),
            machine: asked.machine.and_then(|name| agent_name(&name)),
            agent_address: peer.address.text(),
            open_by: now + OPEN_WITHIN.min(life),
            expires_at: now + life,
        })
        .await?;
    for id in asked
        .replaces
        .iter()
        .flat_map(|ids| ids.split(','))
        .take(MOST_REPLACED)
    {
        let id = id.parse().map_err(|_| RouteError::invalid("replaces"))?;
        replace(&app, &bearer.user.id, id).await?;
    }
    let confirms = app.config.confirm_sign_in != ConfirmSignIn::Never;
    Ok(Json(StartCodeAnswer {
        code: issue_start_code(&app.keys.signer, &handshake),
        code_id: handshake.code_id,
        expires_at: handshake.expires_at,
        channel_time: now,
        match_code: confirms.then(|| match_code::of_handshake(handshake.code_id)),
    }))
}

/// Ends a handshake of the user's own that was opened in a browser which may be somebody else's.
async fn replace(app: &App, user: &UserId, id: CodeId) -> Result<(), RouteError> {
    let Some(old) = app.store.handshake(id).await? else {
        return Ok(());
    };
    let is_theirs = old.kind.owner().is_some_and(|(owner, _)| owner == user);
    if is_theirs && old.note.is_some() {
        app.store.fail_handshake(id, Failure::replaced()).await?;
    }
    Ok(())
}

fn life(millis: Option<&str>) -> Result<Duration, RouteError> {
    match millis.map(str::parse) {
        None => Ok(LIFE),
        Some(Ok(millis @ 1_u64..)) => Ok(LIFE.min(Duration::from_millis(millis))),
        Some(_) => Err(RouteError::invalid("expiresIn")),
    }
}

/// What an agent says of itself: bounded, on one line; `None` when nothing of it can be seen.
pub(crate) fn agent_name(name: &str) -> Option<String> {
    let name = text::shown(name, text::Limit::NAME);
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_can_only_be_shortened() {
        assert_eq!(life(None), Ok(LIFE));
        assert_eq!(life(Some("300000")), Ok(Duration::from_mins(5)));
        assert_eq!(life(Some("99999999999")), Ok(LIFE));
        for bad in ["0", "-1", "x", ""] {
            assert_eq!(life(Some(bad)), Err(RouteError::invalid("expiresIn")), "{bad}");
        }
    }

    #[test]
    fn names_are_bounded_and_on_one_line() {
        assert_eq!(agent_name(" VS\u{7}Code "), Some("VSCode".to_owned()));
        assert_eq!(agent_name(" \n"), None);
        let long = agent_name(&"é".repeat(500)).expect("a name");
        assert!(long.chars().count() <= text::Limit::NAME.characters(), "{long}");
    }
}
