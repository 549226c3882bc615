//! Manifests and indexes, parsed strictly: what two readers could take differently is refused.
//!
//! [OCI image-spec 1.1], [manifest.md] and [image-index.md] there, and Docker's [image manifest version 2, schema 2].
//!
//! [OCI image-spec 1.1]: https://github.com/opencontainers/image-spec/tree/v1.1.1
//! [manifest.md]: https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
//! [image-index.md]: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
//! [image manifest version 2, schema 2]: https://distribution.github.io/distribution/spec/manifest-v2-2/

use std::collections::BTreeMap;

use serde::Deserialize;

use super::descriptor::{Descriptor, Platform, null_is_empty};
use super::json;
use super::manifest_error::ManifestError;

/// Media type of an OCI index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of an OCI manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of Docker's manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Media type of Docker's manifest.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// Most entries of an index, and most layers of a manifest.
pub(super) const MAX_ENTRIES: usize = 1024;

/// Longest media type (RFC 6838, section 4.2), and longest part of a platform, in bytes.
const MAX_NAME: usize = 255;
/// Longest piece of a file that an error quotes, in characters.
const MAX_QUOTED: usize = 200;

/// Names that have a meaning anywhere in these files.
const FIELDS: [&str; 18] = [
    "annotations",
    "architecture",
    "artifactType",
    "config",
    "data",
    "digest",
    "fsLayers",
    "layers",
    "manifests",
    "mediaType",
    "os",
    "os.version",
    "platform",
    "schemaVersion",
    "size",
    "subject",
    "urls",
    "variant",
];

/// Either of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Content {
    /// A list of manifests.
    Index(Index),
    /// One image or artifact.
    Image(ImageManifest),
}

/// A list of manifests: of one image for several platforms, or of what refers to something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// At most 1024.
    pub entries: Vec<Descriptor>,
    /// As it stands.
    pub annotations: BTreeMap<String, String>,
}

/// One image or artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageManifest {
    /// Its configuration.
    pub config: Descriptor,
    /// At most 1024, in order.
    pub layers: Vec<Descriptor>,
    /// What it refers to.
    pub subject: Option<Descriptor>,
    /// As it stands.
    pub artifact_type: Option<String>,
    /// As it stands.
    pub annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexFile {
    schema_version: i64,
    #[serde(default)]
    media_type: Option<String>,
    manifests: Vec<Descriptor>,
    #[serde(default, deserialize_with = "null_is_empty")]
    annotations: BTreeMap<String, String>,
    // What a manifest has.
    #[serde(default)]
    config: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    layers: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    fs_layers: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestFile {
    schema_version: i64,
    #[serde(default)]
    media_type: Option<String>,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default)]
    subject: Option<Descriptor>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    annotations: BTreeMap<String, String>,
    // What an index has, and what a manifest of the first version has.
    #[serde(default)]
    manifests: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    fs_layers: Option<serde::de::IgnoredAny>,
}

impl Content {
    /// Parses what a registry served under `media_type`.
    ///
    /// # Errors
    /// [`ManifestError`]
    pub fn parse(media_type: &str, bytes: &[u8]) -> Result<Self, ManifestError> {
        match media_type {
            OCI_INDEX => Index::parsed(OCI_INDEX, bytes).map(Self::Index),
            DOCKER_LIST => Index::parsed(DOCKER_LIST, bytes).map(Self::Index),
            OCI_MANIFEST => ImageManifest::parsed(OCI_MANIFEST, bytes).map(Self::Image),
            DOCKER_MANIFEST => ImageManifest::parsed(DOCKER_MANIFEST, bytes).map(Self::Image),
            other => Err(ManifestError::MediaType(cut(other))),
        }
    }
}

impl Index {
    /// Parses a list of referrers: of the referrers API, or under the fallback tag.
    ///
    /// # Errors
    /// [`ManifestError`]
    pub fn parse_referrers(bytes: &[u8]) -> Result<Self, ManifestError> {
        Self::parsed(OCI_INDEX, bytes)
    }

    fn parsed(served: &'static str, bytes: &[u8]) -> Result<Self, ManifestError> {
        let file: IndexFile = strict(bytes)?;
        check_head(served, file.schema_version, file.media_type)?;
        if file.config.is_some() || file.layers.is_some() || file.fs_layers.is_some() {
            return Err(ManifestError::Ambiguous);
        }
        check_all(&file.manifests)?;
        Ok(Self {
            entries: file.manifests,
            annotations: file.annotations,
        })
    }

    /// The images to choose from, each with its platform (as [`Platform::normalized`]). Entries for no platform at all (`unknown/unknown`: what build
    /// tools say about the build) are left out.
    ///
    /// # Errors
    /// [`ManifestError::Nested`], [`ManifestError::NotAnImage`], [`ManifestError::NoPlatform`],
    /// [`ManifestError::DoubledPlatform`]
    pub fn images(&self) -> Result<BTreeMap<Platform, &Descriptor>, ManifestError> {
        let mut images = BTreeMap::new();
        for entry in &self.entries {
            match entry.media_type.as_str() {
                OCI_MANIFEST | DOCKER_MANIFEST => {}
                OCI_INDEX | DOCKER_LIST => return Err(ManifestError::Nested(entry.digest)),
                other => return Err(ManifestError::NotAnImage(entry.digest, other.to_owned())),
            }
            let platform = entry
                .platform
                .as_ref()
                .ok_or(ManifestError::NoPlatform(entry.digest))?;
            if platform.os == "unknown" && platform.architecture == "unknown" {
                continue;
            }
            let platform = platform.normalized();
            if images.insert(platform.clone(), entry).is_some() {
                return Err(ManifestError::DoubledPlatform(platform));
            }
        }
        Ok(images)
    }
}

impl ImageManifest {
    fn parsed(served: &'static str, bytes: &[u8]) -> Result<Self, ManifestError> {
        let file: ManifestFile = strict(bytes)?;
        check_head(served, file.schema_version, file.media_type)?;
        if file.manifests.is_some() || file.fs_layers.is_some() {
            return Err(ManifestError::Ambiguous);
        }
        check_all(&file.layers)?;
        check_all(std::slice::from_ref(&file.config))?;
        check_all(file.subject.as_slice())?;
        Ok(Self {
            config: file.config,
            layers: file.layers,
            subject: file.subject,
            artifact_type: file.artifact_type,
            annotations: file.annotations,
        })
    }
}

fn strict<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, ManifestError> {
    // Quotes what it did not expect, of whatever length.
    let form = |error: serde_json::Error| ManifestError::Form(cut(&error.to_string()));
    json::check(bytes, &FIELDS).map_err(form)?;
    serde_json::from_slice(bytes).map_err(form)
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_QUOTED).collect()
}

fn check_head(served: &'static str, version: i64, stated: Option<String>) -> Result<(), ManifestError> {
    if version != 2 {
        return Err(ManifestError::Version(version));
    }
    match stated {
        Some(stated) if stated != served => Err(ManifestError::Disagrees {
            served,
            stated: cut(&stated),
        }),
        // Docker's own formats always name themselves; in OCI's it may be missing.
        None if served == DOCKER_LIST || served == DOCKER_MANIFEST => Err(ManifestError::Disagrees {
            served,
            stated: String::new(),
        }),
        _ => Ok(()),
    }
}

fn check_all(descriptors: &[Descriptor]) -> Result<(), ManifestError> {
    if descriptors.len() > MAX_ENTRIES {
        return Err(ManifestError::TooMany);
    }
    for descriptor in descriptors {
        if descriptor.media_type.is_empty() {
            return Err(ManifestError::MediaType(String::new()));
        }
        let platform = descriptor.platform.as_ref();
        let names = platform.map_or([""; 3], |it| {
            [
                &it.os,
                &it.architecture,
                it.variant.as_deref().unwrap_or_default(),
            ]
        });
        if descriptor.media_type.len() > MAX_NAME || names.iter().any(|name| name.len() > MAX_NAME) {
            let problem = format!("a name is longer than {MAX_NAME} bytes");
            return Err(ManifestError::Form(problem));
        }
        if i64::try_from(descriptor.size).is_err() {
            return Err(ManifestError::Size(descriptor.digest, descriptor.size));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
