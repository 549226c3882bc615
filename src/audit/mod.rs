//! The audit log: hash-chained records, durable before what they record takes effect.
//!
//! A record's hash is an HMAC under a key that follows from the operator secret, over the record and the hash before it: who
//! cannot open the operator key can neither change nor add a record. What the chain itself cannot show, a tail that was cut
//! off or a folder put back to an older state, the epoch file beside the key and heads noted elsewhere show.
//!
//! Knows nothing of requests and of what a signature is for: the signing server says what to record, and whoever verifies
//! says which signatures are good.

mod checkpoint;
mod disk;
mod entry;
mod epoch;
mod error;
mod export;
mod find;
mod hash;
mod head;
mod key;
mod layout;
mod ledger;
mod lines;
pub mod operations;
mod reader;
mod record;
mod sealer;
mod ticket;
mod verify;

#[cfg(test)]
mod format_tests;

pub use checkpoint::MAX_CHECKPOINT_BYTES;
pub use entry::{Entry, Event, MAX_AT, MAX_PAYLOAD_BYTES, MAX_TEXT_BYTES};
pub use error::AuditError;
pub use export::export;
pub use find::record_at;
pub use hash::Hash;
pub use head::Head;
pub use key::ChainKey;
pub use ledger::{Ledger, Opened, Replay};
pub use reader::{Found, last_head, read};
pub use record::{MAX_LINE_BYTES, Record, RecordError, time};
pub use ticket::Ticket;
pub use verify::{Finding, NotedHead, Reason, Report, SignatureCheck, exported_by, verify, verify_export};
