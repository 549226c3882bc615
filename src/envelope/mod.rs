//! Signed envelopes: which bytes are signed for which purpose, how they are built, and how they are verified.
//!
//! Pure. Nothing signs bytes that somebody hands in: a payload is a typed value, and its signed bytes are made here.

mod action;
mod alert;
pub mod canonical;
mod fields;
mod guardian_key;
mod health;
mod recorded;
mod signed;
mod statement;
mod tag;

pub use action::{Action, ActionPayload};
pub use alert::{Alert, CLOSES_NOTICE, MAX_ALERT_BODY, MAX_ALERT_TAG, MAX_ALERT_TITLE, Severity};
pub use fields::{PayloadError, is_slug};
pub use guardian_key::{GuardianKeyPayload, MAX_DELEGATION};
pub use health::{HEALTH_FRESH, HealthAttestation, Status};
pub use recorded::check_recorded;
pub use signed::{Envelope, EnvelopeError, MAX_ENVELOPE, Payload};
pub use statement::{Statement, StatementType};
pub use tag::{Signer, Tag};

pub(crate) use alert::is_alert_tag;
pub(crate) use fields::Fields;
pub(crate) use signed::assemble;
