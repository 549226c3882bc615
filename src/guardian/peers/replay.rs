use std::collections::HashMap;

use super::message::{Believed, MessageError};
use crate::operator::{OperatorId, PublicKey};

/// Transport keys of one operator that are remembered: each start of its guardian makes one, and each delegation takes the
/// operator's signature, so that only the operator itself could use up the places.
const KEYS_PER_OPERATOR: usize = 16;

/// Which messages were seen: the highest sequence number of each transport key, until its delegation ends.
#[derive(Debug, Default)]
pub struct Replay {
    seen: HashMap<OperatorId, Vec<Seen>>,
}

#[derive(Debug)]
struct Seen {
    transport: PublicKey,
    seq: u64,
    until: u64,
}

impl Replay {
    /// Lets a message through once.
    ///
    /// # Errors
    /// [`MessageError::Replayed`]
    pub fn admit(&mut self, believed: &Believed, now: u64) -> Result<(), MessageError> {
        let keys = self.seen.entry(believed.message.from.clone()).or_default();
        keys.retain(|seen| seen.until > now);
        if let Some(seen) = keys.iter_mut().find(|seen| seen.transport == believed.transport) {
            if believed.message.seq <= seen.seq {
                return Err(MessageError::Replayed);
            }
            seen.seq = believed.message.seq;
            seen.until = seen.until.max(believed.delegated_until);
            return Ok(());
        }
        // A place is never taken from a key that is in force: its old messages could be played again.
        if keys.len() >= KEYS_PER_OPERATOR {
            return Err(MessageError::Delegation(format!(
                "{KEYS_PER_OPERATOR} transport keys of this operator are in force already"
            )));
        }
        keys.push(Seen {
            transport: believed.transport.clone(),
            seq: believed.message.seq,
            until: believed.delegated_until,
        });
        Ok(())
    }
}
