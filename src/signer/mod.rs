//! The signing server.
//!
//! The core is pure: what a request means, whether it may be signed, and what to remember of it are functions of the
//! request, the policy, the history and the clock's reading. [`Engine`] joins it with the key and the log; [`Server`] and
//! [`Guardian`] are its doors, [`client`] is the other side of them.

#[cfg(test)]
mod bench;
pub mod client;
mod decide;
mod decision;
mod describe;
mod engine;
pub mod frames;
mod history;
mod id;
mod kind;
mod notice;
pub mod policy;
mod policy_file;
mod pull;
mod reply;
mod request;
mod rules;
mod server;
mod stop;
mod trial;

pub use decide::{approve, decide};
pub use decision::{Answer, Caller, CallerId, Decision, Facts, ImageCheck, Plan, Refusal, TrustedMembership};
pub use describe::{Description, span};
pub use engine::{CompareError, Engine, Setup};
pub use history::{ACCEPT_CLOCK, History, HistoryError, Outcome};
use history::{INTERRUPTED, refused_after_yes};
pub use id::{MAX_ID_AHEAD, NEW_ID_AGE, RequestId, RequestIdError};
pub use kind::{Kind, Operation};
pub use notice::{Notice, Question, QuestionSummary, Scope};
pub use policy::{Policy, PolicyError};
pub use policy_file::{PolicyFile, PolicyFileError, policy_path};
pub use pull::{
    Conversation, Distrust, Guardian, ImageError, ImageTrust, Link, Place, PullError, Remembered, RolledBack,
    verified_head,
};
pub use reply::Reply;
pub use request::{MAX_REQUEST, Meaning, Request, RequestError};
pub use server::{
    Doors, OpenError, Server, SocketError, TokenError, closed_on_the_way, guardian_socket, operator_socket,
    token_path,
};
pub(crate) use server::{Limits, Patient, converse, read_body};
pub use stop::{Stop, Stopper};
pub use trial::{Effect, Trial, trial};

pub use crate::envelope::is_slug as is_federation_name;

#[cfg(test)]
mod measure_tests;
#[cfg(test)]
mod wire_tests;
