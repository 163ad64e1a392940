//! The HTTP clients for third parties: the only ones. None follows a redirect: a third party's API never needs one, and a
//! redirect could carry a token elsewhere.

mod resolver;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use codestream_protocol::host::{Scope, is_loopback, scope, scope_of};
use reqwest::dns::Resolve;
use reqwest::{Client, ClientBuilder, Error};
use url::{Host, Url};

use crate::config::AllowHosts;
use resolver::{Checked, System};

/// Which of the hosts that users name this server calls (CWE-918).
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach {
    /// What the operator allows of the own network.
    allowed: AllowHosts,
    /// Whether this machine is one of them: with a sandbox that nobody else reaches.
    loopback: bool,
}

impl Reach {
    /// For a server at `public`, with a sandbox or without.
    pub(crate) fn new(allowed: AllowHosts, public: &Url, has_sandbox: bool) -> Self {
        Self {
            allowed,
            loopback: has_sandbox && is_loopback(public),
        }
    }

    /// Whether a host is called as it is written. The addresses of a name are looked at when it is resolved.
    pub(crate) fn admits(&self, base: &Url) -> bool {
        match base.host() {
            None => false,
            Some(Host::Ipv4(address)) => self.admits_address("", address.into()),
            Some(Host::Ipv6(address)) => self.admits_address("", address.into()),
            Some(Host::Domain(_)) => self.loopback || scope_of(base) != Some(Scope::Loopback),
        }
    }

    /// Whether an address that `name` resolved to is called.
    fn admits_address(&self, name: &str, address: IpAddr) -> bool {
        match scope(address) {
            Scope::Global => true,
            Scope::Private => self.allowed.contains(name, address),
            Scope::Loopback => self.loopback,
            Scope::Internal => false,
        }
    }
}

/// The clients, by whose word an address is called.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    /// Through the proxy that the environment names.
    outside: Client,
    /// Without one: what is on this machine is on no other.
    local: Client,
    /// For hosts that users named. Without a proxy, which would resolve their names where nobody checks the addresses.
    named: Client,
    reach: Reach,
}

impl Outbound {
    /// Clients that call what `reach` admits.
    pub(crate) fn new(reach: Reach) -> Result<Self, Error> {
        Self::with_resolver(reach, Arc::new(System))
    }

    fn with_resolver(reach: Reach, resolver: Arc<dyn Resolve>) -> Result<Self, Error> {
        // Err means that another part of the process has installed one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let resolver = Checked::new(resolver, reach.clone());
        Ok(Self {
            outside: builder().build()?,
            local: builder().no_proxy().build()?,
            named: builder().no_proxy().dns_resolver(Arc::new(resolver)).build()?,
            reach,
        })
    }

    /// For an address that the operator or this program named.
    pub(crate) fn own(&self, base: &Url) -> &Client {
        if is_loopback(base) {
            &self.local
        } else {
            &self.outside
        }
    }

    /// For a host that a user named, which [`Reach::admits`].
    pub(crate) fn named(&self) -> &Client {
        &self.named
    }

    /// Which hosts may be named.
    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }
}

#[expect(clippy::disallowed_methods, reason = "the one builder")]
fn builder() -> ClientBuilder {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(10))
        .user_agent(concat!("CodeStream/", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests;
