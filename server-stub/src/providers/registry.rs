//! The third parties that this server has an app at, each with its addresses.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::HeaderMap;
use codestream_protocol::http::{ProviderRow, Revoked, Scope, path};
use codestream_protocol::id::ProviderId;
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{ClientSecret, SigningSecret};
use codestream_protocol::{ServerCode, TeamId, UnixMillis};
use serde_json::Value;
use url::Url;

use super::ALL;
use super::call::CallError;
use super::description::{Answer, Bases, Description, Offer, below};
use super::inbound::{Desk, Heard, Letter, Told, Unheard, WorkError};
use super::person::{Email, Person};
use super::self_hosted;
use super::service::{Ask, Caller, Grant, Held, OAuthApp, Purpose, Service};
use super::signing_keys::SigningKeys;
use super::token::{OAuthErrorCode, TokenError, Tokens};
use crate::app::Origins;
use crate::config::{Callback, Config, Key, ProviderApp};

/// A third party that is set up.
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
    /// Whether an app is registered there.
    has_app: bool,
}

/// A state, as it is sent and as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MintedState<'a> {
    /// The `state` parameter.
    pub(crate) text: &'a str,
    /// Names it in the store.
    pub(crate) jti: &'a str,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Registry {
    providers: BTreeMap<&'static str, Arc<Provider>>,
    /// Where each service sends browsers back to, set up or not.
    redirect_uris: BTreeMap<&'static str, Url>,
}

impl Registry {
    /// From the configuration. With a sandbox every third party is set up, at its imitation, with an app made here where
    /// none is configured.
    pub(crate) fn new(config: &Config, origins: &Origins) -> Self {
        let redirect_uris: BTreeMap<_, _> = ALL
            .iter()
            .map(|service| service.description())
            .map(|of| (of.name, redirect_uri(of, config, origins)))
            .collect();
        let providers = ALL.iter().filter_map(|service| {
            let redirect_uri = redirect_uris.get(service.description().name)?.clone();
            let provider = Provider::set_up(*service, config, origins, redirect_uri)?;
            Some((provider.name(), Arc::new(provider)))
        });
        Self {
            providers: providers.collect(),
            redirect_uris,
        }
    }

    /// A service at `base`, where a team hosts it itself: `PRVD-1000` when unknown, `PRVD-1003` when nobody hosts it. Without
    /// an app its users bring tokens of their own.
    pub(crate) fn at_host(
        &self,
        name: &str,
        base: &Url,
        app: Option<OAuthApp>,
    ) -> Result<Arc<Provider>, ServerCode> {
        let service = *ALL
            .iter()
            .find(|service| service.description().name == name)
            .ok_or(ServerCode::UnknownProvider)?;
        let of = service.description();
        let self_hosted = of.self_hosted.ok_or(ServerCode::UnknownProviderHost)?;
        let redirect_uri = self.redirect_uris.get(name).ok_or(ServerCode::UnknownProvider)?;
        let host = self_hosted::host(base);
        Ok(Arc::new(Provider {
            service,
            own_host: Some(OwnHost {
                id: ProviderId::of_host(&host),
                host,
                manual_url: match of.manual_url.strip_prefix(of.web) {
                    Some(path) => below(base, path).to_string(),
                    None => of.manual_url.to_owned(),
                },
                has_app: app.is_some(),
            }),
            app: app.unwrap_or(OAuthApp {
                client_id: String::new(),
                client_secret: None,
                signing_secret: None,
            }),
            bases: Bases::at_host(self_hosted, base),
            keys: SigningKeys::default(),
            redirect_uri: redirect_uri.clone(),
        }))
    }

    /// Whether a host is that of a service itself, so that no team can host it.
    pub(crate) fn is_taken(id: &ProviderId) -> bool {
        ALL.iter()
            .any(|service| ProviderId::of_host(service.description().host) == *id)
    }

    /// How the answers of a service come back, set up or not: `PRVD-1000` when unknown.
    pub(crate) fn answer(name: &str) -> Result<&'static Answer, ServerCode> {
        ALL.iter()
            .map(|service| service.description())
            .find(|of| of.name == name)
            .map(|of| &of.answer)
            .ok_or(ServerCode::UnknownProvider)
    }

    /// Whether an error at a service's authorization endpoint means that an administrator must approve the app first.
    pub(crate) fn needs_approval(name: &str, error: &OAuthErrorCode, description: &str) -> bool {
        ALL.iter()
            .find(|service| service.description().name == name)
            .is_some_and(|service| service.needs_approval(error, description))
    }

    /// The lower-case names of every third party that could be set up.
    pub(crate) fn known() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|service| service.description().name)
    }

    /// Whether a code of this service is exchanged with the app's secret.
    pub(crate) fn needs_secret(name: &str) -> bool {
        ALL.iter()
            .map(|service| service.description())
            .any(|of| of.name == name && matches!(of.answer, Answer::Code { .. }))
    }

    /// Whether this service signs its calls to us with a secret of its own.
    pub(crate) fn signs_calls(name: &str) -> bool {
        let mut named = ALL.iter().filter(|service| service.description().name == name);
        named.any(|service| service.signs_calls())
    }

    /// The prefixes of callbacks whose path names the state, each with its service's lower-case name.
    pub(crate) fn return_paths() -> impl Iterator<Item = (&'static str, &'static str)> {
        ALL.iter()
            .map(|service| service.description())
            .filter_map(|of| match of.answer {
                Answer::ReturnPath { prefix } => Some((prefix, of.name)),
                Answer::Code { .. } | Answer::Fragment => None,
            })
    }

    /// What third parties call us for, each with its service's lower-case name.
    pub(crate) fn actions() -> impl Iterator<Item = (&'static str, &'static str)> {
        ALL.iter().flat_map(|service| {
            let name = service.description().name;
            service.actions().iter().map(move |action| (*action, name))
        })
    }

    /// A service by its lower-case name: `PRVD-1000` when unknown, `PRVD-1009` when not set up.
    pub(crate) fn get(&self, name: &str) -> Result<&Arc<Provider>, ServerCode> {
        if let Some(provider) = self.providers.get(name) {
            return Ok(provider);
        }
        if Self::known().any(|known| known == name) {
            return Err(ServerCode::ProviderNotConfigured);
        }
        Err(ServerCode::UnknownProvider)
    }

    /// A third party's name for a person, set up or not.
    pub(crate) fn display_name(name: &str) -> Option<&'static str> {
        ALL.iter()
            .map(|service| service.description())
            .find(|description| description.name == name)
            .map(|description| description.display_name)
    }

    /// Every third party that is set up.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Provider> {
        self.providers.values().map(AsRef::as_ref)
    }

    /// What clients see.
    pub(crate) fn rows(&self) -> BTreeMap<ProviderId, ProviderRow> {
        self.all()
            .map(Provider::row)
            .map(|row| (row.id.clone(), row))
            .collect()
    }
}

/// Where a service sends browsers back to.
fn redirect_uri(of: &Description, config: &Config, origins: &Origins) -> Url {
    let callback = config
        .providers
        .get(of.name)
        .map_or_else(Callback::default, |configured| configured.callback);
    let mut redirect_uri = match (callback, &of.answer) {
        (Callback::AuthOrigin, Answer::Code { .. } | Answer::Fragment) => {
            origins.auth.as_ref().unwrap_or(&origins.public).clone()
        }
        // Only what carries a state can be sent on to its environment.
        (Callback::AuthOrigin, Answer::ReturnPath { .. }) | (Callback::Public, _) => origins.public.clone(),
    };
    redirect_uri.set_path(&callback_path(of));
    redirect_uri
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
    fn set_up(
        service: &'static dyn Service,
        config: &Config,
        origins: &Origins,
        redirect_uri: Url,
    ) -> Option<Self> {
        let of = service.description();
        let configured = config.providers.get(of.name).cloned().unwrap_or_default();
        let (app, bases) = if let Some(sandbox) = &origins.sandbox {
            (
                sandbox_app(of.name, &configured, config.signing_keys.current()),
                Bases::sandbox(of, sandbox),
            )
        } else {
            let app = OAuthApp {
                client_id: configured.client_id?,
                client_secret: configured.client_secret,
                signing_secret: configured.signing_secret,
            };
            (app, Bases::own(of))
        };
        Some(Self {
            service,
            app,
            bases,
            redirect_uri,
            own_host: None,
            keys: SigningKeys::default(),
        })
    }

    fn of(&self) -> &'static Description {
        self.service.description()
    }

    fn caller<'a>(&'a self, http: &'a reqwest::Client) -> Caller<'a> {
        Caller {
            http,
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

    /// Whether there is an app to authorize, so that it can be connected in the browser.
    pub(crate) fn has_app(&self) -> bool {
        self.own_host.as_ref().is_none_or(|own| own.has_app)
    }

    /// Whether one can sign in with it. Whoever runs a host decides which addresses it calls proven.
    pub(crate) fn can_sign_up(&self) -> bool {
        self.of().can_sign_up && self.own_host.is_none()
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

    /// The issuer that an `iss` of its callbacks must be (RFC 9207 §2.4), where it may send one.
    pub(crate) fn issuer(&self) -> Option<Url> {
        match self.of().answer {
            Answer::Code { issuer, .. } => issuer.map(|path| below(&self.bases.web, path)),
            Answer::Fragment | Answer::ReturnPath { .. } => None,
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
    pub(crate) async fn tokens(
        &self,
        http: &reqwest::Client,
        grant: Grant<'_>,
    ) -> Result<Tokens, TokenError> {
        let kept = match &grant {
            Grant::Refresh(token) => Some((*token).clone()),
            Grant::Code { .. } => None,
        };
        let mut tokens = self.service.tokens(self.caller(http), grant).await?;
        tokens.refresh = tokens.refresh.or(kept);
        Ok(tokens)
    }

    /// Who a token belongs to.
    pub(crate) async fn person(&self, http: &reqwest::Client, held: Held<'_>) -> Result<Person, CallError> {
        self.service.person(self.caller(http), held).await
    }

    /// What the service says about the account's e-mail address.
    pub(crate) async fn email(&self, http: &reqwest::Client, held: Held<'_>) -> Result<Email, CallError> {
        self.service.email(self.caller(http), held).await
    }

    /// Ends a token's access.
    pub(crate) async fn revoke(&self, http: &reqwest::Client, held: Held<'_>) -> Revoked {
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
        http: &reqwest::Client,
        action: &str,
        headers: &HeaderMap,
        body: &[u8],
        now: UnixMillis,
    ) -> Result<Heard, Unheard> {
        let letter = Letter {
            action,
            headers,
            body,
            now,
            keys: &self.keys,
        };
        self.service.hear(self.caller(http), &letter).await
    }

    /// Does what a letter that arrived at `at` asks for, and gives what it tells.
    pub(crate) async fn work(
        &self,
        http: &reqwest::Client,
        desk: &dyn Desk,
        letter: &Value,
        at: UnixMillis,
    ) -> Result<Vec<Told>, WorkError> {
        self.service.work(self.caller(http), desk, letter, at).await
    }

    /// Lets whoever caused a letter know whether anybody here was told.
    pub(crate) async fn follow_up(
        &self,
        http: &reqwest::Client,
        letter: &Value,
        told: bool,
    ) -> Result<(), CallError> {
        self.service.follow_up(self.caller(http), letter, told).await
    }

    /// Says something in a channel that was connected for one of `teams`; `false`: there is none.
    pub(crate) async fn say(
        &self,
        http: &reqwest::Client,
        desk: &dyn Desk,
        teams: &[TeamId],
        channel: &str,
        text: &str,
    ) -> Result<bool, WorkError> {
        self.service
            .say(self.caller(http), desk, teams, channel, text)
            .await
    }

    /// What clients see.
    pub(crate) fn row(&self) -> ProviderRow {
        let of = self.of();
        let is_own = self.own_host.is_some();
        let api_host = Url::parse(of.api)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        ProviderRow {
            id: self.id(),
            name: of.name.to_owned(),
            display_name: of.display_name.to_owned(),
            host: self.host().to_owned(),
            api_host: api_host.filter(|host| host != of.host && !is_own),
            api_base: below(&self.bases.api, of.api_path).to_string(),
            is_enterprise: is_own,
            for_enterprise: of.self_hosted.is_some() && !is_own,
            has_issues: of.offers.contains(&Offer::Issues),
            has_code_hosting: of.offers.contains(&Offer::CodeHosting),
            has_sharing: of.offers.contains(&Offer::Sharing),
            can_sign_up: self.can_sign_up(),
            supports_oauth_or_pat: of.takes_own_token,
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
        }
    }
}

#[cfg(test)]
impl Registry {
    /// With these apps; with a sandbox, at this origin.
    pub(crate) fn for_tests(apps: &[(&str, ProviderApp)], sandbox: Option<&str>) -> Self {
        use crate::config::{ConfirmSignIn, Database, KeyRing};
        let url = |text: &str| text.parse::<Url>().expect("a URL");
        let origins = Origins {
            public: url("https://api.example.com"),
            auth: Some(url("https://auth.example.com")),
            sandbox: sandbox.map(url),
        };
        let ring = || KeyRing::new(Key::new([1; 32]), Vec::new());
        let config = Config {
            environment: "local".to_owned(),
            public_url: None,
            auth_origin: None,
            success_url: None,
            trusted_proxies: crate::config::TrustedProxies::default(),
            database: Database::SqliteMemory,
            sandbox: sandbox.is_some(),
            sandbox_url: None,
            long_poll: true,
            allow_legacy_sign_up: false,
            confirm_sign_in: ConfirmSignIn::Never,
            providers: apps
                .iter()
                .map(|(name, app)| ((*name).to_owned(), app.clone()))
                .collect(),
            signing_keys: ring(),
            encryption_keys: ring(),
        };
        Self::new(&config, &origins)
    }
}

#[cfg(test)]
mod tests {
    use codestream_protocol::secret::CodeVerifier;

    use super::*;

    fn app(client_id: &str) -> ProviderApp {
        ProviderApp {
            client_id: Some(client_id.to_owned()),
            client_secret: Some(ClientSecret::new("hush")),
            ..ProviderApp::default()
        }
    }

    fn registry(apps: &[(&str, ProviderApp)], sandbox: Option<&str>) -> Registry {
        Registry::for_tests(apps, sandbox)
    }

    fn state() -> MintedState<'static> {
        MintedState {
            text: "local!a.b.c",
            jti: "jti-1",
        }
    }

    fn query(url: &Url) -> BTreeMap<String, String> {
        url.query_pairs().into_owned().collect()
    }

    #[test]
    fn every_description_holds_together() {
        for service in ALL {
            let of = service.description();
            let bases = Bases::own(of);
            let regions = bases.regions.iter().map(|(_, base)| base);
            for base in [&bases.web, &bases.api].into_iter().chain(regions) {
                assert!(
                    base.path().ends_with('/') && base.scheme() == "https",
                    "{}",
                    of.name
                );
            }
            assert!(
                of.api_path.is_empty() || of.api_path.ends_with('/'),
                "{}",
                of.name
            );
            assert!(!of.scopes.is_empty() || of.takes_own_token, "{}", of.name);
            assert!(
                of.name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
                "{}",
                of.name
            );
            assert!(of.manual_url.starts_with("https://"), "{}", of.name);
        }
    }

    #[test]
    fn github_is_asked_with_pkce_and_always_shows_a_page() {
        let challenge = CodeVerifier::from_entropy([1; 32]).challenge();
        let registry = registry(&[("github", app("github-app"))], None);
        let github = registry.get("github").expect("set up");
        let url = github.authorize_url(Purpose::Connect, &state(), Some(&challenge));
        assert!(
            url.as_str()
                .starts_with("https://github.com/login/oauth/authorize?")
        );
        let query = query(&url);
        assert_eq!(query["client_id"], "github-app");
        assert_eq!(
            query["redirect_uri"],
            "https://api.example.com/no-auth/provider-token/github"
        );
        assert_eq!(query["scope"], "repo read:user user:email notifications read:org");
        assert_eq!(query["state"], "local!a.b.c");
        assert_eq!(query["code_challenge"], challenge.as_str());
        assert_eq!(query["code_challenge_method"], "S256");
        assert_eq!(query["prompt"], "select_account");
        assert!(!query.contains_key("response_type"));
        assert_eq!(
            github.issuer().expect("it sends one").as_str(),
            "https://github.com/login/oauth"
        );
    }

    #[test]
    fn trello_returns_to_us_with_the_state_in_the_query() {
        let fixed_host = ProviderApp {
            callback: Callback::AuthOrigin,
            ..app("trello-app")
        };
        let registry = registry(&[("trello", fixed_host)], None);
        let trello = registry.get("trello").expect("set up");
        let query = query(&trello.authorize_url(Purpose::Connect, &state(), None));
        assert_eq!(query["key"], "trello-app");
        assert_eq!(
            query["return_url"],
            "https://auth.example.com/no-auth/provider-token/trello?state=local%21a.b.c"
        );
        assert_eq!(query["callback_method"], "fragment");
        assert_eq!(query["scope"], "read,write");
        assert_eq!(trello.data()["apiKey"], "trello-app");
        assert!(!trello.uses_pkce());
    }

    #[test]
    fn what_a_service_does_not_document_is_not_asked() {
        let challenge = CodeVerifier::from_entropy([1; 32]).challenge();
        for (name, at, names) in [
            (
                "asana",
                "https://app.asana.com/-/oauth_authorize",
                &[
                    "client_id",
                    "code_challenge",
                    "code_challenge_method",
                    "redirect_uri",
                    "response_type",
                    "scope",
                    "state",
                ][..],
            ),
            (
                "bitbucket",
                "https://bitbucket.org/site/oauth2/authorize",
                &["client_id", "redirect_uri", "response_type", "state"],
            ),
            (
                "intercom",
                "https://app.intercom.com/oauth",
                &["client_id", "redirect_uri", "state"],
            ),
            (
                "linear",
                "https://linear.app/oauth/authorize",
                &[
                    "client_id",
                    "code_challenge",
                    "code_challenge_method",
                    "prompt",
                    "redirect_uri",
                    "response_type",
                    "scope",
                    "state",
                ],
            ),
        ] {
            let registry = registry(&[(name, app("app"))], None);
            let provider = registry.get(name).expect(name);
            let asked = provider.uses_pkce().then_some(&challenge);
            let mut url = provider.authorize_url(Purpose::Connect, &state(), asked);
            assert_eq!(query(&url).into_keys().collect::<Vec<_>>(), names, "{name}");
            url.set_query(None);
            assert_eq!(url.as_str(), at);
        }
    }

    #[test]
    fn in_the_sandbox_every_address_is_the_sandboxs() {
        let registry = registry(&[("github", app("own"))], Some("http://localhost:12080"));
        let github = registry.get("github").expect("set up");
        assert!(
            github
                .authorize_url(Purpose::Connect, &state(), None)
                .as_str()
                .starts_with("http://localhost:12080/sandbox/github/login/oauth/authorize?")
        );
        assert_eq!(github.app().client_id, "own");
        let trello = &registry.get("trello").expect("set up by itself").app();
        assert!(trello.client_id.starts_with("sandbox-trello-") && trello.client_secret.is_some());
        let rows = registry.rows();
        let row = |id: &str| &rows[&id.parse::<ProviderId>().expect("an id")];
        assert_eq!(
            row("github*com").api_base,
            "http://localhost:12080/sandbox/github/api/"
        );
        assert_eq!(
            row("trello*com").api_base,
            "http://localhost:12080/sandbox/trello/api/1/"
        );
        assert_eq!(row("github*com").api_host.as_deref(), Some("api.github.com"));
    }

    #[test]
    fn unknown_and_not_set_up_are_told_apart() {
        let empty = registry(&[], None);
        assert_eq!(empty.get("github").err(), Some(ServerCode::ProviderNotConfigured));
        assert_eq!(empty.get("GitHub").err(), Some(ServerCode::UnknownProvider));
        assert_eq!(empty.get("nope").err(), Some(ServerCode::UnknownProvider));
        assert_eq!(Registry::display_name("github"), Some("GitHub"));
    }
}
