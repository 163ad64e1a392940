//! Connections beyond the limit: they are told so, and asked how the server does.
//!
//! A full reserve closes its oldest connection for the newest, so that a health check gets in however many others come: who
//! asks a whole question at once is answered before the others have pushed it out.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::gate::{Gate, Limit, Place};

/// Apart for each limit: one address that comes too often does not push out those who come when all is full.
pub(super) struct Reserves {
    of_all: Reserve,
    of_addresses: Reserve,
}

#[derive(Clone)]
struct Reserve(Arc<Seats>);

struct Seats {
    size: usize,
    taken: Mutex<Taken>,
    left: Notify,
}

#[derive(Default)]
struct Taken {
    next: u64,
    /// Those that were pushed out and are not closed yet among them.
    open: usize,
    oldest_first: VecDeque<(u64, CancellationToken)>,
}

impl Seats {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing in here panics half-way.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserves {
    pub(super) fn new(size: usize) -> Self {
        let reserve = || {
            Reserve(Arc::new(Seats {
                size,
                taken: Mutex::default(),
                left: Notify::new(),
            }))
        };
        Self {
            of_all: reserve(),
            of_addresses: reserve(),
        }
    }

    /// A place for a connection of `peer`, in the reserve when there is no other.
    pub(super) fn admit(&self, gate: &Gate, peer: IpAddr) -> Admitted {
        let (place, seat) = match gate.connection(peer) {
            Ok(place) => (Some(place), None),
            Err(Limit::ConnectionsPerAddress) => (None, Some(self.of_addresses.enter())),
            Err(_) => (None, Some(self.of_all.enter())),
        };
        Admitted { _place: place, seat }
    }

    /// Ends when whoever was pushed out is closed: only then is its descriptor free for another.
    pub(super) async fn settled(&self) {
        self.of_all.settled().await;
        self.of_addresses.settled().await;
    }
}

impl Reserve {
    async fn settled(&self) {
        while self.0.taken().open > self.0.size {
            self.0.left.notified().await;
        }
    }

    fn enter(&self) -> Seat {
        let evicted = CancellationToken::new();
        let mut taken = self.0.taken();
        let id = taken.next;
        taken.next += 1;
        taken.open += 1;
        taken.oldest_first.push_back((id, evicted.clone()));
        if taken.oldest_first.len() > self.0.size
            && let Some((_, oldest)) = taken.oldest_first.pop_front()
        {
            oldest.cancel();
        }
        Seat {
            seats: self.0.clone(),
            id,
            evicted,
        }
    }
}

/// How a connection was let in.
pub(super) struct Admitted {
    _place: Option<Place>,
    seat: Option<Seat>,
}

impl Admitted {
    /// Whether it is beyond a limit.
    pub(super) fn is_reserved(&self) -> bool {
        self.seat.is_some()
    }

    /// Cancelled when the connection is to go at once.
    pub(super) fn evicted(&self) -> CancellationToken {
        let seat = self.seat.as_ref();
        seat.map_or_else(CancellationToken::new, |seat| seat.evicted.clone())
    }
}

/// One of the reserve, until it is dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    id: u64,
    evicted: CancellationToken,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.oldest_first.retain(|(id, _)| *id != self.id);
        taken.open -= 1;
        drop(taken);
        self.seats.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_reserve_closes_its_oldest_connection_for_the_newest() {
        let reserves = Reserves::new(2);
        let (first, second) = (reserves.of_all.enter(), reserves.of_all.enter());
        assert!(!first.evicted.is_cancelled());
        let third = reserves.of_all.enter();
        assert!(first.evicted.is_cancelled() && !second.evicted.is_cancelled());
        drop((first, second));
        let fourth = reserves.of_all.enter();
        assert!(!third.evicted.is_cancelled() && !fourth.evicted.is_cancelled());
    }

    #[test]
    fn one_address_does_not_push_out_the_others() {
        let reserves = Reserves::new(1);
        let other = reserves.of_all.enter();
        let _crowd = [reserves.of_addresses.enter(), reserves.of_addresses.enter()];
        assert!(!other.evicted.is_cancelled());
    }
}
