use super::collect::Material;
use super::descriptor::{Descriptor, Platform};
use super::digest::Digest;
use super::error::VerifyError;
use super::manifest::Content;
use super::manifest_error::ManifestError;
use super::platform::PlatformError;
use super::source::Manifest;

/// The part of an image that runs on a platform.
#[derive(Debug)]
pub enum Runs {
    /// The manifest that the index names.
    Manifest(Manifest),
    /// The config of an image for a single platform: only there stands which one that is.
    Config(Vec<u8>),
}

/// Where it stands what runs on a platform.
pub(super) enum Chosen {
    /// In this manifest.
    Manifest(Digest, Platform),
    /// In this config.
    Config(Descriptor),
}

/// What an image has for the platform.
pub(super) fn choose(root: &Manifest, wanted: &Platform) -> Result<Chosen, VerifyError> {
    let invalid = |source| VerifyError::manifest(root.digest, source);
    match Content::parse(&root.media_type, &root.bytes).map_err(invalid)? {
        Content::Image(image) => Ok(Chosen::Config(image.config)),
        Content::Index(index) => match index.choose(wanted).map_err(invalid)? {
            Ok((descriptor, platform)) => Ok(Chosen::Manifest(descriptor.digest, platform)),
            Err(found) => Err(PlatformError::Missing {
                wanted: wanted.clone(),
                found,
            }
            .into()),
        },
    }
}

/// What of the image runs on a platform.
pub(super) struct Image {
    pub(super) platform: Platform,
    pub(super) manifest: Digest,
    pub(super) config: Digest,
}

impl Image {
    /// Follows the digests from the signed bytes to the config.
    pub(super) fn of(material: &Material, digest: Digest, wanted: &Platform) -> Result<Self, VerifyError> {
        let root = Manifest {
            digest,
            ..material.root.clone()
        };
        match (choose(&root, wanted)?, &material.runs) {
            (Chosen::Manifest(manifest, platform), Runs::Manifest(found))
                if Digest::of(&found.bytes) == manifest =>
            {
                Ok(Self {
                    platform,
                    manifest,
                    config: config(found)?,
                })
            }
            (Chosen::Config(config), Runs::Config(found)) if Digest::of(found) == config.digest => Ok(Self {
                platform: platform(&config.digest, found, wanted)?,
                manifest: digest,
                config: config.digest,
            }),
            (Chosen::Manifest(_, platform), _) => Err(PlatformError::Absent(platform).into()),
            (Chosen::Config(_), _) => Err(PlatformError::Absent(wanted.clone()).into()),
        }
    }
}

fn platform(digest: &Digest, config: &[u8], wanted: &Platform) -> Result<Platform, VerifyError> {
    let found = Platform::of_config(config).map_err(|source| VerifyError::manifest(*digest, source))?;
    if found.serves(&wanted.normalized()) {
        return Ok(found);
    }
    Err(PlatformError::Missing {
        wanted: wanted.clone(),
        found: vec![found],
    }
    .into())
}

fn config(manifest: &Manifest) -> Result<Digest, VerifyError> {
    let invalid = |source| VerifyError::manifest(manifest.digest, source);
    match Content::parse(&manifest.media_type, &manifest.bytes).map_err(invalid)? {
        Content::Image(image) => Ok(image.config.digest),
        Content::Index(_) => Err(invalid(ManifestError::Nested(manifest.digest))),
    }
}
