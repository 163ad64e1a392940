//! What a third party may do in its own way. Defaults follow the RFCs; a service overrides what is special about it.

use async_trait::async_trait;
use base64::Engine as _;
use codestream_protocol::http::Revoked;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{
    AccessToken, AuthorizationCode, ClientSecret, CodeVerifier, RefreshToken, SigningSecret,
};
use codestream_protocol::{UnixMillis, UserId};
use serde_json::Value;
use url::Url;

use super::call::{self, CallError};
use super::description::{Answer, Bases, Description, Endpoint, below};
use super::inbound::{Desk, Heard, Letter, Told, Unheard, WorkError};
use super::person::{Email, Person};
use super::token::{self, OAuthErrorCode, TokenError, Tokens};
use crate::config::ProviderApp;

/// Our registration at a third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OAuthApp {
    pub(crate) client_id: String,
    /// Absent where the service has none, e.g. Trello's API key.
    pub(crate) client_secret: Option<ClientSecret>,
    /// What the service signs its calls to us with, where it does so with a secret.
    pub(crate) signing_secret: Option<SigningSecret>,
}

impl OAuthApp {
    /// As the configuration names it; without an id nothing is registered.
    pub(crate) fn configured(app: ProviderApp) -> Self {
        Self {
            client_id: app.client_id.unwrap_or_default(),
            client_secret: app.client_secret,
            signing_secret: app.signing_secret,
        }
    }

    /// Whether there is one.
    pub(crate) fn is_registered(&self) -> bool {
        !self.client_id.is_empty()
    }
}

/// What an authorization is for. Some services have an endpoint and scopes of their own for signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The user's account, for calls.
    Connect,
    /// Who the user is.
    SignIn,
}

/// What the authorization request asks (RFC 6749 §4.1.1).
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) redirect_uri: &'a Url,
    pub(crate) state: &'a str,
    /// Names the state; in the path of a callback where the service sends no `state` back.
    pub(crate) jti: &'a str,
    /// Set where the service supports PKCE.
    pub(crate) challenge: Option<&'a CodeChallenge>,
}

/// What goes with every call to a third party.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) http: &'a reqwest::Client,
    pub(crate) app: &'a OAuthApp,
    pub(crate) bases: &'a Bases,
    /// Where browsers come back to: the same at every call that names it.
    pub(crate) redirect_uri: &'a Url,
}

impl Caller<'_> {
    /// The URL of an API path below the service's API base.
    pub(crate) fn api(&self, path: &str) -> Url {
        below(&self.bases.api, path)
    }

    /// The API base of an account: its own region's, as kept beside the token, else the usual one. Only a base that is one of
    /// the service's own is taken from what a client could have set.
    pub(crate) fn home(&self, held: Held<'_>) -> &Url {
        let named = held.data["apiBase"].as_str();
        let mut regions = self.bases.regions.iter().map(|(_, base)| base);
        regions
            .find(|base| named == Some(base.as_str()))
            .unwrap_or(&self.bases.api)
    }

    /// The URL of a path below the base that says who somebody is.
    pub(crate) fn profile(&self, path: &str) -> Url {
        below(&self.bases.profile, path)
    }

    /// The app's secret; empty where it has none.
    pub(crate) fn secret(&self) -> &str {
        self.app.client_secret.as_ref().map_or("", ClientSecret::expose)
    }

    /// `Authorization: Basic` of the app itself (RFC 6749 §2.3.1).
    pub(crate) fn basic(&self) -> String {
        let pair = format!("{}:{}", self.app.client_id, self.secret());
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

/// What is traded for a token.
pub(crate) enum Grant<'a> {
    /// RFC 6749 §4.1.3, with the PKCE verifier where a challenge was sent.
    Code {
        purpose: Purpose,
        code: &'a AuthorizationCode,
        redirect_uri: &'a Url,
        verifier: Option<&'a CodeVerifier>,
    },
    /// RFC 6749 §6.
    Refresh(&'a RefreshToken),
}

/// What is known of an account when the service is asked about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held<'a> {
    pub(crate) access: &'a AccessToken,
    pub(crate) refresh: Option<&'a RefreshToken>,
    /// The claims of the id token that came with the access token (`OpenID` Connect Core §2). It came from the token endpoint
    /// over TLS, which stands in for checking its signature (§3.1.3.7).
    pub(crate) claims: Option<&'a Value>,
    /// What is kept beside the token.
    pub(crate) data: &'a Value,
}

impl<'a> Held<'a> {
    /// Just a token.
    pub(crate) fn token(access: &'a AccessToken) -> Self {
        Self {
            access,
            refresh: None,
            claims: None,
            data: &Value::Null,
        }
    }

    /// What an exchange gave.
    pub(crate) fn of(tokens: &'a Tokens) -> Self {
        Self {
            access: &tokens.access,
            refresh: tokens.refresh.as_ref(),
            claims: tokens.claims.as_ref(),
            data: &tokens.data,
        }
    }
}

/// A third party.
#[async_trait]
pub(crate) trait Service: std::fmt::Debug + Send + Sync {
    /// What it is.
    fn description(&self) -> &'static Description;

    /// The authorization endpoint.
    fn authorize_at(&self, _: Purpose) -> Endpoint {
        Endpoint::Web(self.description().authorize)
    }

    /// The query of the authorization request.
    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("response_type", "code".to_owned()),
            ("client_id", app.client_id.clone()),
            ("redirect_uri", ask.redirect_uri.to_string()),
            ("state", ask.state.to_owned()),
            ("scope", scope(self.description())),
        ];
        query.extend(pkce(ask));
        query
    }

    /// Trades a grant at the token endpoint.
    async fn tokens(&self, caller: Caller<'_>, grant: Grant<'_>) -> Result<Tokens, TokenError> {
        let Answer::Code { token, .. } = self.description().answer else {
            return Err(CallError::Decoding("it has no token endpoint").into());
        };
        let request = caller
            .http
            .post(caller.bases.at(token))
            .header("Accept", "application/json")
            .form(&token_form(caller.app, &grant));
        token::read(&call::send(request).await?)
    }

    /// Who a token belongs to.
    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError>;

    /// The account's e-mail address; asked only where [`Description::can_sign_up`].
    async fn email(&self, _: Caller<'_>, _: Held<'_>) -> Result<Email, CallError> {
        Ok(Email::Missing)
    }

    /// Ends a token's access at the third party.
    async fn revoke(&self, _: Caller<'_>, _: Held<'_>) -> Revoked {
        Revoked::Unsupported
    }

    /// Whether [`revoke`](Self::revoke) ends everything that the person has granted to the app, rather than one token. Then
    /// only a disconnect revokes: the end of a token that is merely not kept would be the end of one that is.
    fn revokes_the_app(&self) -> bool {
        false
    }

    /// Whether signing in gives an account to call with, too.
    fn sign_in_connects(&self) -> bool {
        true
    }

    /// Whether an error at the authorization endpoint means that an administrator of the user's organisation must approve the
    /// app first.
    fn needs_approval(&self, _error: &OAuthErrorCode, _description: &str) -> bool {
        false
    }

    /// Where an administrator approves the app for everybody in the organisation, if that can be done on a page.
    fn approval_url(&self, _: &OAuthApp, _: &Bases) -> Option<Url> {
        None
    }

    /// What direct calls need beside the token.
    fn data(&self, _: &OAuthApp) -> Value {
        Value::Null
    }

    /// What it calls us for; each has an address of its own.
    fn actions(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether they are signed with a secret of their own, beside the app's.
    fn signs_calls(&self) -> bool {
        false
    }

    /// Proves and reads a call to one of [`actions`](Self::actions).
    async fn hear(&self, _: Caller<'_>, _: &Letter<'_>) -> Result<Heard, Unheard> {
        Err(Unheard::NotConfigured)
    }

    /// Does what a letter that arrived at `at` asks for, and gives what it tells. May be called again when it failed, or
    /// when the server was ended meanwhile.
    async fn work(
        &self,
        _: Caller<'_>,
        _: &dyn Desk,
        _letter: &Value,
        _at: UnixMillis,
    ) -> Result<Vec<Told>, WorkError> {
        Err(WorkError::Shape)
    }

    /// Lets whoever caused a letter know what came of its work: whether anybody here was told. Comes once and after the
    /// work, and is not tried again.
    async fn follow_up(&self, _: Caller<'_>, _letter: &Value, _told: bool) -> Result<(), CallError> {
        Ok(())
    }

    /// Says something for `user` in a channel that is connected for one of the user's teams and that the user may read;
    /// `false`: there is none.
    async fn say(
        &self,
        _: Caller<'_>,
        _: &dyn Desk,
        _user: &UserId,
        _channel: &str,
        _text: &str,
    ) -> Result<bool, WorkError> {
        Ok(false)
    }
}

/// The scopes, joined as the service wants them.
pub(crate) fn scope(of: &Description) -> String {
    let names: Vec<&str> = of.scopes.iter().map(|(scope, _)| *scope).collect();
    names.join(of.scope_separator)
}

/// The scopes of the app itself, joined as the service wants them.
pub(crate) fn app_scope(of: &Description) -> String {
    let names: Vec<&str> = of.app_scopes.iter().map(|(scope, _)| *scope).collect();
    names.join(of.scope_separator)
}

/// The PKCE pair of an authorization request (RFC 7636 §4.3).
pub(crate) fn pkce(ask: &Ask<'_>) -> impl Iterator<Item = (&'static str, String)> {
    ask.challenge.into_iter().flat_map(|challenge| {
        [
            ("code_challenge", challenge.as_str().to_owned()),
            ("code_challenge_method", "S256".to_owned()),
        ]
    })
}

/// A grant with the app's credentials in the body (RFC 6749 §2.3.1).
pub(crate) fn token_form<'a>(app: &'a OAuthApp, grant: &Grant<'a>) -> Vec<(&'static str, &'a str)> {
    let mut form = vec![("client_id", app.client_id.as_str())];
    if let Some(secret) = &app.client_secret {
        form.push(("client_secret", secret.expose()));
    }
    form.extend(grant_form(grant));
    form
}

/// A grant without credentials.
pub(crate) fn grant_form<'a>(grant: &Grant<'a>) -> Vec<(&'static str, &'a str)> {
    let mut form = Vec::new();
    match grant {
        Grant::Code {
            code,
            redirect_uri,
            verifier,
            ..
        } => {
            form.push(("grant_type", "authorization_code"));
            form.push(("code", code.expose()));
            form.push(("redirect_uri", redirect_uri.as_str()));
            form.extend(verifier.map(|verifier| ("code_verifier", verifier.expose())));
        }
        Grant::Refresh(token) => {
            form.push(("grant_type", "refresh_token"));
            form.push(("refresh_token", token.expose()));
        }
    }
    form
}
