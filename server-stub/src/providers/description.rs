//! What a third party is, as data. No code and no I/O.

use url::Url;

/// Everything about a third party that a table can hold.
///
/// Addresses are given below two bases, so that a self-hosted or an imitated service is the same description on other
/// bases: [`Bases`].
#[derive(Debug)]
pub(crate) struct Description {
    /// Lower-case; in paths, in the state and in the me-object.
    pub(crate) name: &'static str,
    /// For a person.
    pub(crate) display_name: &'static str,
    /// The host that a person knows; its starred form is the provider's id.
    pub(crate) host: &'static str,
    /// The base of its pages, ending in `/`.
    pub(crate) web: &'static str,
    /// The base of its API hosts, ending in `/`.
    pub(crate) api: &'static str,
    /// The base of the API that says who somebody is, where it is not [`api`](Self::api); ends in `/`.
    pub(crate) profile: Option<&'static str>,
    /// The API bases of its other regions, by the service's own names; each ends in `/`.
    pub(crate) regions: &'static [(&'static str, &'static str)],
    /// Below [`api`](Self::api): where the agent's calls begin; empty or ending in `/`.
    pub(crate) api_path: &'static str,
    /// The authorization endpoint, below [`web`](Self::web).
    pub(crate) authorize: &'static str,
    /// How the answer comes back.
    pub(crate) answer: Answer,
    /// The scopes asked for, each with its reason for the user.
    pub(crate) scopes: &'static [(&'static str, &'static str)],
    /// The scopes of the app itself in the user's workspace, each with its reason.
    pub(crate) app_scopes: &'static [(&'static str, &'static str)],
    /// Between scopes, where the service wants them joined.
    pub(crate) scope_separator: &'static str,
    /// Whether it can prove a verified e-mail address, so that one can sign in with it.
    pub(crate) can_sign_up: bool,
    /// Whether it takes a token that the user makes by hand.
    pub(crate) own_token: OwnToken,
    /// Where its API is when a team hosts the service itself; `None`: nobody can.
    pub(crate) self_hosted: Option<SelfHosted>,
    /// What it offers to clients.
    pub(crate) offers: &'static [Offer],
    /// Where a user can end the access by hand.
    pub(crate) manual_url: &'static str,
    /// How a self-hoster makes the app.
    pub(crate) register: Register,
    /// What the service bounds, in sentences for a self-hoster.
    pub(crate) limits: &'static str,
}

/// How an app is registered at a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Register {
    /// The page where it is done.
    pub(crate) console: &'static str,
    /// What to do there, in order: sentences. `{callback}` stands for the callback's address.
    pub(crate) steps: &'static [&'static str],
}

/// Which tokens that users make by hand a service takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnToken {
    /// It has none.
    None,
    /// Those that are made for a registered app.
    OfApp,
    /// Any: no app is needed.
    Any,
}

/// What a service has that clients make use of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Issues to list.
    Issues,
    /// Code.
    CodeHosting,
    /// Channels to share messages to.
    Sharing,
}

/// A service that teams also host themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SelfHosted {
    /// The base of its API hosts, below its own address; ends in `/`.
    pub(crate) api: &'static str,
}

/// An endpoint below one of a service's bases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Below [`Description::web`].
    Web(&'static str),
    /// Below [`Description::api`].
    Api(&'static str),
}

/// The issuer identifier of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Issuer {
    /// This path below [`Description::web`].
    Path(&'static str),
    /// One for each tenant: `{tenant}/v2.0` below [`Description::web`].
    OfTenants,
    /// The service is not documented to send one.
    Undocumented,
}

/// How an authorization comes back to the callback.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A code in the query, exchanged for a token (RFC 6749 §4.1).
    Code {
        /// The token endpoint.
        token: Endpoint,
        /// Whether PKCE is supported (RFC 7636, S256).
        pkce: bool,
        /// What an `iss` of its answers can be (RFC 9207).
        issuer: Issuer,
    },
    /// A token in the fragment, read by our page.
    Fragment,
    /// A code in the query of a path that names the state, for a service that sends no `state` back.
    ReturnPath {
        /// Of our callback; the state's id follows it. Begins with `/`.
        prefix: &'static str,
    },
}

/// Where a service is: its own hosts, a self-hosted one, or the sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Bases {
    /// Ends in `/`.
    pub(crate) web: Url,
    /// Ends in `/`.
    pub(crate) api: Url,
    /// Ends in `/`.
    pub(crate) profile: Url,
    /// The API bases of other regions, by the service's own names; each ends in `/`.
    pub(crate) regions: Vec<(&'static str, Url)>,
}

impl Bases {
    /// The service's own hosts.
    pub(crate) fn own(of: &Description) -> Self {
        let parse = |base: &str| Url::parse(base).expect("every description's bases are URLs: tested");
        Self {
            web: parse(of.web),
            api: parse(of.api),
            profile: parse(of.profile.unwrap_or(of.api)),
            regions: of
                .regions
                .iter()
                .map(|(name, base)| (*name, parse(base)))
                .collect(),
        }
    }

    /// The imitation: `<sandbox>/sandbox/<name>/`, below that `api/`, and below that a region's lower-case name.
    pub(crate) fn sandbox(of: &Description, sandbox: &Url) -> Self {
        let below = |path: String| {
            let mut url = sandbox.clone();
            url.set_path(&path);
            url
        };
        Self {
            web: below(format!("/sandbox/{}/", of.name)),
            api: below(format!("/sandbox/{}/api/", of.name)),
            profile: below(format!("/sandbox/{}/api/", of.name)),
            regions: of
                .regions
                .iter()
                .map(|(region, _)| {
                    let path = format!("/sandbox/{}/api/{}/", of.name, region.to_ascii_lowercase());
                    (*region, below(path))
                })
                .collect(),
        }
    }

    /// A host of a team's own at `base`, which ends in `/`.
    pub(crate) fn at_host(of: SelfHosted, base: &Url) -> Self {
        let api = below(base, of.api);
        Self {
            web: base.clone(),
            profile: api.clone(),
            api,
            regions: Vec::new(),
        }
    }

    /// An endpoint's address.
    pub(crate) fn at(&self, endpoint: Endpoint) -> Url {
        let (base, path) = match endpoint {
            Endpoint::Web(path) => (&self.web, path),
            Endpoint::Api(path) => (&self.api, path),
        };
        below(base, path)
    }
}

/// `path` below a base that ends in `/`.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}
