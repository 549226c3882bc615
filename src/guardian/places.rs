use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Connections at once on one port, besides those from this machine.
const TOTAL: usize = 512;
/// Connections at once from one address: one that opens all it can does not lock the others out.
const EACH: usize = 128;

/// Room for connections. This machine has its own: a port full of strangers must not hide the guardian from the health
/// check of its container, nor from a proxy in front.
#[derive(Debug, Default)]
pub(super) struct Places {
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    /// A place for a connection from this address; `None` where there is none.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_others: usize = taken
            .iter()
            .filter(|(other, _)| !other.is_loopback())
            .map(|(_, count)| count)
            .sum();
        let count = taken.get(&address).copied().unwrap_or(0);
        if count >= EACH || (!address.is_loopback() && of_others >= TOTAL) {
            return None;
        }
        taken.insert(address, count + 1);
        Some(Place {
            places: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let left = taken.get(&self.address).map_or(0, |count| count - 1);
        if left == 0 {
            taken.remove(&self.address);
        } else {
            taken.insert(self.address, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(number: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, number])
    }

    #[test]
    fn one_address_gets_its_share_and_no_more() {
        let places = Arc::new(Places::default());
        let taken: Vec<_> = (0..EACH).map(|_| places.take(stranger(1)).unwrap()).collect();
        assert!(places.take(stranger(1)).is_none());
        let mapped = "::ffff:203.0.113.1".parse().unwrap();
        assert!(
            places.take(mapped).is_none(),
            "the same address, written otherwise"
        );
        assert!(places.take(stranger(2)).is_some());
        drop(taken);
        assert!(places.take(stranger(1)).is_some());
    }

    #[test]
    fn a_full_port_still_answers_this_machine() {
        let places = Arc::new(Places::default());
        let mut taken = Vec::new();
        for number in 1..=4 {
            taken.extend((0..EACH).map(|_| places.take(stranger(number)).unwrap()));
        }
        assert!(places.take(stranger(5)).is_none());
        assert!(places.take(IpAddr::from([127, 0, 0, 1])).is_some());
    }

    #[test]
    fn nothing_is_remembered_of_those_that_left() {
        let places = Arc::new(Places::default());
        for number in 0..200 {
            drop(places.take(stranger(number)));
        }
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
