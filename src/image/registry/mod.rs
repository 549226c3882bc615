//! The registry client: the edge to the network. It fetches, bounds and hashes, and decides nothing about trust.

mod error;

pub use error::{Misbehaviour, Outage, RegistryError};
