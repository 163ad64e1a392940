//! Disconnect: `PUT /provider-deauth/{provider}`. The account is gone here first, then at the third party.

use std::sync::Arc;

use axum::extract::{Path, State};
use codestream_protocol::UnixMillis;
use codestream_protocol::directive::Directive;
use codestream_protocol::http::{Deauth, DeauthAnswer, Revoked};

use super::accounts::{self, Named};
use super::team_token;
use crate::api::{Bearer, Json, RequestId, RouteError};
use crate::app::App;
use crate::providers::{Grant, Held, Provider, Tokens};
use crate::store::{Account, AccountKey, Change, Identity, Leaving, StoreError};

/// Disconnects an account. One that is not there is disconnected already: two windows may ask at once.
///
/// What the store gives back is what has to be revoked: a refresh that was under way has been stored before, or finds the
/// account gone.
pub(crate) async fn disconnect(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    bearer: Bearer,
    RequestId(request_id): RequestId,
    Json(body): Json<Deauth>,
) -> Result<axum::Json<DeauthAnswer>, RouteError> {
    let named = Named {
        provider: &provider,
        team_id: body.team_id,
        host: body.host.as_deref(),
        sub_id: body.sub_id.as_deref(),
    };
    let (key, provider) = accounts::named(&app, &bearer, named).await?;
    let removed = match app.store.remove_account(&key, Some(&request_id)).await? {
        None => match leave(&app, &key, &request_id).await? {
            Left::Others(change) => {
                tracing::info!(provider = provider.name(), "one of several workspaces was left");
                return Ok(axum::Json(DeauthAnswer {
                    signs_in: None,
                    user: change.user,
                    // The grant goes on, for the others.
                    revoked: Revoked::Unsupported,
                    manual_url: Some(provider.manual_url().to_owned()),
                }));
            }
            Left::All(removed) => removed.map(|removed| *removed),
        },
        removed => removed,
    };
    let Some((account, change)) = removed else {
        return Ok(axum::Json(DeauthAnswer {
            signs_in: None,
            user: Directive::of(key.user_id.as_str()),
            revoked: Revoked::Yes,
            manual_url: None,
        }));
    };
    let signs_in = signs_in(&app, &account).await?;
    let revoked = revoke(&app, &provider, &account).await;
    team_token::retire_unused(&app, &provider, &account.key);
    tracing::info!(provider = provider.name(), ?revoked, "disconnected");
    Ok(axum::Json(DeauthAnswer {
        signs_in: Some(signs_in),
        user: change.user,
        revoked,
        manual_url: (revoked != Revoked::Yes).then(|| provider.manual_url().to_owned()),
    }))
}

/// Whether the account that was disconnected is still a way to sign in as its user.
async fn signs_in(app: &App, account: &Account) -> Result<bool, StoreError> {
    let Some(subject) = account.subject.clone() else {
        return Ok(false);
    };
    let identity = Identity {
        provider: account.key.provider.clone(),
        host: account.key.host.clone(),
        subject,
    };
    let owner = app.store.user_by_identity(&identity).await?;
    Ok(owner.is_some_and(|owner| owner.id == account.key.user_id))
}

/// What became of one of several workspaces that share a token.
enum Left {
    /// The token is still good in others.
    Others(Box<Change>),
    /// It was the last one: the account is gone. `None`: there was none.
    All(Option<Box<(Account, Change)>>),
}

async fn leave(app: &App, key: &AccountKey, request_id: &str) -> Result<Left, StoreError> {
    let Some(workspace) = &key.sub_id else {
        return Ok(Left::All(None));
    };
    let whole = AccountKey {
        sub_id: None,
        ..key.clone()
    };
    match app
        .store
        .leave_workspace(&whole, workspace, Some(request_id))
        .await?
    {
        Leaving::Others(change) => Ok(Left::Others(change)),
        Leaving::Last => {
            let removed = app.store.remove_account(&whole, Some(request_id)).await?;
            Ok(Left::All(removed.map(Box::new)))
        }
        Leaving::NotThere => Ok(Left::All(None)),
    }
}

/// Ends an account's access at the third party. A token that the user made by hand was not issued to our app, so only its
/// maker can end it.
pub(crate) async fn revoke(app: &App, provider: &Provider, account: &Account) -> Revoked {
    let Some(tokens) = account.tokens() else {
        // Lost on the service's own word: there is nothing to end.
        return Revoked::Yes;
    };
    if account.is_api_token {
        return Revoked::Unsupported;
    }
    end(app, provider, &tokens, account.expires_at).await
}

/// Ends the access that tokens give.
pub(crate) async fn end(
    app: &App,
    provider: &Provider,
    tokens: &Tokens,
    expires_at: Option<UnixMillis>,
) -> Revoked {
    let has_ended = expires_at.is_some_and(|end| app.clock.now() >= end);
    if let (true, Some(refresh)) = (has_ended, &tokens.refresh) {
        // An access token that has ended no longer names the grant that its refresh token could go on with.
        if let Ok(tokens) = provider.tokens(&app.http, Grant::Refresh(refresh)).await {
            return provider.revoke(&app.http, Held::of(&tokens)).await;
        }
    }
    provider.revoke(&app.http, Held::of(tokens)).await
}
