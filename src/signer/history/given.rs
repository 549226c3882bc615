use std::collections::VecDeque;

use crate::signer::RequestId;

/// Most that are remembered: of more actions than anybody sends again.
const MOST: usize = 256;

/// Nonces of the last actions, by request: an operator's request can come without a nonce, and when it comes again it is to be
/// the same request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Given(VecDeque<(RequestId, u64)>);

impl Given {
    pub(super) fn note(&mut self, id: RequestId, nonce: u64) {
        if self.get(id).is_some() {
            return;
        }
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((id, nonce));
    }

    pub(super) fn get(&self, id: RequestId) -> Option<u64> {
        self.0.iter().find(|(it, _)| *it == id).map(|(_, nonce)| *nonce)
    }

    /// The oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(RequestId, u64)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_known() {
        let id = |number: u8| RequestId::new(5, [number; 12]);
        let mut given = Given::default();
        given.note(id(1), 10);
        given.note(id(1), 11);
        assert_eq!(given.get(id(1)), Some(10));
        for number in 2..=255 {
            given.note(id(number), 1);
        }
        assert_eq!((given.get(id(1)), given.iter().count()), (Some(10), 255));
        given.note(id(0), 1);
        given.note(RequestId::new(6, [0; 12]), 1);
        assert_eq!((given.get(id(1)), given.iter().count()), (None, MOST));
    }
}
