use std::collections::VecDeque;

use crate::signer::{Kind, MAX_REQUEST, RequestId};

/// Most requests that wait at once.
pub const MAX_WAITING: usize = 64;

/// A request that waits for the operator's signing server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub id: RequestId,
    /// What sort of thing.
    pub kind: Kind,
    /// As it would be posted to `/v1/sign`.
    pub json: String,
    /// After this second nobody needs the signature any more.
    pub expires_at: u64,
}

/// Why a request does not wait.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum QueueError {
    /// [`MAX_WAITING`] wait already.
    #[error("{MAX_WAITING} requests wait for the signing server already")]
    Full,
    /// It does not fit into a frame.
    #[error("the request has {0} bytes; at most {MAX_REQUEST} are allowed")]
    TooLarge(usize),
}

/// The requests that wait, oldest first. Only a verified signature or expiry removes one: a server that says no may be
/// asked again after the operator changed the policy.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Waiting>,
}

impl Queue {
    /// Adds a request. A newer health attestation takes the place of an older one: only the newest is worth a signature,
    /// and a server that comes back after an hour should not find sixty. Returns the one that was replaced.
    ///
    /// # Errors
    /// [`QueueError`]
    pub fn push(&mut self, request: Waiting, now: u64) -> Result<Option<RequestId>, QueueError> {
        if request.json.len() > MAX_REQUEST {
            return Err(QueueError::TooLarge(request.json.len()));
        }
        self.waiting.retain(|other| other.expires_at > now);
        let older = (request.kind == Kind::Attestation)
            .then(|| {
                self.waiting
                    .iter()
                    .position(|other| other.kind == Kind::Attestation)
            })
            .flatten()
            .and_then(|at| self.waiting.remove(at))
            .map(|other| other.id);
        if self.waiting.len() >= MAX_WAITING {
            return Err(QueueError::Full);
        }
        self.waiting.push_back(request);
        Ok(older)
    }

    /// What waits now and is not in `known`, as much as fits into `room` bytes of JSON, with a comma after each.
    pub fn pending(&self, known: &[String], room: usize, now: u64) -> Vec<&Waiting> {
        let mut left = room;
        self.waiting
            .iter()
            .filter(|request| request.expires_at > now && !known.contains(&request.id.to_string()))
            .take_while(|request| {
                let size = request.json.len() + 1;
                let fits = size <= left;
                left = left.saturating_sub(size);
                fits
            })
            .collect()
    }

    /// The request of this number.
    pub fn get(&self, id: &RequestId) -> Option<&Waiting> {
        self.waiting.iter().find(|request| request.id == *id)
    }

    /// Takes out a request that got its signature, or that nobody waits for any more.
    pub fn remove(&mut self, id: &RequestId) -> Option<Waiting> {
        let at = self.waiting.iter().position(|request| request.id == *id)?;
        self.waiting.remove(at)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(number: u8, kind: Kind, expires_at: u64) -> Waiting {
        Waiting {
            id: RequestId::new(1_764_000_000, [number; 12]),
            kind,
            json: format!("{{\"number\":{number}}}"),
            expires_at,
        }
    }

    fn numbers(queue: &Queue, known: &[String], room: usize, now: u64) -> Vec<String> {
        queue
            .pending(known, room, now)
            .iter()
            .map(|it| it.json.clone())
            .collect()
    }

    #[test]
    fn the_oldest_come_first_and_what_is_known_does_not_come_again() {
        let mut queue = Queue::default();
        for number in 1..=3 {
            assert_eq!(queue.push(request(number, Kind::Action, 100), 0), Ok(None));
        }
        assert_eq!(
            numbers(&queue, &[], 1000, 0),
            ["{\"number\":1}", "{\"number\":2}", "{\"number\":3}"]
        );
        let known = [request(2, Kind::Action, 100).id.to_string(), "nonsense".into()];
        assert_eq!(
            numbers(&queue, &known, 1000, 0),
            ["{\"number\":1}", "{\"number\":3}"]
        );
        assert_eq!(
            numbers(&queue, &[], 27, 0).len(),
            2,
            "two of 13 bytes fit into 27"
        );
    }

    #[test]
    fn expired_ones_are_not_offered_and_make_room() {
        let mut queue = Queue::default();
        for number in 0..64 {
            queue.push(request(number, Kind::Action, 100), 0).unwrap();
        }
        assert_eq!(
            queue.push(request(99, Kind::Action, 200), 99),
            Err(QueueError::Full)
        );
        assert!(numbers(&queue, &[], 10_000, 100).is_empty());
        assert_eq!(queue.push(request(99, Kind::Action, 200), 100), Ok(None));
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn only_the_newest_attestation_waits() {
        let mut queue = Queue::default();
        let first = request(1, Kind::Attestation, 100);
        assert_eq!(queue.push(first.clone(), 0), Ok(None));
        queue.push(request(2, Kind::Action, 100), 0).unwrap();
        assert_eq!(
            queue.push(request(3, Kind::Attestation, 100), 0),
            Ok(Some(first.id))
        );
        assert_eq!(
            numbers(&queue, &[], 1000, 0),
            ["{\"number\":2}", "{\"number\":3}"]
        );
        for number in 10..73 {
            let _ = queue.push(request(number, Kind::Action, 100), 0);
        }
        assert!(
            queue.push(request(4, Kind::Attestation, 100), 0).is_ok(),
            "it takes the place of the older one"
        );
    }

    #[test]
    fn what_fits_into_no_frame_does_not_wait() {
        let mut large = request(1, Kind::Action, 100);
        large.json = "x".repeat(MAX_REQUEST + 1);
        assert_eq!(
            Queue::default().push(large, 0),
            Err(QueueError::TooLarge(MAX_REQUEST + 1))
        );
    }
}
