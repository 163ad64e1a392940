//! The token of the app itself in a team's workspace: kept with the account of whoever installs the app there, ended when nobody in the team
//! is connected to the workspace any more.

use std::sync::Arc;

use codestream_protocol::{TeamId, UnixMillis};

use super::connection::expiry;
use super::deauth;
use crate::app::App;
use crate::providers::{Bot, Provider};
use crate::store::{AccountKey, TeamToken, TeamTokenKey};

/// The app's own token as it is kept.
pub(crate) fn of(provider: &Provider, team_id: &TeamId, bot: &Bot, now: UnixMillis) -> TeamToken {
    TeamToken {
        key: TeamTokenKey {
            team_id: team_id.clone(),
            provider: provider.name().to_owned(),
            host: provider.own_host().cloned(),
            workspace_id: bot.workspace_id.clone(),
        },
        access_token: bot.access.clone(),
        refresh_token: bot.refresh.clone(),
        expires_at: expiry(now, bot.expires_in),
        since: now,
        data: bot.data.clone(),
    }
}

/// Ends the app's own token in the workspace of an account that is gone, unless somebody else in the team has one there.
pub(crate) fn retire_unused(app: &Arc<App>, provider: &Arc<Provider>, gone: &AccountKey) {
    let Some(key) = TeamTokenKey::beside(gone) else {
        return;
    };
    let (app, provider) = (app.clone(), provider.clone());
    app.clone().lifecycle.spawn(async move {
        match app.store.take_unused_team_token(&key).await {
            Ok(None) => {}
            Ok(Some(token)) => {
                let revoked = deauth::end(&app, &provider, &token.tokens(), token.expires_at).await;
                tracing::info!(
                    provider = provider.name(),
                    ?revoked,
                    "the app's own token was ended"
                );
            }
            Err(error) => {
                tracing::error!(provider = provider.name(), %error, "the app's own token was not ended");
            }
        }
    });
}
