//! Client of the portal's HTTP API. The portal is a convenience: nothing it says is trusted with a key or for a roster,
//! and whatever it answers is checked like any outside input.

mod answer;
mod base;
mod board;
mod charters;
mod client;
mod document;
mod error;
mod federations;
mod http;
mod incidents;
mod posted;
mod registry;

pub use answer::AnswerError;
pub use base::{Base, BaseError, DEFAULT_BASE};
pub use board::{Board, BoardEntry, Color};
pub use charters::{CharterSignature, Charters};
pub use client::{Client, Settings};
pub use document::{DocumentError, fetch_document, plain_agent};
pub use error::{Fault, Outage, PortalError};
pub use federations::{Federation, FederationList, FederationMember, FederationSummary};
pub use incidents::{Incident, Incidents};
pub use posted::Posted;
pub use registry::{RegisteredOperator, Registry};

#[cfg(test)]
mod tests;
