//! How an image becomes trusted.

mod digest;
mod host;
mod json;
mod reference;
pub mod registry;
mod source;
pub mod trust;

pub use digest::{Digest, DigestError};
pub use reference::{MAX_REFERENCE, Reference, ReferenceError};
pub use source::{Manifest, Referrers, Source};
