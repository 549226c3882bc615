use std::time::SystemTime;

use super::descriptor::Platform;
use super::digest::Digest;
use super::evidence::Form;
use super::provenance::Provenance;
use super::reference::Reference;
use super::version::Version;

/// An image that passed every step. Only [`verify`](super::verify()) and [`judge`](super::judge()) make one, and only
/// one of these can be run.
#[derive(Clone, Debug)]
pub struct VerifiedImage {
    facts: Facts,
}

/// What the verdict rests on.
#[derive(Clone, Debug)]
pub(in crate::image) struct Facts {
    pub(in crate::image) reference: Reference,
    pub(in crate::image) digest: Digest,
    pub(in crate::image) platform: Platform,
    pub(in crate::image) manifest_digest: Digest,
    pub(in crate::image) config_digest: Digest,
    pub(in crate::image) signature: SignatureFacts,
    pub(in crate::image) provenance: Option<ProvenanceFacts>,
    pub(in crate::image) version: Option<Version>,
    pub(in crate::image) floor: Option<Version>,
    pub(in crate::image) another_build: bool,
    pub(in crate::image) lower_allowed: bool,
    pub(in crate::image) policy: Digest,
    pub(in crate::image) trust_root: Digest,
    pub(in crate::image) ignored: Vec<String>,
}

/// Who signed, and where that is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureFacts {
    /// How it was stored.
    pub form: Form,
    /// Who.
    pub signer: Signer,
    /// Source repository URL in the certificate.
    pub repository: Option<String>,
    /// Git ref in the certificate.
    pub git_ref: Option<String>,
    /// Git commit in the certificate.
    pub commit: Option<String>,
    /// URL of the run that signed.
    pub run: Option<String>,
    /// When, as the log vouches for.
    pub logged: Logged,
}

/// Whose signature it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// A certified identity.
    Certified {
        /// Subject alternative name.
        identity: String,
        /// Who vouches for it.
        issuer: String,
    },
    /// A key, by the SHA-256 of its SubjectPublicKeyInfo.
    Key(Digest),
}

/// Who built the image, and where that is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenanceFacts {
    /// How it was stored.
    pub form: Form,
    /// What it says.
    pub build: Provenance,
    /// Where it is logged.
    pub logged: Logged,
}

/// A position in the transparency log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logged {
    /// When, as log or timestamp authority vouch for.
    pub at: Option<SystemTime>,
    /// Index of the entry, where it is vouched for.
    pub index: Option<u64>,
}

impl VerifiedImage {
    pub(in crate::image) fn new(facts: Facts) -> Self {
        Self { facts }
    }

    /// The reference that was asked for.
    pub fn reference(&self) -> &Reference {
        &self.facts.reference
    }

    /// What was signed: digest of the index, or of the manifest of an image for one platform.
    pub fn digest(&self) -> &Digest {
        &self.facts.digest
    }

    /// The image by its digest: what to pull, and to pin.
    pub fn pinned(&self) -> Reference {
        self.facts.reference.with_digest(&self.facts.digest)
    }

    /// The platform that was chosen from the verified index.
    pub fn platform(&self) -> &Platform {
        &self.facts.platform
    }

    /// Digest of the platform's manifest: the engine's image id under the containerd store.
    pub fn manifest_digest(&self) -> &Digest {
        &self.facts.manifest_digest
    }

    /// Digest of the platform's config: the engine's image id otherwise.
    pub fn config_digest(&self) -> &Digest {
        &self.facts.config_digest
    }

    /// The signature.
    pub fn signature(&self) -> &SignatureFacts {
        &self.facts.signature
    }

    /// The provenance; `None` only where its absence was allowed.
    pub fn provenance(&self) -> Option<&ProvenanceFacts> {
        self.facts.provenance.as_ref()
    }

    /// The certified version; `None` where nothing certifies one.
    pub fn version(&self) -> Option<&Version> {
        self.facts.version.as_ref()
    }

    /// The version that this machine has settled on; `None` on first use.
    pub fn floor(&self) -> Option<&Version> {
        self.facts.floor.as_ref()
    }

    /// Whether it is of the version that this machine has settled on, and yet not the same image.
    pub fn is_another_build(&self) -> bool {
        self.facts.another_build
    }

    /// Whether it passed only because a downgrade was allowed.
    pub fn is_allowed_downgrade(&self) -> bool {
        self.facts.lower_allowed
    }

    /// Fingerprint of the policy that it passed.
    pub fn policy(&self) -> &Digest {
        &self.facts.policy
    }

    /// Digest of the trust root that it was verified against.
    pub fn trust_root(&self) -> &Digest {
        &self.facts.trust_root
    }

    /// What was found beside the image and counts for nothing.
    pub fn ignored(&self) -> &[String] {
        &self.facts.ignored
    }
}
