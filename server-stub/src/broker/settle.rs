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

use super::hosts::NoProvider;
use super::landing::Landing;
use super::refusal::{Browser, Refusal};
use super::{confirm, connection, cookie, done, hosts, link, mix_up, sign_in, state};
use crate::api::{ClientAddress, Peer};
use crate::app::App;
use crate::providers::{CallError, Grant, Held, OAuthErrorCode, Provider, Registry, Tokens};
use crate::store::{Consumed, End, Failure, HandshakeKind, State};

/// How long a store has to recover before it is asked once more to end a handshake.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a repeated callback waits for the answer to the first: a third party has 10 s for each of its two.
const FIRST: Duration = Duration::from_secs(25);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);
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
    // Before anything else: another browser learns nothing about the handshake, and changes nothing (RFC 9700 4.7, CWE-384).
    let code_id = claims.code_id;
    if !cookie::is_browser(app, &visit.headers, &claims.bh) {
        return refuse(app, name, code_id, &Refusal::OtherBrowser, Browser::Unproven).await;
    }
    let at = claims.team_id.as_ref().zip(claims.host.as_ref());
    let provider = hosts::provider(app, name, at).await;
    let expected = match &provider {
        Ok(provider) => provider.redirect_host(),
        Err(_) => claims.host.as_ref(),
    };
    // RFC 9700 4.4: this is the answer of another issuer than the one that was asked, so it says nothing about the handshake.
    if visit.host.as_ref() != expected {
        tracing::warn!(provider = name, %code_id, "a callback at another issuer's redirect URI was refused");
        return refuse(app, name, code_id, &Refusal::OtherIssuer, Browser::Unproven).await;
    }
    let refused = async |refusal| refuse(app, name, claims.code_id, &refusal, Browser::Owner).await;
    let (provider, state) = match admit(app, visit, &claims, &returned, confirmation, provider).await {
        Ok(Admitted::Consumed(provider, state)) => (provider, state),
        Ok(Admitted::Question(provider)) => {
            return confirm::landing(app, &provider, claims.code_id, returned);
        }
        Ok(Admitted::Repeated(landing)) => return landing,
        Err(refusal) => return refused(refusal).await,
    };
    let landing = match finish(app, &provider, &claims, &state, returned.said, confirmation).await {
        Ok(landing) => landing,
        Err(refusal) => refused(refusal).await,
    };
    if let Err(error) = app.store.keep_landing(&claims.jti, &landing.to_text()).await {
        tracing::error!(%error, "the answer to a callback was not kept for its repetition");
    }
    landing
}

/// Ends the handshake where the refusal may, and sends the browser to the page that says so.
async fn refuse(app: &Arc<App>, name: &str, code_id: CodeId, refusal: &Refusal, browser: Browser) -> Landing {
    tracing::info!(provider = name, %code_id, step = refusal.step(), reason = %refusal, "callback refused");
    if refusal.ends_the_handshake(browser) {
        fail(app, code_id, name, refusal).await;
    }
    Landing::refused(refusal, name)
}

/// What a callback of the owning browser leads to.
enum Admitted {
    /// This request has consumed the state, and goes on.
    Consumed(Arc<Provider>, Box<State>),
    /// The person has to compare the match code first.
    Question(Arc<Provider>),
    /// It was answered before: the same again.
    Repeated(Landing),
}

async fn admit(
    app: &Arc<App>,
    visit: &Visit,
    claims: &StateClaims,
    returned: &Returned,
    confirmation: Confirmation,
    provider: Result<Arc<Provider>, NoProvider>,
) -> Result<Admitted, Refusal> {
    let provider = provider?;
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
        return Ok(Admitted::Question(provider));
    }
    match app.store.consume_state(&claims.jti).await? {
        Consumed::Once(state) => Ok(Admitted::Consumed(provider, state)),
        Consumed::Used(_) => repeated(app, &visit.provider, &claims.jti)
            .await
            .map(Admitted::Repeated),
        Consumed::Expired => Err(Refusal::StateExpired),
        Consumed::Unknown => Err(Refusal::StateInvalid),
    }
}

/// The answer that the request which consumed the state was given, once there is one: a reload, a double click and a lost
/// answer lead to the same page.
async fn repeated(app: &App, provider: &str, jti: &str) -> Result<Landing, Refusal> {
    let give_up = app.clock.now() + FIRST;
    loop {
        let Some(state) = app.store.state(jti).await? else {
            return Err(Refusal::StateInvalid);
        };
        if let Some(landing) = state.landing.as_deref().and_then(Landing::from_text) {
            return Ok(landing);
        }
        let now = app.clock.now();
        if now >= give_up || app.lifecycle.is_draining() {
            return match state.handshake.end {
                Some(End::Done) => Ok(done::again(app, provider, &state.handshake)),
                Some(End::Failed(failure)) => Err(Refusal::of_ended(&failure)),
                None => Err(Refusal::StateUsed),
            };
        }
        app.clock.sleep_until(now + LOOK).await;
    }
}

/// As [`repeated`], for a page that only shows: what is there by now.
pub(crate) async fn answered(app: &App, visit: &Visit, state: &str) -> Option<Landing> {
    let claims = state::read(app, &visit.provider, Some(state)).ok()?;
    if !cookie::is_browser(app, &visit.headers, &claims.bh) {
        return None;
    }
    let state = app.store.state(&claims.jti).await.ok()??;
    Landing::from_text(state.landing.as_deref()?)
}

async fn finish(
    app: &Arc<App>,
    provider: &Arc<Provider>,
    claims: &StateClaims,
    state: &State,
    said: Said,
    confirmation: Confirmation,
) -> Result<Landing, Refusal> {
    match &state.handshake.end {
        Some(End::Done) => return Ok(done::again(app, provider.name(), &state.handshake)),
        Some(End::Failed(failure)) => return Err(Refusal::of_ended(failure)),
        // The first account that came back is the one that the IDE asks about.
        None if state.handshake.came_back.is_some() => {
            return Ok(done::again(app, provider.name(), &state.handshake));
        }
        None => {}
    }
    if confirmation == Confirmation::Refused {
        return Err(Refusal::NotConfirmed);
    }
    let tokens = match said {
        Said::Code(code) => {
            mix_up::admit(app, provider, &code).await?;
            exchange(app, provider, state, &code).await?
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
