//! How an image becomes trusted.

mod digest;
mod host;
mod json;
mod manifest;
mod reference;
pub mod registry;
mod source;

pub use digest::{Digest, DigestError};
pub use manifest::{
    Content, DOCKER_LIST, DOCKER_MANIFEST, Descriptor, ImageManifest, Index, ManifestError, OCI_INDEX,
    OCI_MANIFEST, Platform,
};
pub use reference::{MAX_REFERENCE, Reference, ReferenceError};
pub use source::{Manifest, Referrers, Source};
