//! How an image becomes trusted.

mod descriptor;
mod digest;
mod host;
mod json;
mod manifest;
mod manifest_error;
mod reference;
pub mod registry;
mod source;

pub use descriptor::{Descriptor, Platform};
pub use digest::{Digest, DigestError};
pub use manifest::{Content, DOCKER_LIST, DOCKER_MANIFEST, ImageManifest, Index, OCI_INDEX, OCI_MANIFEST};
pub use manifest_error::ManifestError;
pub use reference::{MAX_REFERENCE, Reference, ReferenceError};
pub use source::{Manifest, Referrers, Source};
