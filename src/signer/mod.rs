//! The signing server's core: what a request means, whether it may be signed, and what to remember of it.
//!
//! Pure: functions of the request, the policy, the history and the clock's reading; only `policy_file` reads a file.

#[cfg(test)]
mod bench;
mod decide;
mod decision;
mod describe;
mod history;
mod id;
mod kind;
pub mod policy;
mod policy_file;
mod request;
mod rules;
mod trial;

pub use decide::{approve, decide};
pub use decision::{Answer, Caller, CallerId, Decision, Facts, ImageCheck, Plan, Refusal, TrustedMembership};
pub use describe::{Description, span};
pub use history::{ACCEPT_CLOCK, History, HistoryError, Outcome};
pub use id::{MAX_ID_AHEAD, NEW_ID_AGE, RequestId, RequestIdError};
pub use kind::{Kind, Operation};
pub use policy::{Policy, PolicyError};
pub use policy_file::{PolicyFile, PolicyFileError, policy_path};
pub use request::{MAX_REQUEST, Meaning, Request, RequestError};
pub use trial::{Effect, Trial, trial};

pub use crate::envelope::is_slug as is_federation_name;

#[cfg(test)]
mod measure_tests;
#[cfg(test)]
mod wire_tests;
