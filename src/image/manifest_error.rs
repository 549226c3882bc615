use super::descriptor::Platform;
use super::digest::Digest;
use super::manifest::MAX_ENTRIES;

/// Why bytes are not a manifest or index, or not one to choose from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Another type of content.
    #[error("{0:?} is no type of image manifest or index")]
    MediaType(String),
    /// It names itself something else than the registry does.
    #[error("it is served as {served} and calls itself {stated:?}")]
    Disagrees {
        /// By the registry.
        served: &'static str,
        /// In its `mediaType`.
        stated: String,
    },
    /// It has what the other kind has, so that a reader may take it for that.
    #[error("it can be taken for a manifest as well as for an index")]
    Ambiguous,
    /// Another version of the format.
    #[error("schemaVersion is {0}, not 2")]
    Version(i64),
    /// Not JSON, or not of this form.
    #[error("not a manifest: {0}")]
    Form(String),
    /// Too much of it.
    #[error("it has more than {MAX_ENTRIES} entries")]
    TooMany,
    /// A size that is no size of a file.
    #[error("{0} is said to have {1} bytes")]
    Size(Digest, u64),
    /// The index has an index in it.
    #[error("the index holds another index, {0}")]
    Nested(Digest),
    /// An entry that may or may not be an image.
    #[error("the entry {0} of the index is not an image manifest ({1:?})")]
    NotAnImage(Digest, String),
    /// An entry without a platform.
    #[error("the entry {0} of the index names no platform")]
    NoPlatform(Digest),
    /// Two entries for one platform: which one runs would be up to the engine.
    #[error("the index has two images for {0}")]
    DoubledPlatform(Platform),
}
