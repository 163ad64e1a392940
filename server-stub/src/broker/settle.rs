//! What a callback leads to: the checks in their order, then the exchange and the end of the handshake.
//!
//! Every route runs to its end even when the browser goes away: a code that was consumed is never left without an outcome.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use codestream_protocol::id::CodeId;
use codestream_protocol::secret::{AccessToken, AuthorizationCode};
use codestream_protocol::state::StateClaims;
use codestream_protocol::{ProviderId, ServerCode};
use url::Url;

use super::landing::Landing;
use super::refusal::Refusal;
use super::{confirm, connection, cookie, done, hosts, link, mix_up, sign_in, state};
use crate::api::{ClientAddress, Peer};
use crate::app::App;
use crate::providers::{CallError, Grant, Held, OAuthErrorCode, Provider, Registry, Tokens};
use crate::store::{Consumed, End, Failure, HandshakeKind, State};

/// How long a store has to recover before it is asked once more to end a handshake.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a handshake may last.
const LONGEST: Duration = Duration::from_mins(10);

/// The browser that came back.
pub(crate) struct Visit {
    /// The lower-case name in the callback's path.
    pub(crate) provider: String,
    /// The host in the callback's path: a redirect URI is one issuer's (RFC 9700 4.4.2).
    pub(crate) host: Option<ProviderId>,
    pub(crate) headers: HeaderMap,
    /// The browser's network address.
    pub(crate) address: ClientAddress,
}

impl Visit {
    /// From a request.
    pub(crate) fn of(app: &App, provider: String, parts: &Parts) -> Self {
        Self {
            provider,
            host: None,
            headers: parts.headers.clone(),
            address: Peer::of(parts, app).address,
        }
    }

    /// At the redirect URI of a host.
    pub(crate) fn at(self, host: Option<ProviderId>) -> Self {
        Self { host, ..self }
    }
}

/// What the third party said.
pub(crate) enum Said {
    /// RFC 6749 §4.1.2.
    Code(AuthorizationCode),
    /// A token, where there is no exchange.
    Token(AccessToken),
    /// The person declined.
    Declined,
    /// An administrator must approve first.
    NeedsApproval,
    /// RFC 6749 §4.1.2.1.
    Refused(OAuthErrorCode),
    /// None of them.
    Nothing,
}

/// What came back.
pub(crate) struct Returned {
    pub(crate) state: Option<String>,
    /// RFC 9207.
    pub(crate) iss: Option<String>,
    pub(crate) said: Said,
}

/// Whether the person compared the match code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// Not asked yet.
    Unasked,
    /// The codes are the same.
    Given,
    /// They are not.
    Refused,
}

/// Settles a callback, and says where the browser goes.
pub(crate) async fn settle(
    app: &Arc<App>,
    visit: &Visit,
    returned: Returned,
    confirmation: Confirmation,
) -> Landing {
    let name = visit.provider.as_str();
    if Registry::display_name(name).is_none() {
        return Landing::refused(&Refusal::Service(ServerCode::UnknownProvider), name);
    }
    // Whoever sends a state that cannot be read has not shown to know of any handshake, and so ends none.
    let claims = match state::read(app, name, returned.state.as_deref()) {
        Ok(claims) => claims,
        Err(refusal) => {
            tracing::info!(provider = name, reason = %refusal, "callback refused");
            return Landing::refused(&refusal, name);
        }
    };
    let code_id = claims.code_id;
    let at = claims.team_id.as_ref().zip(claims.host.as_ref());
    let provider = hosts::provider(app, name, at).await;
    let expected = match &provider {
        Ok(provider) => provider.redirect_host(),
        Err(_) => claims.host.as_ref(),
    };
    // RFC 9700 4.4: this is the answer of another issuer than the one that was asked, so it says nothing about the handshake.
    if visit.host.as_ref() != expected {
        tracing::warn!(provider = name, %code_id, "a callback at another issuer's redirect URI was refused");
        return Landing::refused(&Refusal::OtherIssuer, name);
    }
    let provider = match provider {
        Ok(provider) => provider,
        Err(error) => {
            let refusal = Refusal::from(error);
            fail(app, code_id, name, &refusal).await;
            return Landing::refused(&refusal, name);
        }
    };
    match check(app, &provider, visit, &claims, returned, confirmation).await {
        Ok(landing) => landing,
        Err(refusal) => {
            tracing::info!(provider = name, %code_id, step = refusal.step(), reason = %refusal, "handshake refused");
            if refusal.ends_the_handshake() {
                fail(app, code_id, name, &refusal).await;
            }
            Landing::refused(&refusal, name)
        }
    }
}

async fn check(
    app: &Arc<App>,
    provider: &Arc<Provider>,
    visit: &Visit,
    claims: &StateClaims,
    returned: Returned,
    confirmation: Confirmation,
) -> Result<Landing, Refusal> {
    if !cookie::is_browser(app, &visit.headers, &claims.bh) {
        return Err(Refusal::OtherBrowser);
    }
    if returned
        .iss
        .as_deref()
        .is_some_and(|iss| !provider.is_issuer(iss))
    {
        return Err(Refusal::OtherIssuer);
    }
    if confirmation == Confirmation::Unasked
        && matches!(returned.said, Said::Code(_) | Said::Token(_))
        && let Some(state) = app.store.state(&claims.jti).await?
        && state.handshake.end.is_none()
        && confirm::is_needed(app.config.confirm_sign_in, &state.handshake, visit.address)
    {
        return Ok(confirm::landing(app, provider, claims.code_id, returned));
    }
    let state = match app.store.consume_state(&claims.jti).await? {
        Consumed::Once(state) => state,
        Consumed::Used(_) => return Err(Refusal::StateUsed),
        Consumed::Expired => return Err(Refusal::StateExpired),
        Consumed::Unknown => return Err(Refusal::StateInvalid),
    };
    match state.handshake.end {
        Some(End::Done) => return Ok(done::again(app, provider.name(), &state.handshake)),
        Some(End::Failed(_)) => return Err(Refusal::StateUsed),
        // The first account that came back is the one that the IDE asks about.
        None if state.handshake.came_back.is_some() => {
            return Ok(done::again(app, provider.name(), &state.handshake));
        }
        None => {}
    }
    if confirmation == Confirmation::Refused {
        return Err(Refusal::NotConfirmed);
    }
    let tokens = match returned.said {
        Said::Code(code) => {
            mix_up::admit(app, provider, &code).await?;
            exchange(app, provider, &state, &code).await?
        }
        Said::Token(access) => Tokens::alone(access),
        Said::Declined => return Err(Refusal::Declined),
        Said::NeedsApproval => {
            let at = provider.approval_url();
            return Err(Refusal::NeedsApproval { at });
        }
        Said::Refused(error) => return Err(Refusal::Authorize(error)),
        Said::Nothing => return Err(Refusal::Empty),
    };
    let finished = match &state.handshake.kind {
        HandshakeKind::Connect { user_id, team_id } => {
            connection::finish(app, provider, &state.handshake, user_id, team_id, &tokens).await
        }
        HandshakeKind::Link { user_id, .. } => {
            link::finish(app, provider, &state.handshake, user_id, &tokens).await
        }
        HandshakeKind::SignUp { .. } => {
            sign_in::finish(app, provider, &state.handshake, claims.nosu, &tokens).await
        }
    };
    if finished.is_err() {
        // Nothing was stored, so nothing may stay behind at the third party either.
        revoke_later(app, provider, tokens);
    }
    finished
}

async fn exchange(
    app: &App,
    provider: &Provider,
    state: &State,
    code: &AuthorizationCode,
) -> Result<Tokens, Refusal> {
    let grant = Grant::Code {
        purpose: state.handshake.kind.purpose(),
        code,
        redirect_uri: provider.redirect_uri(),
        verifier: state.minted.verifier.as_ref(),
    };
    Ok(provider.tokens(&app.http, grant).await?)
}

/// A service that does not accept the token that it has just given refused the authorization.
pub(crate) fn person_refusal(error: CallError) -> Refusal {
    match error {
        CallError::Refused(401) => Refusal::TokenRefused,
        error => Refusal::PersonFailed(error),
    }
}

/// Ends a handshake as failed, which tells its agent. A store that cannot take it now is asked again, so that nobody waits
/// for a handshake that is over.
pub(crate) async fn fail(app: &Arc<App>, code_id: CodeId, provider: &str, refusal: &Refusal) {
    let service = Registry::display_name(provider);
    let with = refusal.with().and_then(Registry::display_name);
    let failure = Failure {
        provider: service.map(|_| provider.to_owned()),
        step: refusal.step().to_owned(),
        code: refusal.code(),
        message: refusal.message(service.unwrap_or("The service"), with),
        link: refusal.link().map(Url::to_string),
    };
    if let Err(error) = app.store.fail_handshake(code_id, failure.clone()).await {
        tracing::error!(%code_id, %error, "a failed handshake could not be ended; trying again");
        app.lifecycle.spawn(fail_later(app.clone(), code_id, failure));
    }
}

/// Until the store takes it, at the latest until the handshake's own time is over.
async fn fail_later(app: Arc<App>, code_id: CodeId, failure: Failure) {
    let give_up = app.clock.now() + LONGEST;
    while app.clock.now() < give_up {
        tokio::select! {
            () = app.clock.sleep_until(app.clock.now() + AGAIN) => {}
            () = app.lifecycle.stopping() => return,
        }
        match app.store.fail_handshake(code_id, failure.clone()).await {
            Ok(_) => return,
            Err(error) => tracing::warn!(%code_id, %error, "a failed handshake is still not ended"),
        }
    }
}

/// Ends the access of a token that is not kept at the third party, without anybody waiting for it.
pub(crate) fn revoke_later(app: &Arc<App>, provider: &Arc<Provider>, tokens: Tokens) {
    if provider.revokes_the_app() {
        return;
    }
    let (app, provider) = (app.clone(), provider.clone());
    app.clone().lifecycle.spawn(async move {
        let revoked = provider.revoke(&app.http, Held::of(&tokens)).await;
        tracing::info!(
            provider = provider.name(),
            ?revoked,
            "revoked a token that is not kept"
        );
    });
}
