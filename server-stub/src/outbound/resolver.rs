//! Name resolution for hosts that users named: what is connected to is what was checked, so that a name cannot lead elsewhere
//! between the two (DNS rebinding).

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Reach;

/// The operating system's resolver.
#[derive(Debug)]
pub(super) struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// A name that leads where this server makes no calls.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} leads to an address that this server does not call; one of the own network is allowed with [apiServer] allowHosts"
)]
struct NotAdmitted(String);

/// Another resolver, without the addresses that are not to be called.
pub(super) struct Checked {
    inner: Arc<dyn Resolve>,
    reach: Arc<Reach>,
}

impl Checked {
    pub(super) fn new(inner: Arc<dyn Resolve>, reach: Reach) -> Self {
        Self {
            inner,
            reach: Arc::new(reach),
        }
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let (reach, resolving) = (self.reach.clone(), self.inner.resolve(name));
        Box::pin(async move {
            let addresses = resolving.await?;
            let admitted: Vec<SocketAddr> = addresses
                .filter(|address| reach.admits_address(&host, address.ip()))
                .collect();
            if admitted.is_empty() {
                let error = NotAdmitted(host);
                tracing::warn!(%error, "a call to a team's host was refused");
                return Err(error.into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}
