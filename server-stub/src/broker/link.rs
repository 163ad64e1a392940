//! A link's way back: who came back is kept and named in the IDE, which decides. Nothing is linked here.

use std::sync::Arc;

use codestream_protocol::{UserId, text};

use super::connection::identity;
use super::done;
use super::landing::Landing;
use super::refusal::Refusal;
use super::settle::{person_refusal, revoke_later};
use crate::app::App;
use crate::providers::{Held, Provider, Tokens};
use crate::store::{End, Handshake, Offered, StoreError};

/// Asks who came back, and has the IDE ask its user.
pub(crate) async fn finish(
    app: &Arc<App>,
    provider: &Arc<Provider>,
    handshake: &Handshake,
    user_id: &UserId,
    tokens: &Tokens,
) -> Result<Landing, Refusal> {
    if !provider.can_sign_up() {
        return Err(Refusal::IdentityUnsupported);
    }
    let person = provider
        .person(&app.http, Held::of(tokens))
        .await
        .map_err(person_refusal)?;
    let name = text::name(&person.login, &person.subject);
    let identity = identity(provider, &person);
    let landing = match app.store.offer_link(handshake.code_id, &identity, &name).await? {
        Offered::Yes => {
            tracing::info!(provider = provider.name(), code_id = %handshake.code_id, "a link waits for the IDE");
            let success = done::Success {
                handshake,
                user_id: user_id.clone(),
                who: name,
                account: None,
                session: None,
                link: Some(handshake.code_id),
            };
            done::landing(app, provider, success).await
        }
        Offered::Before | Offered::Ended(End::Done) => done::again(app, provider.name(), handshake),
        Offered::Ended(End::Failed(failure)) => return Err(Refusal::of_ended(&failure)),
        Offered::Expired => return Err(Refusal::StateExpired),
    };
    if !is_connected(app, user_id, tokens).await? {
        revoke_later(app, provider, tokens.clone());
    }
    Ok(landing)
}

/// Whether an account of the user holds the same tokens: some services give the same ones again.
async fn is_connected(app: &App, user_id: &UserId, tokens: &Tokens) -> Result<bool, StoreError> {
    let accounts = app.store.accounts_of(user_id).await?;
    Ok(accounts.iter().any(|account| {
        let refresh = account.refresh_token.is_some() && account.refresh_token == tokens.refresh;
        account.access_token.as_ref() == Some(&tokens.access) || refresh
    }))
}
