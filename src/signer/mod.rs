//! The signing server's core: what a request means, whether it may be signed, and what to remember of it.
//!
//! Pure: functions of the request, the policy, the history and the clock's reading. Doors, keys and files are elsewhere.

mod decide;
mod decision;
mod describe;
mod history;
mod id;
mod kind;
pub mod policy;
mod request;
mod rules;

pub use decide::{approve, decide};
pub use decision::{Answer, Caller, CallerId, Decision, Facts, ImageCheck, Plan, Refusal, TrustedMembership};
pub use describe::Description;
pub use history::{ACCEPT_CLOCK, History, HistoryError, Outcome};
pub use id::{MAX_ID_AHEAD, NEW_ID_AGE, RequestId, RequestIdError};
pub use kind::{Kind, Operation};
pub use policy::{Policy, PolicyError};
pub use request::{MAX_REQUEST, Meaning, Request, RequestError};
