use std::collections::HashMap;

use serde::Deserialize;

use super::digest::Digest;
use super::json::refuse_doubled_members;
use super::platform::Platform;

/// Most manifests in an index, and layers in a manifest.
pub(super) const MAX_ENTRIES: usize = 1024;

const INDEX_TYPES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
const MANIFEST_TYPES: [&str; 2] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// What a digest stands for in a registry: an image for several platforms, or for one.
///
/// Formats: [OCI image index], [OCI image manifest], and Docker's of the same form.
///
/// [OCI image index]: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
/// [OCI image manifest]: https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
#[derive(Debug)]
pub enum Document {
    /// Several manifests.
    Index(Index),
    /// One.
    Image(ImageManifest),
}

/// An index: which manifests there are.
#[derive(Debug)]
pub struct Index {
    /// In the order of the document.
    pub manifests: Vec<Descriptor>,
}

/// A manifest: config and layers.
#[derive(Debug)]
pub struct ImageManifest {
    /// The config.
    pub config: Descriptor,
    /// In the order of the document.
    pub layers: Vec<Descriptor>,
}

/// Points to content.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type of the content.
    pub media_type: String,
    /// Digest of the content.
    pub digest: Digest,
    /// Bytes of the content.
    pub size: u64,
    /// Notes.
    #[serde(default)]
    pub annotations: Option<HashMap<String, String>>,
    #[serde(default)]
    platform: Option<RawPlatform>,
}

#[derive(Debug, Deserialize)]
struct RawPlatform {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

/// Why bytes are not an image.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, a doubled member, or not the members of a manifest.
    #[error("not an image manifest or index: {0}")]
    Json(#[from] serde_json::Error),
    /// Neither a manifest nor an index, by the media type.
    #[error("media type {0} is neither an image manifest nor an image index")]
    MediaType(String),
    /// The document is of another kind than its media type says.
    #[error("sent as {sent}, but it is {found}")]
    Disguised {
        /// Media type of the answer.
        sent: String,
        /// What the document says.
        found: String,
    },
    /// More entries than anything genuine has.
    #[error("{0} entries; at most {MAX_ENTRIES} are read")]
    Entries(usize),
    /// An index in an index.
    #[error("an index within the index ({0})")]
    Nested(Digest),
    /// Two manifests for one platform, so that it depends on the reader which of them runs.
    #[error("two manifests for {0}")]
    Doubled(Platform),
    /// A platform whose names are none.
    #[error("a platform that is none: {0}")]
    Platform(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

impl Document {
    /// Reads a manifest or index of at most 4 MiB that was sent as `media_type`.
    ///
    /// A document that could be read as both, or says to be another one than it was sent as, is refused
    /// ([CVE-2021-41190]).
    ///
    /// [CVE-2021-41190]: https://github.com/opencontainers/image-spec/security/advisories/GHSA-77vh-xpmg-72qh
    ///
    /// # Errors
    /// [`ManifestError`]
    pub fn parse(bytes: &[u8], media_type: &str) -> Result<Self, ManifestError> {
        refuse_doubled_members(bytes)?;
        let raw: Raw = serde_json::from_slice(bytes)?;
        if let Some(found) = raw.media_type.filter(|found| found != media_type) {
            return Err(ManifestError::Disguised {
                sent: media_type.to_owned(),
                found,
            });
        }
        let disguised = |found: &str| ManifestError::Disguised {
            sent: media_type.to_owned(),
            found: found.to_owned(),
        };
        let is_index = INDEX_TYPES.contains(&media_type);
        if !is_index && !MANIFEST_TYPES.contains(&media_type) {
            return Err(ManifestError::MediaType(media_type.to_owned()));
        }
        match (is_index, raw.manifests, raw.config, raw.layers) {
            (true, Some(manifests), None, None) => {
                bounded(&manifests)?;
                Ok(Self::Index(Index { manifests }))
            }
            (false, None, Some(config), Some(layers)) => {
                bounded(&layers)?;
                Ok(Self::Image(ImageManifest { config, layers }))
            }
            (true, ..) => Err(disguised("not an index, or more than one")),
            (false, ..) => Err(disguised("not a manifest, or more than one")),
        }
    }
}

impl Index {
    /// The manifest for a platform and the platform as the index spells it, or all platforms there are.
    ///
    /// # Errors
    /// [`ManifestError::Nested`], [`ManifestError::Doubled`], [`ManifestError::Platform`] for any entry.
    pub fn choose(
        &self,
        wanted: &Platform,
    ) -> Result<Result<(&Descriptor, Platform), Vec<Platform>>, ManifestError> {
        let mut platforms: Vec<(&Descriptor, Platform)> = Vec::new();
        for descriptor in &self.manifests {
            if INDEX_TYPES.contains(&descriptor.media_type.as_str()) {
                return Err(ManifestError::Nested(descriptor.digest));
            }
            // BuildKit puts one attestation beside each platform, for "unknown/unknown": nothing that runs.
            let Some(raw) = descriptor.platform.as_ref().filter(|raw| raw.os != "unknown") else {
                continue;
            };
            let platform = raw.read()?;
            if platforms.iter().any(|(_, other)| *other == platform) {
                return Err(ManifestError::Doubled(platform));
            }
            platforms.push((descriptor, platform));
        }
        let mut serving = platforms.iter().filter(|(_, platform)| platform.serves(wanted));
        match (serving.next(), serving.next()) {
            (Some((descriptor, platform)), None) => Ok(Ok((descriptor, platform.clone()))),
            (Some((_, platform)), Some(_)) => Err(ManifestError::Doubled(platform.clone())),
            (None, _) => Ok(Err(platforms.into_iter().map(|(_, platform)| platform).collect())),
        }
    }
}

/// The platform that the config of an image is for.
///
/// Format: <https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md>
///
/// # Errors
/// [`ManifestError::Json`], [`ManifestError::Platform`]
pub(super) fn config_platform(config: &[u8]) -> Result<Platform, ManifestError> {
    refuse_doubled_members(config)?;
    serde_json::from_slice::<RawPlatform>(config)?.read()
}

impl RawPlatform {
    fn read(&self) -> Result<Platform, ManifestError> {
        // An empty variant is none.
        let variant = self.variant.as_deref().filter(|variant| !variant.is_empty());
        Platform::new(&self.os, &self.architecture, variant)
            .ok_or_else(|| ManifestError::Platform(format!("{}/{}", self.os, self.architecture)))
    }
}

fn bounded(entries: &[Descriptor]) -> Result<(), ManifestError> {
    if entries.len() > MAX_ENTRIES {
        return Err(ManifestError::Entries(entries.len()));
    }
    Ok(())
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
