use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::verified::{Signer, VerifiedImage};
use super::version::Version;

/// Longest identity and longest issuer that are remembered, in bytes as JSON.
const MAX_NAME: usize = 1024;

/// That an image was verified on this machine, and what that rested on. As it is written to `verified.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    digest: Digest,
    manifest_digest: Digest,
    config_digest: Digest,
    image: String,
    version: Option<Version>,
    signer: SignedBy,
    /// [`Policy::fingerprint`](super::Policy::fingerprint)
    policy: Digest,
    trust_root: Digest,
    /// False only where its absence was allowed.
    provenance: bool,
    /// Whether it passed only because a downgrade was allowed.
    downgrade_allowed: bool,
    verified_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum SignedBy {
    Certificate { identity: String, issuer: String },
    Key { key_digest: Digest },
}

/// A signer whose name is longer than what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Verdict {
    pub(super) fn of(image: &VerifiedImage, now: SystemTime) -> Result<Self, TooLong> {
        let signer = match &image.signature().signer {
            Signer::Certified { identity, issuer } => {
                // What a regular expression lets pass has no bound of its own, and the file has.
                if [identity, issuer].into_iter().any(|name| length(name) > MAX_NAME) {
                    return Err(TooLong);
                }
                SignedBy::Certificate {
                    identity: identity.clone(),
                    issuer: issuer.clone(),
                }
            }
            Signer::Key(key_digest) => SignedBy::Key {
                key_digest: *key_digest,
            },
        };
        Ok(Self {
            digest: *image.digest(),
            manifest_digest: *image.manifest_digest(),
            config_digest: *image.config_digest(),
            image: image.reference().name(),
            version: image.version().cloned(),
            signer,
            policy: *image.policy(),
            trust_root: *image.trust_root(),
            provenance: image.provenance().is_some(),
            downgrade_allowed: image.is_allowed_downgrade(),
            verified_at: humantime::format_rfc3339_seconds(now).to_string(),
        })
    }

    /// Whether it says the same, whenever that was.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let at = |verdict: &Self| Self {
            verified_at: String::new(),
            ..verdict.clone()
        };
        at(self) == at(other)
    }

    /// Whether it was reached under this very policy and trust root, with provenance. Another policy, even one that
    /// looks wider, says nothing about this one: the image is then to be verified again.
    pub(super) fn holds_under(&self, policy: &Digest, trust_root: &Digest) -> bool {
        self.policy == *policy && self.trust_root == *trust_root && self.provenance
    }

    /// Whether an engine that runs this image may give it this id: the digest of its config, or, under the containerd
    /// store, of its manifest or index.
    pub(super) fn has_image_id(&self, id: &Digest) -> bool {
        [&self.config_digest, &self.manifest_digest, &self.digest].contains(&id)
    }

    /// What was signed: digest of the index, or of the manifest of an image for one platform.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Digest of the platform's config.
    pub fn config_digest(&self) -> &Digest {
        &self.config_digest
    }

    /// Name of the image, without tag.
    pub fn image(&self) -> &str {
        &self.image
    }

    /// The certified version; `None` where nothing certifies one.
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// Whether it was older than what had settled, or of no certified version, and the operator let that pass.
    pub fn is_allowed_downgrade(&self) -> bool {
        self.downgrade_allowed
    }
}

fn length(text: &str) -> usize {
    serde_json::to_string(text).map_or(usize::MAX, |json| json.len())
}
