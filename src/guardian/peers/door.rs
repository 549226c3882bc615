use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

/// Messages of one address that may be refused at once, and then a second: each of them costs two signature checks, a
/// quarter of a millisecond.
const EACH: Rate = Rate {
    burst: 100.0,
    per_second: 2.0,
};
/// The same for all addresses together from which nothing was ever taken: a stranger may have many.
const STRANGERS: Rate = Rate {
    burst: 1000.0,
    per_second: 50.0,
};
/// Addresses that are remembered; those with most left tell the least and are forgotten first.
const MOST: usize = 4096;

#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: f64,
    per_second: f64,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self {
            left: rate.burst,
            at: now,
        }
    }

    fn refill(&mut self, rate: Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * rate.per_second).min(rate.burst);
        self.at = now;
    }
}

/// Who is listened to. What is taken costs nothing here; what is refused is counted, and an address from which too much was
/// refused is sent away before any signature is looked at.
#[derive(Debug)]
pub(super) struct Door {
    addresses: HashMap<IpAddr, Known>,
    strangers: Bucket,
}

#[derive(Debug)]
struct Known {
    bucket: Bucket,
    /// A guardian's message came from there.
    is_friend: bool,
}

impl Door {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            addresses: HashMap::new(),
            strangers: Bucket::full(STRANGERS, now),
        }
    }

    /// Whether a message from there is looked at.
    pub(super) fn admits(&mut self, from: IpAddr, now: Instant) -> bool {
        let is_friend = match self.addresses.get_mut(&network(from)) {
            Some(known) => {
                known.bucket.refill(EACH, now);
                if known.bucket.left < 1.0 {
                    return false;
                }
                known.is_friend
            }
            None => false,
        };
        self.strangers.refill(STRANGERS, now);
        is_friend || self.strangers.left >= 1.0
    }

    /// A message from there was taken.
    pub(super) fn taken(&mut self, from: IpAddr, now: Instant) {
        self.known(from, now).is_friend = true;
    }

    /// A message from there was refused.
    pub(super) fn refused(&mut self, from: IpAddr, now: Instant) {
        let known = self.known(from, now);
        known.bucket.refill(EACH, now);
        known.bucket.left = (known.bucket.left - 1.0).max(0.0);
        if !known.is_friend {
            self.strangers.refill(STRANGERS, now);
            self.strangers.left = (self.strangers.left - 1.0).max(0.0);
        }
    }

    fn known(&mut self, from: IpAddr, now: Instant) -> &mut Known {
        let from = network(from);
        if self.addresses.len() >= MOST && !self.addresses.contains_key(&from) {
            self.forget(now);
        }
        self.addresses.entry(from).or_insert(Known {
            bucket: Bucket::full(EACH, now),
            is_friend: false,
        })
    }

    /// Makes room: those that have all left, or else any stranger that has most.
    fn forget(&mut self, now: Instant) {
        self.addresses.retain(|_, known| {
            known.bucket.refill(EACH, now);
            known.is_friend || known.bucket.left < EACH.burst
        });
        if self.addresses.len() >= MOST {
            let order = |known: &Known| (known.is_friend, -known.bucket.left);
            let least = self
                .addresses
                .iter()
                .min_by(|a, b| {
                    order(a.1)
                        .partial_cmp(&order(b.1))
                        .unwrap_or(std::cmp::Ordering::Equal)
                })
                .map(|(address, _)| *address);
            if let Some(least) = least {
                self.addresses.remove(&least);
            }
        }
    }
}

/// The address, or the /64 of an IPv6 one: so many has everybody who has one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 64))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    /// How many of `count` messages from there are looked at, all of which are then refused.
    fn burns(door: &mut Door, from: IpAddr, count: usize, now: Instant) -> usize {
        let looked_at = (0..count).filter(|_| {
            let admitted = door.admits(from, now);
            if admitted {
                door.refused(from, now);
            }
            admitted
        });
        looked_at.count()
    }

    #[test]
    fn one_address_has_a_hundred_and_then_two_a_second() {
        let (now, mut door) = (Instant::now(), Door::new(Instant::now()));
        assert_eq!(burns(&mut door, address(1), 1000, now), 100);
        assert_eq!(
            burns(&mut door, address(1), 1000, now + Duration::from_secs(3)),
            6
        );
        assert_eq!(
            burns(&mut door, address(2), 1000, now),
            100,
            "another one has its own"
        );
        assert_eq!(
            burns(&mut door, address(1), 1000, now + Duration::from_secs(3600)),
            100
        );
    }

    #[test]
    fn what_is_taken_costs_nothing() {
        let (now, mut door) = (Instant::now(), Door::new(Instant::now()));
        for _ in 0..10_000 {
            assert!(door.admits(address(1), now));
            door.taken(address(1), now);
        }
    }

    #[test]
    fn many_addresses_burn_no_more_than_strangers_may_and_do_not_shut_out_guardians() {
        let (now, mut door) = (Instant::now(), Door::new(Instant::now()));
        door.taken(address(7), now);
        let burnt: usize = (100..100_000)
            .map(|it| burns(&mut door, address(it), 1, now))
            .sum();
        assert_eq!(burnt, 1000);
        assert!(!door.admits(address(100_001), now));
        assert!(door.admits(address(7), now));
        assert!(door.addresses.len() <= MOST);
        assert_eq!(
            burns(&mut door, address(100_002), 100, now + Duration::from_secs(1)),
            50
        );
    }

    #[test]
    fn neither_other_spellings_nor_a_whole_network_are_more_than_one() {
        let (now, mut door) = (Instant::now(), Door::new(Instant::now()));
        assert_eq!(burns(&mut door, "203.0.113.1".parse().unwrap(), 100, now), 100);
        assert_eq!(burns(&mut door, "::ffff:203.0.113.1".parse().unwrap(), 1, now), 0);
        assert_eq!(
            burns(&mut door, "2001:db8:1:2::1".parse().unwrap(), 100, now),
            100
        );
        assert_eq!(
            burns(&mut door, "2001:db8:1:2:ffff::".parse().unwrap(), 1, now),
            0
        );
        assert_eq!(burns(&mut door, "2001:db8:1:3::1".parse().unwrap(), 1, now), 1);
    }

    #[test]
    fn memory_is_bounded_and_friends_are_remembered() {
        let (start, mut door) = (Instant::now(), Door::new(Instant::now()));
        door.taken(address(7), start);
        for number in 0..20_000 {
            // Slowly enough for strangers to be looked at.
            let now = start + Duration::from_millis(u64::from(number) * 20);
            door.refused(address(1000 + number), now);
        }
        assert!(door.addresses.len() <= MOST);
        assert!(door.addresses[&address(7)].is_friend);
    }
}
