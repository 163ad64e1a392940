//! What a third party may do in its own way. Defaults follow the RFCs; a service overrides what is special about it.

use async_trait::async_trait;
use base64::Engine as _;
use codestream_protocol::http::Revoked;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{AccessToken, AuthorizationCode, ClientSecret, CodeVerifier, RefreshToken};
use serde_json::Value;
use url::Url;

use super::call::{self, CallError};
use super::description::{Answer, Bases, Description};
use super::person::{Email, Person};
use super::token::{self, TokenError, Tokens};

/// Our registration at a third party.
#[derive(Debug, Clone)]
pub(crate) struct OAuthApp {
    pub(crate) client_id: String,
    /// Absent where the service has none, e.g. Trello's API key.
    pub(crate) client_secret: Option<ClientSecret>,
}

/// What the authorization request asks (RFC 6749 §4.1.1).
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) redirect_uri: &'a Url,
    pub(crate) state: &'a str,
    /// Set where the service supports PKCE.
    pub(crate) challenge: Option<&'a CodeChallenge>,
}

/// What goes with every call to a third party.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) http: &'a reqwest::Client,
    pub(crate) app: &'a OAuthApp,
    pub(crate) bases: &'a Bases,
}

impl Caller<'_> {
    /// The URL of an API path below the service's API base.
    pub(crate) fn api(&self, path: &str) -> Url {
        below(&self.bases.api, path)
    }

    /// `Authorization: Basic` of the app itself (RFC 6749 §2.3.1).
    pub(crate) fn basic(&self) -> String {
        let secret = self.app.client_secret.as_ref().map_or("", ClientSecret::expose);
        let pair = format!("{}:{secret}", self.app.client_id);
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

/// `path` below a base that ends in `/`.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}

/// What is traded for a token.
pub(crate) enum Grant<'a> {
    /// RFC 6749 §4.1.3, with the PKCE verifier where a challenge was sent.
    Code {
        code: &'a AuthorizationCode,
        redirect_uri: &'a Url,
        verifier: Option<&'a CodeVerifier>,
    },
    /// RFC 6749 §6.
    Refresh(&'a RefreshToken),
}

/// A third party.
#[async_trait]
pub(crate) trait Service: std::fmt::Debug + Send + Sync {
    /// What it is.
    fn description(&self) -> &'static Description;

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
            .post(below(&caller.bases.web, token))
            .header("Accept", "application/json")
            .form(&token_form(caller.app, &grant));
        token::read(&call::send(request).await?)
    }

    /// Who a token belongs to.
    async fn person(&self, caller: Caller<'_>, token: &AccessToken) -> Result<Person, CallError>;

    /// The account's e-mail address; asked only where [`Description::can_sign_up`].
    async fn email(&self, _: Caller<'_>, _: &AccessToken) -> Result<Email, CallError> {
        Ok(Email::Missing)
    }

    /// Ends a token's access at the third party.
    async fn revoke(&self, _: Caller<'_>, _: &AccessToken) -> Revoked {
        Revoked::Unsupported
    }

    /// What direct calls need beside the token.
    fn data(&self, _: &OAuthApp) -> Value {
        Value::Null
    }
}

/// The scopes, joined as the service wants them.
pub(crate) fn scope(of: &Description) -> String {
    let names: Vec<&str> = of.scopes.iter().map(|(scope, _)| *scope).collect();
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

fn token_form<'a>(app: &'a OAuthApp, grant: &Grant<'a>) -> Vec<(&'static str, &'a str)> {
    let mut form = vec![("client_id", app.client_id.as_str())];
    if let Some(secret) = &app.client_secret {
        form.push(("client_secret", secret.expose()));
    }
    match grant {
        Grant::Code {
            code,
            redirect_uri,
            verifier,
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
