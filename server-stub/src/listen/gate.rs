//! Who is let in: connections and bytes, of one address and in all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::counts::Counts;
use crate::config::TrustedProxies;

/// What may be held at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Connections in all.
    pub(crate) connections: usize,
    /// Connections of one address.
    pub(crate) connections_per_address: usize,
    /// Bytes of requests in all.
    pub(crate) bytes: usize,
    /// Bytes of requests of one address.
    pub(crate) bytes_per_address: usize,
    /// Connections beyond these that are told so.
    pub(crate) reserve: usize,
}

/// Which bound was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Limit {
    Connections,
    ConnectionsPerAddress,
    Bytes,
    BytesPerAddress,
}

impl Limit {
    /// As the configuration file has it.
    pub(super) fn setting(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connectionsPerAddress",
            Self::Bytes => "bodyBytes",
            Self::BytesPerAddress => "bodyBytesPerAddress",
        }
    }
}

/// Counts what one listener holds. Clones are the same gate.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Inner>);

struct Inner {
    bounds: Bounds,
    trusted: TrustedProxies,
    held: Mutex<Held>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Held {
    all: Amount,
    /// Of networks that hold something.
    addresses: HashMap<IpAddr, Amount>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Amount {
    connections: usize,
    bytes: usize,
}

/// What counts as one client: an IPv4 address, or the /64 network that one customer is given of IPv6 (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let bits = u128::from(address) & !u128::from(u64::MAX);
            Ipv6Addr::from(bits).into()
        }
    }
}

impl Gate {
    /// With nobody in yet.
    pub(crate) fn new(bounds: Bounds, trusted: TrustedProxies, counts: Counts) -> Self {
        Self(Arc::new(Inner {
            bounds,
            trusted,
            held: Mutex::default(),
            counts,
        }))
    }

    pub(super) fn bounds(&self) -> &Bounds {
        &self.0.bounds
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing in here panics half-way.
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom a bound for one address applies to: a proxy asks for many, and so does this machine.
    fn counted(&self, address: Option<IpAddr>) -> Option<IpAddr> {
        let address = address?.to_canonical();
        (!self.0.trusted.contains(address)).then(|| network(address))
    }

    /// A connection of `peer`.
    pub(super) fn connection(&self, peer: IpAddr) -> Result<Place, Limit> {
        let address = self.counted(Some(peer));
        let mut held = self.held();
        if held.all.connections >= self.0.bounds.connections {
            drop(held);
            return Err(self.refused(Limit::Connections, address));
        }
        if let Some(address) = address {
            let amount = held.addresses.entry(address).or_default();
            if amount.connections >= self.0.bounds.connections_per_address {
                drop(held);
                return Err(self.refused(Limit::ConnectionsPerAddress, Some(address)));
            }
            amount.connections += 1;
        }
        held.all.connections += 1;
        drop(held);
        self.0.counts.opened();
        Ok(Place {
            gate: self.clone(),
            address,
            is_connection: true,
        })
    }

    /// A request that `peer` forwards for `client`: it holds the proxy's connection, and so one of the client's.
    pub(super) fn forwarded(&self, peer: IpAddr, client: Option<IpAddr>) -> Result<Option<Place>, Limit> {
        let (None, Some(address)) = (self.counted(Some(peer)), self.counted(client)) else {
            return Ok(None);
        };
        let mut held = self.held();
        let amount = held.addresses.entry(address).or_default();
        if amount.connections >= self.0.bounds.connections_per_address {
            drop(held);
            return Err(self.refused(Limit::ConnectionsPerAddress, Some(address)));
        }
        amount.connections += 1;
        drop(held);
        Ok(Some(Place {
            gate: self.clone(),
            address: Some(address),
            is_connection: false,
        }))
    }

    /// For bytes of `client`.
    pub(super) fn charge(&self, client: Option<IpAddr>) -> Charge {
        Charge {
            gate: self.clone(),
            address: self.counted(client),
            bytes: 0,
        }
    }

    fn refused(&self, limit: Limit, address: Option<IpAddr>) -> Limit {
        self.0.counts.refused(limit, address);
        limit
    }
}

impl Held {
    fn give_back(&mut self, address: Option<IpAddr>, amount: Amount, of_all: bool) {
        if of_all {
            self.all.connections -= amount.connections;
            self.all.bytes -= amount.bytes;
        }
        let Some(address) = address else { return };
        if let Some(held) = self.addresses.get_mut(&address) {
            held.connections -= amount.connections;
            held.bytes -= amount.bytes;
            if *held == Amount::default() {
                self.addresses.remove(&address);
            }
        }
    }
}

/// A connection that is counted, until it is dropped.
pub(super) struct Place {
    gate: Gate,
    address: Option<IpAddr>,
    /// Else it is a request through a proxy's connection.
    is_connection: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        let amount = Amount {
            connections: 1,
            bytes: 0,
        };
        self.gate
            .held()
            .give_back(self.address, amount, self.is_connection);
        if self.is_connection {
            self.gate.0.counts.closed();
        }
    }
}

/// Bytes that are counted, until it is dropped.
pub(super) struct Charge {
    gate: Gate,
    address: Option<IpAddr>,
    bytes: usize,
}

impl Charge {
    /// Counts some more.
    pub(super) fn add(&mut self, bytes: usize) -> Result<(), Limit> {
        let bounds = self.gate.0.bounds;
        let mut held = self.gate.held();
        if held.all.bytes + bytes > bounds.bytes {
            drop(held);
            return Err(self.gate.refused(Limit::Bytes, self.address));
        }
        if let Some(address) = self.address {
            let amount = held.addresses.entry(address).or_default();
            if amount.bytes + bytes > bounds.bytes_per_address {
                drop(held);
                return Err(self.gate.refused(Limit::BytesPerAddress, self.address));
            }
            amount.bytes += bytes;
        }
        held.all.bytes += bytes;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives everything back.
    pub(super) fn release(&mut self) {
        let amount = Amount {
            connections: 0,
            bytes: std::mem::take(&mut self.bytes),
        };
        if amount.bytes > 0 {
            self.gate.held().give_back(self.address, amount, true);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests;
