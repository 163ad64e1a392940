//! The state of one browser visit: minted when the browser is sent away, read when it comes back.

use codestream_protocol::ProviderId;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{BrowserId, CodeVerifier, SignupToken};
use codestream_protocol::state::{ISSUER, OAuthState, STATE_TYPE, StateClaims};

use super::cookie;
use super::refusal::Refusal;
use crate::app::App;
use crate::keys::TokenError;
use crate::providers::Provider;
use crate::store::{Handshake, NewState, StoreError};

/// What a sign-up adds to its states.
#[derive(Debug, Clone)]
pub(crate) struct SignUpClaims {
    pub(crate) token: SignupToken,
    /// An unknown identity is refused.
    pub(crate) sign_in_only: bool,
}

/// A new state.
pub(crate) struct Minted {
    /// The `state` parameter.
    pub(crate) state: String,
    /// Names it in the store.
    pub(crate) jti: String,
    /// For a service with PKCE.
    pub(crate) challenge: Option<CodeChallenge>,
}

/// Mints a state for one visit of one browser. It ends with its handshake.
pub(crate) async fn mint(
    app: &App,
    provider: &Provider,
    handshake: &Handshake,
    browser: &BrowserId,
    sign_up: Option<SignUpClaims>,
) -> Result<Minted, StoreError> {
    let jti = app.random.token::<16>();
    let browser_hash = cookie::hash(browser);
    let verifier = provider
        .uses_pkce()
        .then(|| CodeVerifier::from_entropy(app.random.bytes()));
    let challenge = verifier.as_ref().map(CodeVerifier::challenge);
    app.store
        .mint_state(NewState {
            jti: jti.clone(),
            code_id: handshake.code_id,
            provider: provider.name().to_owned(),
            verifier,
            browser_hash: browser_hash.clone(),
            expires_at: handshake.expires_at,
        })
        .await?;
    let (user_id, team_id) = handshake.kind.owner().unzip();
    let claims = StateClaims {
        iss: ISSUER.to_owned(),
        kind: STATE_TYPE.to_owned(),
        exp: handshake.expires_at.as_secs(),
        iat: app.clock.now().as_secs(),
        jti,
        code_id: handshake.code_id,
        provider: provider.name().to_owned(),
        bh: browser_hash,
        user_id: user_id.cloned(),
        team_id: team_id.cloned(),
        host: provider.own_host().cloned(),
        nosu: sign_up.as_ref().is_some_and(|sign_up| sign_up.sign_in_only),
        st: sign_up.map(|sign_up| sign_up.token),
    };
    Ok(Minted {
        state: written(
            app,
            &claims,
            provider.own_host().map(|_| provider.host().to_owned()),
        ),
        jti: claims.jti,
        challenge,
    })
}

fn written(app: &App, claims: &StateClaims, host: Option<String>) -> String {
    let state = OAuthState {
        environment: app.config.environment.clone(),
        jwt: app.keys.signer.sign(claims),
        host,
    };
    state.to_string()
}

/// The state that a callback's path names, for a service that sends none back. Whoever guesses a name still needs the browser
/// that it was made for.
pub(crate) async fn named(app: &App, jti: &str) -> Result<Option<String>, StoreError> {
    let Some(state) = app.store.state(jti).await? else {
        return Ok(None);
    };
    let minted = state.minted;
    let claims = StateClaims {
        iss: ISSUER.to_owned(),
        kind: STATE_TYPE.to_owned(),
        exp: minted.expires_at.as_secs(),
        iat: app.clock.now().as_secs(),
        jti: minted.jti,
        code_id: minted.code_id,
        provider: minted.provider,
        bh: minted.browser_hash,
        user_id: None,
        team_id: None,
        host: None,
        nosu: false,
        st: None,
    };
    Ok(Some(written(app, &claims, None)))
}

/// The claims of a state that this environment minted for this service, and whose time is not over.
pub(crate) fn read(app: &App, provider: &str, state: Option<&str>) -> Result<StateClaims, Refusal> {
    let state: OAuthState = state
        .and_then(|text| text.parse().ok())
        .ok_or(Refusal::StateInvalid)?;
    if state.environment != app.config.environment {
        return Err(Refusal::StateInvalid);
    }
    let claims: StateClaims = app
        .keys
        .signer
        .verify(&state.jwt, STATE_TYPE, app.clock.now())
        .map_err(|error| match error {
            TokenError::Invalid => Refusal::StateInvalid,
            TokenError::Expired => Refusal::StateExpired,
        })?;
    // The third part is for whoever reads states without a key; the claims decide.
    let host = state.host.as_deref().map(ProviderId::of_host);
    if claims.provider != provider || claims.host != host {
        return Err(Refusal::StateInvalid);
    }
    Ok(claims)
}
