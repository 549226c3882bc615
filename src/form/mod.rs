//! The guardian's container for those who run it under another supervisor: the same that `run` makes, as a file for
//! Docker Compose, Podman's Quadlet or Kubernetes, pinned to a verified digest. Pure: values in, text out.

mod compose;
mod container;
mod host_path;
mod image_policy;
mod kubernetes;
mod quadlet;
mod yaml;

pub use container::{Container, DATA_VOLUME, NAME, SignerFolder};
pub use host_path::{HostPath, PathError};
pub use image_policy::{Admission, ImagePolicyError};

/// What the container is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A file for `docker compose`.
    Compose,
    /// A `.container` unit for Podman's systemd generator.
    Quadlet,
    /// Manifests for `kubectl apply`, with an admission policy for the image.
    Kubernetes,
}

/// Why a container cannot be written in a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A path that the format has no way to spell.
    #[error(transparent)]
    Path(#[from] PathError),
    /// An identity rule that the admission policy has no way to spell.
    #[error(transparent)]
    ImagePolicy(#[from] ImagePolicyError),
}

/// Writes the container. `admission` is who must have signed, for the format that can have it checked again.
///
/// # Errors
/// [`FormError`]
pub fn write(format: Format, container: &Container, admission: &Admission) -> Result<String, FormError> {
    match format {
        Format::Compose => Ok(compose::write(container)),
        Format::Quadlet => Ok(quadlet::write(container)?),
        Format::Kubernetes => Ok(kubernetes::write(container, admission)?),
    }
}
