//! Disconnect: `PUT /provider-deauth/{provider}`. The account is gone here first, then at the third party.

use std::sync::Arc;

use axum::extract::{Path, State};
use codestream_protocol::directive::Directive;
use codestream_protocol::http::{Deauth, DeauthAnswer, Revoked};

use super::accounts::{self, Named};
use crate::api::{Bearer, Json, RequestId, RouteError};
use crate::app::App;
use crate::providers::{Grant, Held, Provider};
use crate::store::Account;

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
    let key = accounts::key(&app, &bearer, named)?;
    let provider = app.providers.get(&provider).map_err(RouteError::of)?;
    let Some((account, change)) = app.store.remove_account(&key, Some(&request_id)).await? else {
        return Ok(axum::Json(DeauthAnswer {
            user: Directive::of(key.user_id.as_str()),
            revoked: Revoked::Yes,
            manual_url: None,
        }));
    };
    let revoked = revoke(&app, provider, &account).await;
    tracing::info!(provider = provider.name(), ?revoked, "disconnected");
    Ok(axum::Json(DeauthAnswer {
        user: change.user,
        revoked,
        manual_url: (revoked != Revoked::Yes).then(|| provider.manual_url().to_owned()),
    }))
}

/// Ends an account's access at the third party. A token that the user made by hand was not issued to our app, so only its
/// maker can end it.
pub(crate) async fn revoke(app: &App, provider: &Provider, account: &Account) -> Revoked {
    let Some(access) = &account.access_token else {
        // Lost on the service's own word: there is nothing to end.
        return Revoked::Yes;
    };
    if account.is_api_token {
        return Revoked::Unsupported;
    }
    let has_ended = account.expires_at.is_some_and(|end| app.clock.now() >= end);
    if let (true, Some(refresh)) = (has_ended, &account.refresh_token) {
        // An access token that has ended no longer names the grant that its refresh token could go on with.
        if let Ok(tokens) = provider.tokens(&app.http, Grant::Refresh(refresh)).await {
            return provider.revoke(&app.http, Held::of(&tokens)).await;
        }
    }
    provider.revoke(&app.http, account.held(access)).await
}
