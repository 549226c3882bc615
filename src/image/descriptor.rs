use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::digest::Digest;

/// Names content by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Not empty in what is parsed.
    pub media_type: String,
    /// Of the content.
    pub digest: Digest,
    /// Of the content, in bytes; at most `i64::MAX`, as in Go's types for it.
    pub size: u64,
    /// What the content is for.
    #[serde(default)]
    pub artifact_type: Option<String>,
    /// As it stands.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// In an index: where it runs.
    #[serde(default)]
    pub platform: Option<Platform>,
}

/// Where an image runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub struct Platform {
    /// As Go names it: `linux`.
    pub os: String,
    /// As Go names it: `amd64`.
    pub architecture: String,
    /// Of the processor: `v8`.
    #[serde(default)]
    pub variant: Option<String>,
    /// Of the operating system.
    #[serde(default, rename = "os.version")]
    pub os_version: Option<String>,
}

impl Platform {
    /// The one spelling of what engines take for the same, as containerd has it
    /// (<https://github.com/containerd/platforms/blob/v1.0.0/database.go>).
    #[must_use]
    pub fn normalized(&self) -> Self {
        let architecture = match self.architecture.to_ascii_lowercase().as_str() {
            "i386" | "i686" => "386".into(),
            "x86_64" | "x86-64" => "amd64".into(),
            "aarch64" => "arm64".into(),
            other => other.to_owned(),
        };
        let variant = self.variant.as_deref().unwrap_or_default().to_ascii_lowercase();
        let variant = match (architecture.as_str(), variant.as_str()) {
            ("arm64", "v8" | "8") | ("amd64", "v1") | (_, "") if architecture != "arm" => None,
            ("arm", "" | "7") => Some("v7".into()),
            ("arm", "5" | "6" | "8") => Some(format!("v{variant}")),
            _ => Some(variant),
        };
        Self {
            os: self.os.to_ascii_lowercase(),
            architecture,
            variant,
            os_version: self.os_version.clone(),
        }
    }
}

impl fmt::Display for Platform {
    /// `linux/arm64/v8`, as Docker spells it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// Go writes an empty map as null.
pub(super) fn null_is_empty<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
