//! Whether the federation can do without us for a moment.

use serde_json::value::RawValue;

use super::report::PeerReport;
use crate::envelope::{Envelope, HEALTH_FRESH, HealthAttestation, Status};
use crate::federation::{Member, Membership};
use crate::operator::OperatorId;

/// A health envelope that somebody passed on, and whose it is said to be.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Who is said to have signed it.
    pub operator: &'a OperatorId,
    /// The envelope.
    pub envelope: &'a RawValue,
}

impl PeerReport {
    /// The health envelopes in it.
    pub fn claims(&self) -> impl Iterator<Item = Claim<'_>> {
        self.peers.iter().filter_map(|peer| {
            Some(Claim {
                operator: &peer.operator_id,
                envelope: peer.health.as_deref()?,
            })
        })
    }
}

/// Whether an upgrade may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FederationGate {
    /// Enough others are healthy.
    Open(Count),
    /// Too few others are: without us the federation could not sign.
    Closed(Count),
    /// All of its guardians are needed for a signature, so that it can never do without us.
    NeedsAll {
        /// How many they are.
        guardians: usize,
    },
    /// The guardian has no trusted membership: there is nothing to wait for.
    NoMembership,
}

/// Who of the others is healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many have to be.
    pub needed: usize,
    /// Those that are, in the federation's order.
    pub healthy: Vec<OperatorId>,
    /// Those that are not.
    pub absent: Vec<Absent>,
}

/// A guardian that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// Whose.
    pub operator: OperatorId,
    /// Why not.
    pub why: Why,
}

/// Why a guardian does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nobody has an envelope of it.
    NeverHeard,
    /// What is said to be its envelope is not.
    NotBelieved,
    /// Its newest envelope is too old.
    Stale {
        /// By so many seconds.
        age: u64,
    },
    /// Its newest envelope is of the future: one of the clocks is wrong.
    Ahead {
        /// By so many seconds.
        by: u64,
    },
    /// It says itself that it is not well.
    Unwell(Unwell),
}

/// What a guardian that is not well says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unwell {
    /// `starting`
    Starting,
    /// `degraded`
    Degraded,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NeverHeard => f.write_str("never heard of"),
            Self::NotBelieved => f.write_str("what is passed on as its health is not signed by it"),
            Self::Stale { age } => write!(f, "last heard of {age} s ago"),
            Self::Ahead { by } => write!(f, "its clock, or ours, is off by {by} s"),
            Self::Unwell(Unwell::Starting) => f.write_str("starting"),
            Self::Unwell(Unwell::Degraded) => f.write_str("degraded, as it says itself"),
        }
    }
}

/// Counts the guardians that are healthy without `ours`, at `now` (Unix seconds): each by the newest envelope that it
/// signed itself, from wherever it came. Whoever passes it on can hold one back, and not make one.
pub fn judge<'a>(
    membership: Option<&Membership>,
    ours: &OperatorId,
    claims: impl IntoIterator<Item = Claim<'a>>,
    now: u64,
) -> FederationGate {
    let Some(membership) = membership else {
        return FederationGate::NoMembership;
    };
    let claims: Vec<Claim<'_>> = claims.into_iter().collect();
    let others = membership
        .guardians()
        .iter()
        .filter(|it| it.operator_id() != *ours);
    let mut count = Count {
        needed: membership.threshold(),
        healthy: Vec::new(),
        absent: Vec::new(),
    };
    for member in others {
        let operator = member.operator_id();
        let of_member = claims.iter().filter(|claim| *claim.operator == operator);
        match best(member, membership.slug(), of_member, now) {
            Ok(()) => count.healthy.push(operator),
            Err(why) => count.absent.push(Absent { operator, why }),
        }
    }
    if count.healthy.len() + count.absent.len() < count.needed {
        return FederationGate::NeedsAll {
            guardians: membership.guardians().len(),
        };
    }
    if count.healthy.len() >= count.needed {
        FederationGate::Open(count)
    } else {
        FederationGate::Closed(count)
    }
}

/// By the newest envelope that is not of the future; what else was passed on says nothing about the guardian.
fn best<'a>(
    member: &Member,
    slug: &str,
    claims: impl Iterator<Item = &'a Claim<'a>>,
    now: u64,
) -> Result<(), Why> {
    let mut why = Why::NeverHeard;
    let mut newest: Option<HealthAttestation> = None;
    for claim in claims {
        let Some(health) = believed(member, slug, claim.envelope) else {
            if why == Why::NeverHeard {
                why = Why::NotBelieved;
            }
            continue;
        };
        if health.attested_at > now + HEALTH_FRESH {
            why = Why::Ahead {
                by: health.attested_at - now,
            };
        } else if newest
            .as_ref()
            .is_none_or(|it| it.attested_at < health.attested_at)
        {
            newest = Some(health);
        }
    }
    let newest = newest.ok_or(why)?;
    let age = now.saturating_sub(newest.attested_at);
    if age > HEALTH_FRESH {
        return Err(Why::Stale { age });
    }
    match newest.status {
        Status::Running => Ok(()),
        Status::Starting => Err(Why::Unwell(Unwell::Starting)),
        Status::Degraded => Err(Why::Unwell(Unwell::Degraded)),
    }
}

fn believed(member: &Member, slug: &str, envelope: &RawValue) -> Option<HealthAttestation> {
    let verified = Envelope::<HealthAttestation>::verify(envelope.get().as_bytes(), &member.public).ok()?;
    let health = verified.into_payload();
    (health.operator_id == member.operator_id() && health.federation_slug == slug).then_some(health)
}

#[cfg(test)]
#[path = "federation_gate_tests.rs"]
mod tests;
