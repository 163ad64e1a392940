//! A connect's good end: the account is stored, the handshake ended and the agents told, all at once.

use std::sync::Arc;
use std::time::Duration;

use codestream_protocol::{TeamId, UnixMillis, UserId};
use serde_json::{Map, Value, json};

use super::done;
use super::landing::Landing;
use super::refusal::Refusal;
use super::settle::{person_refusal, revoke_later};
use super::team_token;
use crate::app::App;
use crate::providers::{Held, Person, Place, Provider, Tokens};
use crate::store::{Account, AccountKey, End, Finish, Handshake, Identity};

/// How much earlier than the service says a token is taken to end: requests are on their way by then.
const EARLIER: Duration = Duration::from_secs(5);

/// When a token ends, `expires_in` seconds from `now`.
pub(crate) fn expiry(now: UnixMillis, expires_in: Option<u64>) -> Option<UnixMillis> {
    expires_in.map(|seconds| now + Duration::from_secs(seconds).saturating_sub(EARLIER))
}

/// Stores the account of a signed-in user.
pub(crate) async fn finish(
    app: &Arc<App>,
    provider: &Arc<Provider>,
    handshake: &Handshake,
    user_id: &UserId,
    team_id: &TeamId,
    tokens: &Tokens,
) -> Result<Landing, Refusal> {
    let person = provider
        .person(&app.http, Held::of(tokens))
        .await
        .map_err(person_refusal)?;
    let now = app.clock.now();
    let account = Account {
        key: AccountKey {
            user_id: user_id.clone(),
            team_id: team_id.clone(),
            provider: provider.name().to_owned(),
            host: provider.own_host().cloned(),
            sub_id: sub_id(&person.place),
        },
        access_token: Some(tokens.access.clone()),
        refresh_token: tokens.refresh.clone(),
        expires_at: expiry(now, tokens.expires_in),
        is_api_token: false,
        who: Some(person.login.clone()),
        subject: Some(person.subject.clone()),
        since: now,
        data: beside(provider, tokens, &person.place),
        token_error: None,
    };
    let key = account.key.clone();
    let of_app = tokens.bot.as_ref();
    let of_app = of_app.map(|bot| team_token::of(provider, team_id, bot, now));
    let finished = app.store.finish_connect(handshake.code_id, account, of_app);
    match finished.await? {
        Finish::Done(connected) => {
            tracing::info!(provider = provider.name(), code_id = %handshake.code_id, "connected");
            if let Some(replaced) = connected.replaced {
                retire(app, provider, &replaced, Held::of(tokens));
            }
            let success = done::Success {
                handshake,
                user_id: user_id.clone(),
                who: person.login.clone(),
                account: Some(key),
                session: None,
                link: None,
            };
            Ok(done::landing(app, provider, success).await)
        }
        Finish::AlreadyEnded(End::Done) => {
            revoke_later(app, provider, tokens.clone());
            Ok(done::again(app, provider.name(), handshake))
        }
        Finish::AlreadyEnded(End::Failed(failure)) => Err(Refusal::of_ended(&failure)),
        Finish::Expired => Err(Refusal::StateExpired),
    }
}

/// Ends the access of the account that was replaced: nobody could disconnect it any more. Not when the service gave one of
/// its tokens again.
pub(crate) fn retire(app: &Arc<App>, provider: &Arc<Provider>, replaced: &Account, kept: Held<'_>) {
    let Some(old) = replaced.tokens() else {
        return;
    };
    let same_refresh = old.refresh.is_some() && old.refresh.as_ref() == kept.refresh;
    if !replaced.is_api_token && old.access != *kept.access && !same_refresh {
        revoke_later(app, provider, old);
    }
}

/// The workspace that an account is named after.
pub(crate) fn sub_id(place: &Place) -> Option<String> {
    match place {
        Place::Only(workspace) | Place::At { workspace, .. } => Some(workspace.id.clone()),
        Place::Everywhere | Place::Region(_) | Place::Among(_) => None,
    }
}

/// What is kept beside the token: what the service needs on every call, what its answer told, and where the token is good.
pub(crate) fn beside(provider: &Provider, tokens: &Tokens, place: &Place) -> Value {
    let mut data = Map::new();
    for part in [provider.data(), tokens.data.clone()] {
        if let Value::Object(part) = part {
            data.extend(part);
        }
    }
    match place {
        Place::Everywhere => {}
        Place::Region(api_base) => {
            data.insert("apiBase".to_owned(), json!(api_base));
        }
        Place::Only(workspace) => {
            data.insert("workspace".to_owned(), json!(workspace));
        }
        Place::At { workspace, api_base } => {
            data.insert("workspace".to_owned(), json!(workspace));
            data.insert("apiBase".to_owned(), json!(api_base));
        }
        Place::Among(workspaces) => {
            data.insert("workspaces".to_owned(), json!(workspaces));
        }
    }
    if data.is_empty() {
        Value::Null
    } else {
        Value::Object(data)
    }
}

/// A person as the store names one.
pub(crate) fn identity(provider: &Provider, person: &Person) -> Identity {
    Identity {
        provider: provider.name().to_owned(),
        host: provider.own_host().cloned(),
        subject: person.subject.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_to_end_five_seconds_early() {
        let now = UnixMillis(1_000_000);
        assert_eq!(
            expiry(now, Some(28_800)),
            Some(UnixMillis(1_000_000 + 28_795_000))
        );
        assert_eq!(expiry(now, Some(3)), Some(now));
        assert_eq!(expiry(now, Some(u64::MAX)), Some(UnixMillis(i64::MAX)));
        assert_eq!(expiry(now, None), None);
    }
}
