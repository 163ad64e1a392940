//! What every route shares.
//!
//! `App` owns nothing that changes: what changes is in the store, or behind the handle of the room it belongs to.

use std::sync::Arc;

use url::Url;

use crate::channel::Channel;
use crate::clock::Clock;
use crate::config::Config;
use crate::faults::Faults;
use crate::keys::Keys;
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;
use crate::outbound::Outbound;
use crate::providers::Registry;
use crate::random::Random;
use crate::sandbox::Sandbox;
use crate::store::{Store, Wakes};

/// The state of every router, as `Arc<App>`.
pub(crate) struct App {
    /// What the operator asked for.
    pub(crate) config: Config,
    /// Where the listeners can be reached.
    pub(crate) origins: Origins,
    /// The only source of time.
    pub(crate) clock: Clock,
    /// The only source of chance.
    pub(crate) random: Random,
    /// Signing and sealing.
    pub(crate) keys: Keys,
    /// Everything that outlives a request.
    pub(crate) store: Arc<dyn Store>,
    /// What the store tells after each commit.
    pub(crate) wakes: Wakes,
    /// The only way out, to third parties.
    pub(crate) http: Outbound,
    /// The third parties that are set up.
    pub(crate) providers: Registry,
    /// Switches that make things go wrong on purpose; all off without a sandbox.
    pub(crate) faults: Faults,
    /// The imitated third parties, with `--sandbox`.
    pub(crate) sandbox: Option<Sandbox>,
    /// Every open line of the me-channel.
    pub(crate) channel: Channel,
    /// Refreshes under way.
    pub(crate) flights: crate::broker::Flights,
    /// What third parties answered a moment ago about who may read what.
    pub(crate) answers: crate::actions::Answers,
    /// What is counted, for Prometheus.
    pub(crate) metrics: Metrics,
    /// Background work and its end.
    pub(crate) lifecycle: Lifecycle,
}

/// Where browsers and agents reach this server: origins, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origins {
    /// The API, as browsers and agents see it.
    pub(crate) public: Url,
    /// The callback host of providers that accept only one fixed host.
    pub(crate) auth: Option<Url>,
    /// The sandbox's own site, of this node or of another.
    pub(crate) sandbox: Option<Url>,
    /// Whether the API listens and is named on the loopback alone, so that every client is on this machine.
    pub(crate) is_local: bool,
}

impl Origins {
    /// Whether browsers reach the API over https, so that cookies can be `Secure`.
    pub(crate) fn is_https(&self) -> bool {
        self.public.scheme() == "https"
    }
}
