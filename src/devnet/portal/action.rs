//! Takes action envelopes: charter signatures and incidents.

use std::net::IpAddr;

use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::clock::Now;
use super::refusal::Refusal;
use super::state::{Charter, Incident, Joined, State, Verified};
use super::timeline::What;
use crate::envelope::{Action, ActionPayload};
use crate::operator::OperatorId;
use crate::store::hex;

/// Incidents that are kept of each operator; the oldest go first, and those of others stay.
const MOST_INCIDENTS: usize = 20;
/// Bytes of their envelopes.
const MOST_BYTES: usize = 24 * 1024;
/// Bytes of all envelopes of a federation's incidents: they still make an answer that the client reads, in which a body
/// stands twice.
const MOST_IN_ALL: usize = 400 * 1024;
/// Largest envelope of a charter signature, for the same reason. Genuine ones have 500 bytes.
const MAX_CHARTER: usize = 4096;
/// How far ahead of our clock a nonce may be, in milliseconds.
const NONCE_AHEAD: u64 = 5 * 60 * 1000;
/// Longest life of an action envelope, in seconds.
const LONGEST_LIFE: u64 = 30 * 24 * 60 * 60;

/// What became of an action envelope.
pub(super) struct Done {
    pub(super) operator: OperatorId,
    /// Of an incident.
    pub(super) id: Option<String>,
    /// It had come before.
    pub(super) repeated: bool,
}

impl State {
    /// Takes a `charter-sign` envelope.
    pub(super) fn take_charter(&mut self, bytes: &[u8], from: IpAddr, now: Now) -> Result<Done, Refusal> {
        let Verified { operator, payload } = self.verify_action(bytes, from, now, Action::CharterSign)?;
        if bytes.len() > MAX_CHARTER {
            let detail = format!("a charter signature has at most {MAX_CHARTER} bytes");
            return Err(Refusal::new(400, "too-large", detail));
        }
        let envelope = raw(bytes)?;
        let federation = self.joined(&payload.federation, &operator)?;
        let last = federation.charters.get(&operator);
        if last.is_some_and(|last| last.envelope.get() == envelope.get()) {
            return Ok(Done {
                operator,
                id: None,
                repeated: true,
            });
        }
        self.use_nonce(&operator, &payload, now)?;
        let hash = payload.params.get("membership_hash").and_then(Value::as_str);
        let membership_hash = hash
            .filter(|hash| hash.len() == 64 && hex::is_lower_hex(hash))
            .map(str::to_owned);
        let federation = self.joined(&payload.federation, &operator)?;
        if let Some(directory) = &mut federation.directory
            && let Ok(envelope) = serde_json::from_str(envelope.get())
        {
            // One over another membership is shown on the page, and makes nobody's directory unusable.
            let _ = directory.add_charter_signature(envelope);
        }
        federation.charters.insert(
            operator.clone(),
            Charter {
                envelope,
                membership_hash: membership_hash.clone(),
                received_at: now.secs(),
            },
        );
        let operator_id = operator.clone();
        federation.timeline.push(
            now.secs(),
            What::Charter {
                operator_id,
                membership_hash,
            },
        );
        self.version += 1;
        Ok(Done {
            operator,
            id: None,
            repeated: false,
        })
    }

    /// Takes an `alert-publish` envelope.
    pub(super) fn take_incident(&mut self, bytes: &[u8], from: IpAddr, now: Now) -> Result<Done, Refusal> {
        let Verified { operator, payload } = self.verify_action(bytes, from, now, Action::AlertPublish)?;
        let alert = payload
            .alert()
            .ok_or_else(|| Refusal::new(400, "bad-envelope", "its params are not those of an alert"))?;
        let envelope = raw(bytes)?;
        let id = hex::encode(&Sha256::digest(bytes)[..16]);
        let federation = self.joined(&payload.federation, &operator)?;
        let repeated = federation.incidents.iter().any(|it| it.id == id);
        if !repeated {
            self.use_nonce(&operator, &payload, now)?;
            let federation = self.joined(&payload.federation, &operator)?;
            federation.make_room(&operator, envelope.get().len());
            federation.incidents.push_back(Incident {
                id: id.clone(),
                operator: operator.clone(),
                alert,
                envelope,
                published_at: now.secs(),
            });
            self.version += 1;
        }
        Ok(Done {
            operator,
            id: Some(id),
            repeated,
        })
    }

    fn verify_action(
        &mut self,
        bytes: &[u8],
        from: IpAddr,
        now: Now,
        wanted: Action,
    ) -> Result<Verified<ActionPayload>, Refusal> {
        let verified = self.verify::<ActionPayload>(bytes, from, now)?;
        let found = verified.payload.action;
        if found != wanted {
            let detail = format!(
                "its action is {}, and this address takes {}",
                found.as_str(),
                wanted.as_str()
            );
            return Err(Refusal::new(400, "wrong-action", detail));
        }
        let (now, expires_at) = (now.secs(), verified.payload.expires_at);
        if expires_at <= now {
            let detail = format!("it expired {} s ago", now - expires_at);
            return Err(Refusal::new(409, "expired", detail));
        }
        if expires_at - now > LONGEST_LIFE {
            return Err(Refusal::new(
                400,
                "expires-too-late",
                "it is good for more than 30 days",
            ));
        }
        Ok(verified)
    }

    /// Strictly forward for each key and action: an envelope that was read on its way cannot be played again.
    fn use_nonce(&mut self, operator: &OperatorId, payload: &ActionPayload, now: Now) -> Result<(), Refusal> {
        let nonce = payload.nonce;
        if nonce > now.millis.saturating_add(NONCE_AHEAD) {
            return Err(Refusal::new(
                409,
                "nonce-ahead",
                format!("the nonce {nonce} is more than 5 minutes ahead of the portal's clock"),
            ));
        }
        let highest = self.nonces.entry((operator.clone(), payload.action)).or_default();
        if nonce <= *highest {
            return Err(Refusal::new(
                409,
                "nonce-used",
                format!("the nonce {nonce} is not above {highest}, the last one of this key and action"),
            ));
        }
        *highest = nonce;
        Ok(())
    }
}

impl Joined {
    /// Forgets the oldest incidents, of the operator and then of all, until there is room for one more of `bytes`.
    fn make_room(&mut self, operator: &OperatorId, bytes: usize) {
        let size = |incidents: &[&Incident]| {
            incidents.iter().map(|it| it.envelope.get().len()).sum::<usize>() + bytes
        };
        loop {
            let own: Vec<&Incident> = self
                .incidents
                .iter()
                .filter(|it| it.operator == *operator)
                .collect();
            let all: Vec<&Incident> = self.incidents.iter().collect();
            let oldest = if own.len() >= MOST_INCIDENTS || (size(&own) > MOST_BYTES && !own.is_empty()) {
                self.incidents.iter().position(|it| it.operator == *operator)
            } else if size(&all) > MOST_IN_ALL {
                Some(0)
            } else {
                None
            };
            if oldest.and_then(|at| self.incidents.remove(at)).is_none() {
                return;
            }
        }
    }
}

fn raw(bytes: &[u8]) -> Result<Box<RawValue>, Refusal> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    RawValue::from_string(text).map_err(|error| Refusal::new(400, "bad-envelope", error.to_string()))
}
