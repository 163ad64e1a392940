//! A third party that is set up: what it is, our app there, and its addresses.

use axum::http::HeaderMap;
use codestream_protocol::http::{ProviderRow, Revoked, Scope, path};
use codestream_protocol::id::ProviderId;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{ClientSecret, SigningSecret};
use codestream_protocol::{UnixMillis, UserId};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::bounds;
use super::call::CallError;
use super::description::{Answer, Bases, Description, Issuer, Offer, OwnToken, SelfHosted, below};
use super::inbound::{Desk, Heard, Letter, Told, Unheard, WorkError};
use super::person::{Email, Person};
use super::service::{Ask, Caller, Grant, Held, OAuthApp, Purpose, Service};
use super::signing_keys::SigningKeys;
use super::token::{TokenError, Tokens};
use crate::app::Origins;
use crate::clock::Clock;
use crate::config::{Config, Key, ProviderApp};
use crate::outbound::Outbound;

/// A third party that is set up. Without an app its users bring tokens of their own.
#[derive(Debug)]
pub(crate) struct Provider {
    service: &'static dyn Service,
    app: OAuthApp,
    bases: Bases,
    redirect_uri: Url,
    keys: SigningKeys,
    /// Where it is when a team hosts it itself.
    own_host: Option<OwnHost>,
}

/// A service that a team hosts itself.
#[derive(Debug)]
struct OwnHost {
    id: ProviderId,
    /// Without scheme: `host[:port][/context path]`.
    host: String,
    manual_url: String,
    /// Its redirect URI; not in use yet by a host that was added before it had one.
    redirect_uri: Url,
    shares_redirect_uri: bool,
}

/// A state, as it is sent and as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MintedState<'a> {
    /// The `state` parameter.
    pub(crate) text: &'a str,
    /// Names it in the store.
    pub(crate) jti: &'a str,
}

/// In the sandbox every service has an app, made here where none is configured. From the key that signs, so that nodes
/// that share a sandbox agree on it.
fn sandbox_app(name: &str, configured: &ProviderApp, key: &Key) -> OAuthApp {
    let client_id = configured.client_id.clone();
    let client_secret = configured.client_secret.clone();
    let signing_secret = configured.signing_secret.clone();
    OAuthApp {
        client_id: client_id.unwrap_or_else(|| {
            let derived = key.derived(&format!("sandbox app {name} id"));
            format!("sandbox-{name}-{}", &derived[..8])
        }),
        client_secret: Some(
            client_secret
                .unwrap_or_else(|| ClientSecret::new(key.derived(&format!("sandbox app {name} secret")))),
        ),
        signing_secret: Some(
            signing_secret
                .unwrap_or_else(|| SigningSecret::new(key.derived(&format!("sandbox app {name} signing")))),
        ),
    }
}

/// Where a browser comes back to.
pub(super) fn callback_path(of: &Description) -> String {
    match of.answer {
        Answer::Code { .. } | Answer::Fragment => format!("{}/{}", path::PROVIDER_TOKEN, of.name),
        Answer::ReturnPath { prefix } => format!("{prefix}/"),
    }
}

impl Provider {
    /// From the configuration; `None`: there is neither an app nor anything that people could do without one.
    pub(super) fn set_up(
        service: &'static dyn Service,
        config: &Config,
        origins: &Origins,
        redirect_uri: Url,
    ) -> Option<Self> {
        let of = service.description();
        let configured = config.providers.get(of.name).cloned().unwrap_or_default();
        let (app, bases) = if let Some(sandbox) = &origins.sandbox {
            let app = sandbox_app(of.name, &configured, config.signing_keys.current());
            (app, Bases::sandbox(of, sandbox))
        } else {
            (OAuthApp::configured(configured), Bases::own(of))
        };
        let is_of_use = app.is_registered() || of.own_token == OwnToken::Any;
        is_of_use.then(|| Self {
            service,
            app,
            bases,
            redirect_uri,
            own_host: None,
            keys: SigningKeys::default(),
        })
    }

    /// At `base`, where a team hosts it itself.
    pub(super) fn at_host(
        service: &'static dyn Service,
        self_hosted: SelfHosted,
        base: &Url,
        app: Option<OAuthApp>,
        of_cloud: Url,
        own_redirect_uri: bool,
    ) -> Self {
        let of = service.description();
        let host = codestream_protocol::host::host(base);
        let id = ProviderId::of_host(&host);
        // Every character of an id stands for itself in a path (RFC 3986 3.3), and its slashes outlive proxies that decode.
        let mut redirect_uri = of_cloud.clone();
        redirect_uri.set_path(&format!("{}/{id}", of_cloud.path()));
        Self {
            service,
            redirect_uri: if own_redirect_uri {
                redirect_uri.clone()
            } else {
                of_cloud
            },
            own_host: Some(OwnHost {
                id,
                host,
                redirect_uri,
                shares_redirect_uri: !own_redirect_uri,
                manual_url: match of.manual_url.strip_prefix(of.web) {
                    Some(path) => below(base, path).to_string(),
                    None => of.manual_url.to_owned(),
                },
            }),
            app: app.unwrap_or_else(|| OAuthApp::configured(ProviderApp::default())),
            bases: Bases::at_host(self_hosted, base),
            keys: SigningKeys::default(),
        }
    }

    fn of(&self) -> &'static Description {
        self.service.description()
    }

    fn caller<'a>(&'a self, http: &'a Outbound) -> Caller<'a> {
        Caller {
            http: match self.own_host {
                Some(_) => http.named(),
                None => http.own(&self.bases.web),
            },
            app: &self.app,
            bases: &self.bases,
            redirect_uri: &self.redirect_uri,
        }
    }

    /// The lower-case name.
    pub(crate) fn name(&self) -> &'static str {
        self.of().name
    }

    /// The name for a person.
    pub(crate) fn display_name(&self) -> &'static str {
        self.of().display_name
    }

    /// The host that a person knows; of a self-hosted one with its context path.
    pub(crate) fn host(&self) -> &str {
        self.own_host.as_ref().map_or(self.of().host, |own| &own.host)
    }

    /// The starred host.
    pub(crate) fn id(&self) -> ProviderId {
        ProviderId::of_host(self.host())
    }

    /// The starred host, when a team hosts it itself.
    pub(crate) fn own_host(&self) -> Option<&ProviderId> {
        self.own_host.as_ref().map(|own| &own.id)
    }

    /// The host in the path of its redirect URI, when it has one of its own (RFC 9700 4.4.2).
    pub(crate) fn redirect_host(&self) -> Option<&ProviderId> {
        let own = self.own_host.as_ref().filter(|own| !own.shares_redirect_uri);
        own.map(|own| &own.id)
    }

    /// Whether this is a host that was added before each issuer had a redirect URI of its own.
    pub(crate) fn shares_redirect_uri(&self) -> bool {
        self.own_host.as_ref().is_some_and(|own| own.shares_redirect_uri)
    }

    /// Whether teams host the service themselves, too.
    pub(crate) fn is_self_hosted_too(&self) -> bool {
        self.of().self_hosted.is_some()
    }

    /// Whether there is an app to authorize, so that it can be connected in the browser.
    pub(crate) fn has_app(&self) -> bool {
        self.app.is_registered()
    }

    /// Whether one can sign in with it. Whoever runs a host decides which addresses it calls proven.
    pub(crate) fn can_sign_up(&self) -> bool {
        self.of().can_sign_up && self.has_app() && self.own_host.is_none()
    }

    /// Where a user ends the access by hand.
    pub(crate) fn manual_url(&self) -> &str {
        self.own_host
            .as_ref()
            .map_or(self.of().manual_url, |own| &own.manual_url)
    }

    /// Whether authorization requests carry a PKCE challenge.
    pub(crate) fn uses_pkce(&self) -> bool {
        matches!(self.of().answer, Answer::Code { pkce: true, .. })
    }

    /// Whether an `iss` of a callback is this service's (RFC 9207 2.4). Where none is documented it can only be the address
    /// of the service itself; every other one is somebody else's.
    pub(crate) fn is_issuer(&self, iss: &str) -> bool {
        let web = &self.bases.web;
        match self.of().answer {
            Answer::Code {
                issuer: Issuer::Path(path),
                ..
            } => below(web, path).as_str() == iss,
            Answer::Code {
                issuer: Issuer::OfTenants,
                ..
            } => {
                let tenant = iss.strip_prefix(web.as_str());
                let tenant = tenant.and_then(|rest| rest.strip_suffix("/v2.0"));
                tenant.is_some_and(|tenant| Uuid::try_parse(tenant).is_ok())
            }
            Answer::Code {
                issuer: Issuer::Undocumented,
                ..
            }
            | Answer::Fragment
            | Answer::ReturnPath { .. } => iss.trim_end_matches('/') == web.as_str().trim_end_matches('/'),
        }
    }

    /// Our registration at it.
    pub(crate) fn app(&self) -> &OAuthApp {
        &self.app
    }

    /// Where the browser comes back to.
    pub(crate) fn redirect_uri(&self) -> &Url {
        &self.redirect_uri
    }

    /// The authorization request's URL.
    pub(crate) fn authorize_url(
        &self,
        purpose: Purpose,
        state: &MintedState<'_>,
        challenge: Option<&CodeChallenge>,
    ) -> Url {
        let ask = Ask {
            purpose,
            redirect_uri: &self.redirect_uri,
            state: state.text,
            jti: state.jti,
            challenge,
        };
        let mut url = self.bases.at(self.service.authorize_at(purpose));
        url.query_pairs_mut()
            .extend_pairs(self.service.authorize(&self.app, &ask));
        url
    }

    /// Trades a grant for tokens. A refresh token that the answer does not replace stays (RFC 6749 §6).
    pub(crate) async fn tokens(&self, http: &Outbound, grant: Grant<'_>) -> Result<Tokens, TokenError> {
        let kept = match &grant {
            Grant::Refresh(token) => Some((*token).clone()),
            Grant::Code { .. } => None,
        };
        let mut tokens = self.service.tokens(self.caller(http), grant).await?;
        tokens.refresh = tokens.refresh.or(kept);
        Ok(bounds::tokens(tokens)?)
    }

    /// Who a token belongs to.
    pub(crate) async fn person(&self, http: &Outbound, held: Held<'_>) -> Result<Person, CallError> {
        let person = self.service.person(self.caller(http), held).await?;
        bounds::person(person.shown())
    }

    /// What the service says about the account's e-mail address.
    pub(crate) async fn email(&self, http: &Outbound, held: Held<'_>) -> Result<Email, CallError> {
        self.service
            .email(self.caller(http), held)
            .await
            .map(bounds::email)
    }

    /// Ends a token's access.
    pub(crate) async fn revoke(&self, http: &Outbound, held: Held<'_>) -> Revoked {
        self.service.revoke(self.caller(http), held).await
    }

    /// Whether revoking ends more than the one token.
    pub(crate) fn revokes_the_app(&self) -> bool {
        self.service.revokes_the_app()
    }

    /// Whether signing in gives an account to call with, too.
    pub(crate) fn sign_in_connects(&self) -> bool {
        self.service.sign_in_connects()
    }

    /// Where an administrator approves the app for everybody in the organisation, if that can be done on a page.
    pub(crate) fn approval_url(&self) -> Option<Url> {
        self.service.approval_url(&self.app, &self.bases)
    }

    /// What direct calls need beside the token.
    pub(crate) fn data(&self) -> Value {
        self.service.data(&self.app)
    }

    /// Proves and reads a call of the service to us.
    pub(crate) async fn hear(
        &self,
        http: &Outbound,
        action: &str,
        headers: &HeaderMap,
        body: &[u8],
        clock: &Clock,
    ) -> Result<Heard, Unheard> {
        let letter = Letter {
            action,
            headers,
            body,
            now: clock.now(),
            clock,
            keys: &self.keys,
        };
        self.service.hear(self.caller(http), &letter).await
    }

    /// Does what a letter that arrived at `at` asks for, and gives what it tells.
    pub(crate) async fn work(
        &self,
        http: &Outbound,
        desk: &dyn Desk,
        letter: &Value,
        at: UnixMillis,
    ) -> Result<Vec<Told>, WorkError> {
        self.service.work(self.caller(http), desk, letter, at).await
    }

    /// Lets whoever caused a letter know whether anybody here was told.
    pub(crate) async fn follow_up(
        &self,
        http: &Outbound,
        letter: &Value,
        told: bool,
    ) -> Result<(), CallError> {
        self.service.follow_up(self.caller(http), letter, told).await
    }

    /// Says something for `user` in a channel that is connected for one of the user's teams and that the user may read;
    /// `false`: there is none.
    pub(crate) async fn say(
        &self,
        http: &Outbound,
        desk: &dyn Desk,
        user: &UserId,
        channel: &str,
        text: &str,
    ) -> Result<bool, WorkError> {
        self.service
            .say(self.caller(http), desk, user, channel, text)
            .await
    }

    /// What clients see.
    pub(crate) fn row(&self) -> ProviderRow {
        let of = self.of();
        let is_own = self.own_host.is_some();
        let Bases { regions, .. } = &self.bases;
        let api_base = |base| below(base, of.api_path).to_string();
        let api_host = Url::parse(of.api)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        ProviderRow {
            id: self.id(),
            name: of.name.to_owned(),
            display_name: of.display_name.to_owned(),
            host: self.host().to_owned(),
            api_host: api_host.filter(|host| host != of.host && !is_own),
            api_base: api_base(&self.bases.api),
            regions: regions.iter().map(|(_, base)| api_base(base)).collect(),
            is_enterprise: is_own,
            for_enterprise: of.self_hosted.is_some() && !is_own,
            has_issues: of.offers.contains(&Offer::Issues),
            has_code_hosting: of.offers.contains(&Offer::CodeHosting),
            has_sharing: of.offers.contains(&Offer::Sharing),
            can_sign_up: self.can_sign_up(),
            supports_oauth_or_pat: of.own_token != OwnToken::None,
            token_only: !self.has_app(),
            manual_url: Some(self.manual_url().to_owned()),
            scopes: of
                .scopes
                .iter()
                .chain(of.app_scopes)
                .map(|(scope, reason)| Scope {
                    scope: (*scope).to_owned(),
                    reason: (*reason).to_owned(),
                })
                .collect(),
            redirect_uri: self
                .own_host
                .as_ref()
                .filter(|_| self.has_app())
                .map(|own| own.redirect_uri.to_string()),
            re_add: self.has_app() && self.shares_redirect_uri(),
        }
    }
}
