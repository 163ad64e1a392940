//! Answers a connection's questions from the store.

use codestream_protocol::UserId;
use codestream_protocol::channel::{
    AuthError, ChannelName, HISTORY_LIMIT, HistoryAnswer, HistoryCall, HistoryMessage,
};
use codestream_protocol::secret::{BroadcasterToken, ChannelJwt};

use super::hub::{LineId, Subscriber};
use super::machine::{Found, Question, Refusal};
use super::pass::{self, Identity};
use crate::api::limit;
use crate::app::App;
use crate::store::{SessionId, StoreError};

/// Who asks.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) line: LineId,
    /// What limits count by.
    pub(super) limit_key: String,
}

/// Answers `question`.
pub(super) async fn find(app: &App, asker: &Asker, question: Question) -> Found {
    match question {
        Question::Handshake { cid, jwt } => Found::Handshake(cid, read_pass(app, asker.line, &jwt).await),
        Question::Authenticate { cid, jwt } => {
            Found::Authenticate(cid, read_pass(app, asker.line, &jwt).await)
        }
        Question::Login { cid, token, uid } => {
            let result = login(app, asker.line, &token, uid).await;
            if matches!(result, Err(Refusal::InvalidToken | Refusal::NoSuchUser(_)))
                && limit::take(app, limit::CHANNEL_FAILURES, &asker.limit_key)
                    .await
                    .is_err()
            {
                return Found::Login(cid, Err(Refusal::TooManyAttempts));
            }
            Found::Login(cid, result)
        }
        Question::Subscribe { cid, channel, who } => {
            let result = may_subscribe(app, &who, &channel).await;
            if result.is_ok() {
                let subscriber = Subscriber {
                    session: who.session,
                    user: who.user,
                };
                app.channel.hub.subscribe(asker.line, &channel, subscriber);
            }
            Found::Subscribe(cid, channel, result)
        }
        Question::History {
            cid,
            call,
            channels,
            who,
        } => Found::History(cid, history(app, &who, call, &channels).await),
    }
}

/// A row says so, or the store failed; the failure is logged here and told as `internal error`.
fn internal(error: &StoreError) -> Refusal {
    tracing::error!(%error, "the me-channel could not read the store");
    Refusal::Internal
}

/// Whether the session lasts. The line is named first, so that an end of the session cannot fall in between.
async fn lasts(app: &App, line: LineId, session: SessionId) -> Result<bool, StoreError> {
    app.channel.hub.name(line, session);
    Ok(app.store.session(session).await?.is_some())
}

async fn read_pass(app: &App, line: LineId, jwt: &ChannelJwt) -> Result<Identity, AuthError> {
    let identity = pass::read(&app.keys.signer, jwt, app.clock.now())?;
    match lasts(app, line, identity.session).await {
        Ok(true) => Ok(identity),
        Ok(false) => Err(pass::session_over()),
        Err(error) => {
            internal(&error);
            // Not the JWT's fault: the client is to keep it.
            Err(AuthError {
                name: "AuthTokenError".to_owned(),
                message: Refusal::Internal.to_string(),
                is_bad_token: false,
            })
        }
    }
}

async fn login(
    app: &App,
    line: LineId,
    token: &BroadcasterToken,
    uid: String,
) -> Result<(Identity, ChannelJwt), Refusal> {
    let Ok(user) = uid.parse::<UserId>() else {
        return Err(Refusal::NoSuchUser(uid.chars().take(100).collect()));
    };
    let session = app.store.session_by_broadcaster(&user, token).await;
    let Some(session) = session.map_err(|error| internal(&error))? else {
        let known = app.store.user(&user).await.map_err(|error| internal(&error))?;
        return Err(known.map_or(Refusal::NoSuchUser(uid), |_| Refusal::InvalidToken));
    };
    match lasts(app, line, session.id).await {
        Ok(true) => Ok(pass::issue(&app.keys.signer, session.id, &user, app.clock.now())),
        Ok(false) => Err(Refusal::InvalidToken),
        Err(error) => Err(internal(&error)),
    }
}

async fn may_subscribe(app: &App, who: &Identity, channel: &ChannelName) -> Result<(), Refusal> {
    let session = app.store.session(who.session).await;
    if session.map_err(|error| internal(&error))?.is_none() {
        return Err(Refusal::SessionOver(channel.clone()));
    }
    match channel {
        ChannelName::Echo => Ok(()),
        ChannelName::User(id) if *id == who.user => Ok(()),
        ChannelName::User(_) => Err(Refusal::UserMismatch(channel.clone())),
        ChannelName::Team(id) => match app.store.is_member(&who.user, id).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::NotInTeam(channel.clone())),
            Err(error) => Err(internal(&error)),
        },
    }
}

async fn history(
    app: &App,
    who: &Identity,
    call: HistoryCall,
    channels: &[ChannelName],
) -> Result<HistoryAnswer, Refusal> {
    for channel in channels {
        if let Err(refusal) = may_subscribe(app, who, channel).await {
            let kind = match (&refusal, channel) {
                (Refusal::Internal, _) => return Err(refusal),
                (_, ChannelName::Team(_)) => "team",
                (_, ChannelName::User(_) | ChannelName::Echo) => "user",
            };
            let request = call.request_id.chars().take(100).collect();
            return Err(Refusal::History(request, kind, channel.to_string()));
        }
    }
    let messages = app
        .store
        .messages_since(channels, call.since, HISTORY_LIMIT)
        .await;
    let messages = messages.map_err(|error| internal(&error))?.into_iter();
    Ok(HistoryAnswer {
        messages: messages
            .map(|stored| HistoryMessage {
                timestamp: stored.timestamp,
                channel: stored.channel.to_string(),
                message: stored.payload,
            })
            .collect(),
        request_id: call.request_id,
        channels: call.channels,
    })
}
