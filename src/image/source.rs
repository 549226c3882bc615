use super::digest::Digest;
use super::reference::Reference;
use super::registry::RegistryError;

/// Where manifests and blobs of images come from. Only the repository of a reference is used; what is wanted of it is
/// said beside it.
///
/// `Sync`, so that requests that do not depend on each other can go at once.
pub trait Source: Sync {
    /// The manifest or index that a tag points to now; `None` where there is no such tag or repository.
    ///
    /// # Errors
    /// [`RegistryError`]
    fn manifest_by_tag(&self, reference: &Reference, tag: &str) -> Result<Option<Manifest>, RegistryError>;

    /// The manifest or index that hashes to `digest`; `None` where there is no such manifest or repository.
    ///
    /// # Errors
    /// [`RegistryError`]; [`RegistryError::DigestMismatch`] where other bytes are sent.
    fn manifest(&self, reference: &Reference, digest: &Digest) -> Result<Option<Manifest>, RegistryError>;

    /// The blob that hashes to `digest`, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`RegistryError`]; [`RegistryError::DigestMismatch`] where other bytes are sent.
    fn blob(&self, reference: &Reference, digest: &Digest, limit: usize) -> Result<Vec<u8>, RegistryError>;

    /// What refers to `digest`, by the referrers API alone: the fallback tag is the caller's to ask for.
    ///
    /// # Errors
    /// [`RegistryError`]
    fn referrers(&self, reference: &Reference, digest: &Digest) -> Result<Referrers, RegistryError>;
}

/// A manifest or index, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Computed from the bytes.
    pub digest: Digest,
    /// `Content-Type` of the answer, without parameters.
    pub media_type: String,
    /// At most 4 MiB.
    pub bytes: Vec<u8>,
}

/// What the referrers API said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Referrers {
    /// An image index. Where the registry sent several pages, one index with the entries of all.
    Index(Vec<u8>),
    /// The registry does not have the API (it answered 404).
    NoApi,
}
