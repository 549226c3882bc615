//! Signed envelopes: which bytes are signed for which purpose.

mod tag;

pub use tag::{Signer, Tag};
