use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::bucket::Rate;
use super::clock::Clock;
use crate::envelope::HEALTH_FRESH;
use crate::federation::Directory;
use crate::operator::{OperatorId, PublicKey};

/// What a portal is started with.
pub struct PortalConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whose keys it knows.
    pub operators: Vec<Operator>,
    /// Which federations there are.
    pub federations: Vec<Federation>,
    /// Directories that it passes on, with the charter signatures that come in; each of one of the federations.
    pub directories: Vec<Directory>,
    /// After how many seconds an attestation is stale.
    pub stale_after: u64,
    /// How much it lets through.
    pub limits: Limits,
    /// Where it reads the time.
    pub clock: Clock,
}

impl PortalConfig {
    /// With the public portal's times and limits that no honest guardian meets.
    pub fn new(listen: SocketAddr, operators: Vec<Operator>, federations: Vec<Federation>) -> Self {
        Self {
            listen,
            operators,
            federations,
            directories: Vec::new(),
            stale_after: HEALTH_FRESH,
            limits: Limits::default(),
            clock: Clock::system(),
        }
    }
}

/// An entry of the registry.
#[derive(Clone, Debug)]
pub struct Operator {
    /// What people call it: one line of 1 to 64 characters.
    pub name: String,
    /// Its key, with the one scheme that its signatures are verified under.
    pub key: PublicKey,
}

/// A federation.
#[derive(Clone, Debug)]
pub struct Federation {
    /// `[a-z0-9-]{1,64}`
    pub slug: String,
    /// What people call it: one line of 1 to 64 characters.
    pub name: String,
    /// How many guardians make a signature.
    pub threshold: usize,
    /// Operators of the registry, in their order.
    pub members: Vec<OperatorId>,
    /// Accepted image digests; none of them means any.
    pub pins: Vec<String>,
}

/// How much a portal lets through.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Envelopes of one operator.
    pub per_key: Rate,
    /// Envelopes from one address that did not verify.
    pub forged: Rate,
    /// Connections at once.
    pub connections: usize,
    /// Of those, pages that are kept up to date.
    pub live: usize,
    /// How long the head of a request may take, and so also how long a connection may be idle.
    pub head_time: Duration,
    /// How long a body may take.
    pub body_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_key: Rate {
                burst: 40,
                per_second: 20,
            },
            forged: Rate {
                burst: 100,
                per_second: 20,
            },
            connections: 256,
            live: 64,
            head_time: Duration::from_secs(15),
            body_time: Duration::from_secs(10),
        }
    }
}

/// Why a portal cannot be started with a configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// Two operators with one key.
    #[error("the operator {0} is there twice")]
    OperatorTwice(OperatorId),
    /// Two federations of one name.
    #[error("the federation {0:?} is there twice")]
    FederationTwice(String),
    /// Not a name of a federation.
    #[error("{0:?} is not 1 to 64 of a-z 0-9 -")]
    Slug(String),
    /// Not a name for people.
    #[error("the name {0:?} is not one line of 1 to 64 characters")]
    Name(String),
    /// A member whose key is not known, or one that is there twice.
    #[error("the member {member} of {federation} is not an operator, or is there twice")]
    Member {
        /// Of which federation.
        federation: String,
        /// Who.
        member: OperatorId,
    },
    /// No image digest.
    #[error("{0:?} is not sha256: and 64 digits 0-9 a-f")]
    Pin(String),
}

impl PortalConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let mut known = HashSet::new();
        for operator in &self.operators {
            check_name(&operator.name)?;
            let id = operator.key.operator_id();
            if !known.insert(id.clone()) {
                return Err(ConfigError::OperatorTwice(id));
            }
        }
        let mut slugs = HashSet::new();
        for federation in &self.federations {
            if !crate::envelope::is_slug(&federation.slug) {
                return Err(ConfigError::Slug(federation.slug.clone()));
            }
            check_name(&federation.name)?;
            check_pins(&federation.pins)?;
            if !slugs.insert(&federation.slug) {
                return Err(ConfigError::FederationTwice(federation.slug.clone()));
            }
            let mut members = HashSet::new();
            for member in &federation.members {
                if !known.contains(member) || !members.insert(member) {
                    return Err(ConfigError::Member {
                        federation: federation.slug.clone(),
                        member: member.clone(),
                    });
                }
            }
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), ConfigError> {
    let good = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    good.then_some(())
        .ok_or_else(|| ConfigError::Name(name.to_owned()))
}

pub(super) fn check_pins(pins: &[String]) -> Result<(), ConfigError> {
    let digest = |pin: &&String| {
        pin.strip_prefix("sha256:")
            .is_some_and(|digits| digits.len() == 64 && crate::store::hex::is_lower_hex(digits))
    };
    match pins.iter().find(|pin| !digest(pin)) {
        Some(bad) => Err(ConfigError::Pin(bad.clone())),
        None => Ok(()),
    }
}
