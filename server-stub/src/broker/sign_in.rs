//! A sign-in's good end: who it is, whether they may, and the grant that the agent's poll gets.

use std::sync::Arc;

use codestream_protocol::text;

use super::connection::{beside, expiry, identity, sub_id};
use super::done;
use super::identity::{Admitted, Known, admit};
use super::landing::Landing;
use super::refusal::Refusal;
use super::settle::{person_refusal, revoke_later};
use crate::app::App;
use crate::providers::{Email, Held, Person, Provider, Tokens};
use crate::store::{
    End, Finish, Granted, Handshake, Identity, NewAccount, NewGrant, NewUser, StoreError, Who,
};

/// How often the decision is taken anew when somebody else took the e-mail address or the identity in between.
const TRIES: usize = 3;

/// Signs somebody in, or up.
pub(crate) async fn finish(
    app: &Arc<App>,
    provider: &Arc<Provider>,
    handshake: &Handshake,
    sign_in_only: bool,
    tokens: &Tokens,
) -> Result<Landing, Refusal> {
    if !provider.can_sign_up() {
        return Err(Refusal::IdentityUnsupported);
    }
    let person = provider
        .person(&app.http, Held::of(tokens))
        .await
        .map_err(person_refusal)?;
    let email = provider
        .email(&app.http, Held::of(tokens))
        .await
        .map_err(person_refusal)?;
    let identity = identity(provider, &person);
    for _ in 0..TRIES {
        let known = known(app, &identity, &email).await?;
        let who = match admit(known, email.clone(), sign_in_only)? {
            Admitted::Existing(user) => Who::Existing(user),
            Admitted::New(address) => Who::New(new_user(provider, &person, address)),
        };
        let grant = NewGrant {
            who,
            identity: identity.clone(),
            name: text::name(&person.login, &person.subject),
            account: provider.sign_in_connects().then(|| NewAccount {
                sub_id: sub_id(&person.place),
                access_token: tokens.access.clone(),
                refresh_token: tokens.refresh.clone(),
                expires_at: expiry(app.clock.now(), tokens.expires_in),
                who: Some(person.login.clone()),
                data: beside(provider, tokens, &person.place),
            }),
        };
        match app.store.grant_sign_up(handshake.code_id, grant).await? {
            Finish::Done(Granted::Yes(grant)) => {
                tracing::info!(provider = provider.name(), code_id = %handshake.code_id, "signed in");
                let success = done::Success {
                    handshake,
                    user_id: grant.user.id,
                    who: person.login,
                    account: grant.account,
                    session: Some(grant.session.id),
                    link: None,
                };
                return Ok(done::landing(app, provider, success).await);
            }
            Finish::Done(Granted::Taken) => {}
            Finish::AlreadyEnded(End::Done) => {
                revoke_later(app, provider, tokens.clone());
                return Ok(done::again(app, provider.name(), handshake));
            }
            Finish::AlreadyEnded(End::Failed(failure)) => return Err(Refusal::of_ended(&failure)),
            Finish::Expired => return Err(Refusal::StateExpired),
        }
    }
    Err(StoreError::Missing("free identity").into())
}

async fn known(app: &App, identity: &Identity, email: &Email) -> Result<Known, StoreError> {
    if let Some(user) = app.store.user_by_identity(identity).await? {
        return Ok(Known::Identity(user.id));
    }
    let Email::Verified(address) = email else {
        return Ok(Known::Nobody);
    };
    let user = app.store.user_by_email(address).await?;
    Ok(user.map_or(Known::Nobody, |user| Known::Email {
        signed_up_with: user.signed_up_with,
    }))
}

fn new_user(provider: &Provider, person: &Person, email: String) -> NewUser {
    NewUser {
        email,
        username: person.login.clone(),
        full_name: person.name.clone().unwrap_or_else(|| person.login.clone()),
        signed_up_with: Some(provider.name().to_owned()),
    }
}
