//! How an image becomes trusted.
//!
//! [`verify()`] is the one way to a [`VerifiedImage`], and nothing else can be run. Its steps:
//!
//! 1. Resolve the reference **once** to a digest. From there on, only digests. ([`collect()`])
//! 2. Collect what claims to be a signature or provenance: Sigstore bundles among the referrers, else the layers of
//!    cosign's legacy tags. Bundles win over legacy, for each purpose apart. ([`collect()`], [`Bundles`])
//! 3. Verify each offline against the trust root: certificate chain, SCT, log entry, inclusion proof, checkpoint, SET,
//!    times, signature. ([`prove()`])
//! 4. Check what the library leaves to us: that the signed payload or statement is about this digest, and that it states
//!    a signature or provenance and not something else.
//! 5. Check who signed: issuer, identity as a whole, and that the certificate's other claims agree. ([`Policy`])
//! 6. Check who built it, where, and from what: the same source as was signed for. ([`Provenance`])
//! 7. Check that it is not older than what has settled here. The version is the certified tag. ([`Known`])
//! 8. Keep all that the verdict rests on, to be printed. ([`VerifiedImage`])
//!
//! [`judge()`] is steps 3 to 8 without network, disk or clock. Only this module uses the sigstore crates.

mod artifact;
mod at_once;
mod bundle;
mod collect;
mod descriptor;
mod digest;
mod error;
mod evidence;
mod fault;
mod freshness;
mod host;
mod identity;
mod json;
mod judge;
mod legacy;
mod manifest;
mod manifest_error;
mod platform;
mod policy;
mod proof;
mod provenance;
mod public_key;
mod quoted;
mod reference;
pub mod registry;
mod runs;
mod source;
mod statement;
pub mod trust;
mod verdict;
mod verified;
mod verified_file;
mod verify;
mod version;

pub use artifact::{Artifact, ArtifactError, VerifiedArtifact, verify_artifact};
pub use bundle::{BundleError, MAX_BUNDLE, parse_bundle};
pub use collect::{MAX_EVIDENCE, Material, collect};
pub use descriptor::{Descriptor, Platform};
pub use digest::{Digest, DigestError};
pub use error::VerifyError;
pub use evidence::{Bundles, Form};
pub use fault::{Fault, Purpose};
pub use freshness::Downgrade;
pub use identity::{GITHUB_ISSUER, IdentityExpression, IdentityExpressionError, MAX_EXPRESSION};
pub use legacy::{LegacyError, LegacyLayer};
pub use manifest::{Content, DOCKER_LIST, DOCKER_MANIFEST, ImageManifest, Index, OCI_INDEX, OCI_MANIFEST};
pub use manifest_error::ManifestError;
pub use platform::{NotAPlatform, PlatformError};
pub use policy::{DEFAULT_IMAGE, IDENTITY, Policy, REPOSITORY};
pub use proof::{Certified, Proof, ProofError, SignedBy, prove};
pub use provenance::{GENERATOR, Provenance};
pub use public_key::{PublicKey, PublicKeyError};
pub use reference::{MAX_REFERENCE, Reference, ReferenceError};
pub use runs::Runs;
pub use source::{Manifest, Referrers, Source};
pub use statement::StatementError;
pub use verdict::Verdict;
pub use verified::{Logged, ProvenanceFacts, SignatureFacts, Signer, VerifiedImage};
pub use verified_file::{Known, KnownError, raise_floor, raise_floor_to, record_verified};
pub use verify::{ProvenancePolicy, Request, judge, verify};
pub use version::{NotAVersion, Version};
