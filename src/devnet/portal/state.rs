//! What the portal knows. Requests and time in, answers out; no sockets.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;

use serde_json::Value;
use serde_json::value::RawValue;

use super::board::Board;
use super::bucket::Buckets;
use super::clock::Now;
use super::config::{ConfigError, PortalConfig, check_pins};
use super::refusal::Refusal;
use super::timeline::{Timeline, What};
use crate::envelope::{Action, Alert, Envelope, Payload, canonical};
use crate::federation::Directory;
use crate::operator::{OperatorId, PublicKey};

/// Everything.
pub(super) struct State {
    /// In the order of the configuration.
    pub(super) operators: Vec<Known>,
    /// Place in `operators` by public key, 64 hex digits. One key has one entry, and so one scheme.
    by_key: HashMap<String, usize>,
    pub(super) federations: BTreeMap<String, Joined>,
    /// Highest nonce of each key and action.
    pub(super) nonces: HashMap<(OperatorId, Action), u64>,
    per_key: Buckets<OperatorId>,
    forged: Buckets<IpAddr>,
    /// Counts the changes that a page could show.
    pub(super) version: u64,
}

/// An operator of the registry.
pub(super) struct Known {
    pub(super) id: OperatorId,
    pub(super) name: String,
    pub(super) key: PublicKey,
}

/// A federation with what has happened in it.
pub(super) struct Joined {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) threshold: usize,
    pub(super) members: Vec<OperatorId>,
    pub(super) board: Board,
    /// What it passes on to whoever asks for the directory.
    pub(super) directory: Option<Directory>,
    /// The last charter signature of each member.
    pub(super) charters: BTreeMap<OperatorId, Charter>,
    /// Newest last.
    pub(super) incidents: VecDeque<Incident>,
    pub(super) timeline: Timeline,
}

/// A charter signature.
pub(super) struct Charter {
    pub(super) envelope: Box<RawValue>,
    pub(super) membership_hash: Option<String>,
    pub(super) received_at: u64,
}

/// An incident.
pub(super) struct Incident {
    /// 32 hex digits of the hash of its envelope.
    pub(super) id: String,
    pub(super) operator: OperatorId,
    pub(super) alert: Alert,
    pub(super) envelope: Box<RawValue>,
    pub(super) published_at: u64,
}

/// An envelope that is one of an operator of the registry.
pub(super) struct Verified<P> {
    pub(super) operator: OperatorId,
    pub(super) payload: P,
}

impl State {
    pub(super) fn new(config: &PortalConfig, now: Now) -> Result<Self, ConfigError> {
        config.check()?;
        let known = |operator: &super::Operator| Known {
            id: operator.key.operator_id(),
            name: operator.name.clone(),
            key: operator.key.clone(),
        };
        let operators: Vec<Known> = config.operators.iter().map(known).collect();
        let joined = |federation: &super::Federation| {
            let board = Board::new(
                &federation.members,
                federation.pins.clone(),
                config.stale_after,
                now.secs(),
            );
            let joined = Joined {
                slug: federation.slug.clone(),
                name: federation.name.clone(),
                threshold: federation.threshold,
                members: federation.members.clone(),
                board,
                directory: config
                    .directories
                    .iter()
                    .find(|it| it.membership.slug() == federation.slug)
                    .cloned(),
                charters: BTreeMap::new(),
                incidents: VecDeque::new(),
                timeline: Timeline::default(),
            };
            (federation.slug.clone(), joined)
        };
        Ok(Self {
            by_key: (0..)
                .zip(&operators)
                .map(|(at, it)| (it.key.to_hex(), at))
                .collect(),
            operators,
            federations: config.federations.iter().map(joined).collect(),
            nonces: HashMap::new(),
            per_key: Buckets::new(config.limits.per_key),
            forged: Buckets::new(config.limits.forged),
            version: 0,
        })
    }

    /// The envelope's payload, if an operator of the registry signed it under the scheme that the registry states.
    ///
    /// Only an envelope that verifies uses up its key's share, so that nobody can use up another's; one that does not
    /// uses up its sender's.
    pub(super) fn verify<P: Payload>(
        &mut self,
        bytes: &[u8],
        from: IpAddr,
        now: Now,
    ) -> Result<Verified<P>, Refusal> {
        let verified = self.verify_signature::<P>(bytes);
        let (passes, whose) = match &verified {
            Ok(verified) => (self.per_key.take(verified.operator.clone(), now.millis), "key"),
            Err(_) => (self.forged.take(from, now.millis), "address"),
        };
        if passes {
            return verified;
        }
        let detail = format!("there are too many envelopes from this {whose}");
        Err(Refusal::new(429, "rate-limited", detail))
    }

    fn verify_signature<P: Payload>(&self, bytes: &[u8]) -> Result<Verified<P>, Refusal> {
        let bad = |detail: String| Refusal::new(400, "bad-envelope", detail);
        let document: Value = canonical::parse_within(bytes, canonical::MAX_DEPTH + 1)
            .map_err(|error| bad(error.to_string()))?;
        let Some(key) = document.get(P::KEY_FIELD).and_then(Value::as_str) else {
            return Err(bad(format!("it has no {}", P::KEY_FIELD)));
        };
        let Some(operator) = self.by_key.get(key).and_then(|at| self.operators.get(*at)) else {
            return Err(Refusal::new(
                403,
                "unknown-key",
                "the key is not one of an operator of the registry",
            ));
        };
        let envelope = Envelope::<P>::verify(bytes, &operator.key)?;
        Ok(Verified {
            operator: operator.id.clone(),
            payload: envelope.into_payload(),
        })
    }

    /// The federation of this name, if the operator is a member.
    pub(super) fn joined(&mut self, slug: &str, operator: &OperatorId) -> Result<&mut Joined, Refusal> {
        let federation = self
            .federations
            .get_mut(slug)
            .ok_or_else(Refusal::unknown_federation)?;
        if federation.members.contains(operator) {
            Ok(federation)
        } else {
            let detail = format!("{operator} is not a member of {slug}");
            Err(Refusal::new(403, "not-a-member", detail))
        }
    }

    /// Lets time pass on every board.
    pub(super) fn settle(&mut self, now: Now) {
        for federation in self.federations.values_mut() {
            if federation.board.settle(now.secs()) {
                self.version += 1;
            }
        }
    }

    /// Changes the accepted images of a federation; none means any. Says whether there is such a federation.
    pub(super) fn set_pins(&mut self, slug: &str, pins: Vec<String>, now: Now) -> Result<bool, ConfigError> {
        check_pins(&pins)?;
        let Some(federation) = self.federations.get_mut(slug) else {
            return Ok(false);
        };
        if federation.board.pins() != pins {
            federation.board.set_pins(pins.clone(), now.secs());
            federation.timeline.push(now.secs(), What::Pins { pins });
            self.version += 1;
        }
        Ok(true)
    }
}
