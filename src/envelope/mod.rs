//! Signed envelopes: which bytes are signed for which purpose.

mod recorded;
mod tag;

pub use recorded::check_recorded;
pub use tag::{Signer, Tag};
