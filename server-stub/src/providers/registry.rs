//! The third parties that this server has to offer, by their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use codestream_protocol::ServerCode;
use codestream_protocol::http::ProviderRow;
use codestream_protocol::id::ProviderId;
use url::Url;

use super::ALL;
use super::description::{Answer, Description, OwnToken};
use super::provider::{Provider, callback_path};
use super::service::OAuthApp;
use super::token::OAuthErrorCode;
use crate::app::Origins;
use crate::config::{Callback, Config};

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
        own_redirect_uri: bool,
    ) -> Result<Arc<Provider>, ServerCode> {
        let service = *ALL
            .iter()
            .find(|service| service.description().name == name)
            .ok_or(ServerCode::UnknownProvider)?;
        let of = service.description();
        let self_hosted = of.self_hosted.ok_or(ServerCode::UnknownProviderHost)?;
        let redirect_uri = self.redirect_uris.get(name).ok_or(ServerCode::UnknownProvider)?;
        let redirect_uri = redirect_uri.clone();
        Ok(Arc::new(Provider::at_host(
            service,
            self_hosted,
            base,
            app,
            redirect_uri,
            own_redirect_uri,
        )))
    }

    /// Whether a host is that of a service itself, so that no team can host it.
    pub(crate) fn is_taken(id: &ProviderId) -> bool {
        ALL.iter()
            .any(|service| ProviderId::of_host(service.description().host) == *id)
    }

    /// Whether teams host a service themselves, too.
    pub(crate) fn is_self_hosted_too(name: &str) -> bool {
        let mut all = ALL.iter().map(|service| service.description());
        all.any(|of| of.name == name && of.self_hosted.is_some())
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

    /// Whether people can use this service without an app of ours, with tokens that they make.
    pub(crate) fn needs_no_app(name: &str) -> bool {
        ALL.iter()
            .map(|service| service.description())
            .any(|of| of.name == name && of.own_token == OwnToken::Any)
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

    /// A service by its lower-case name, perhaps without an app: `PRVD-1000` when unknown, `PRVD-1009` when not set up.
    pub(crate) fn get(&self, name: &str) -> Result<&Arc<Provider>, ServerCode> {
        if let Some(provider) = self.providers.get(name) {
            return Ok(provider);
        }
        if Self::known().any(|known| known == name) {
            return Err(ServerCode::ProviderNotConfigured);
        }
        Err(ServerCode::UnknownProvider)
    }

    /// As [`get`](Self::get), where a browser can be sent to: `PRVD-1009` also without an app.
    pub(crate) fn connectable(&self, name: &str) -> Result<&Arc<Provider>, ServerCode> {
        let provider = self.get(name)?;
        if provider.has_app() {
            Ok(provider)
        } else {
            Err(ServerCode::ProviderNotConfigured)
        }
    }

    /// A third party's name for a person, set up or not.
    pub(crate) fn display_name(name: &str) -> Option<&'static str> {
        ALL.iter()
            .map(|service| service.description())
            .find(|description| description.name == name)
            .map(|description| description.display_name)
    }

    /// The host that people know a third party by, set up or not.
    pub(crate) fn host(name: &str) -> Option<&'static str> {
        ALL.iter()
            .map(|service| service.description())
            .find(|description| description.name == name)
            .map(|description| description.host)
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

#[cfg(test)]
impl Registry {
    /// With these apps; with a sandbox, at this origin.
    pub(crate) fn for_tests(apps: &[(&str, crate::config::ProviderApp)], sandbox: Option<&str>) -> Self {
        use crate::config::{ConfirmSignIn, Database, Key, KeyRing};
        let url = |text: &str| text.parse::<Url>().expect("a URL");
        let origins = Origins {
            is_local: false,
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
            limits: crate::config::Limits::default(),
            quotas: crate::config::Quotas::default(),
            sessions: crate::config::SessionLife::default(),
            allow_hosts: crate::config::AllowHosts::default(),
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
mod tests;
