use std::time::SystemTime;

use super::collect::{Material, check_pin, collect};
use super::descriptor::Platform;
use super::digest::Digest;
use super::error::VerifyError;
use super::freshness::{self, Certifies, Downgrade};
use super::judge::{Judge, certified_version};
use super::policy::Policy;
use super::reference::Reference;
use super::runs::Image;
use super::source::Source;
use super::trust::TrustRoot;
use super::verified::{Facts, SignatureFacts, Signer, VerifiedImage};
use super::verified_file::Known;

/// What is to be verified, and against what.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The image.
    pub reference: &'a Reference,
    /// Who must have signed and built it.
    pub policy: &'a Policy,
    /// Whether it may come without provenance. Wrong provenance is refused all the same.
    pub provenance: ProvenancePolicy,
    /// Where it is to run.
    pub platform: &'a Platform,
    /// The only digest that is accepted, if one is pinned.
    pub pinned: Option<&'a Digest>,
    /// Whether it may be older than what has settled here, or of no certified version.
    pub allow_downgrade: bool,
}

/// Whether provenance has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvenancePolicy {
    /// As it should be.
    Required,
    /// Dangerous: nobody then says from which source the image was built.
    MayBeMissing,
}

/// Verifies an image: steps 1 to 8 of the [module](super).
///
/// # Errors
/// [`VerifyError`], which says which step failed, what was found, and what was wanted.
pub fn verify(
    source: &dyn Source,
    trust: &TrustRoot,
    request: &Request,
    known: &Known,
    now: SystemTime,
) -> Result<VerifiedImage, VerifyError> {
    let material = collect(source, request.reference, request.platform, request.pinned)?;
    judge(&material, trust, request, known, now)
}

/// The verdict on what was collected, steps 3 to 8; asks no network, disk or clock.
///
/// # Errors
/// [`VerifyError`]
pub fn judge(
    material: &Material,
    trust: &TrustRoot,
    request: &Request,
    known: &Known,
    now: SystemTime,
) -> Result<VerifiedImage, VerifyError> {
    let digest = Digest::of(&material.root.bytes);
    check_pin(&digest, request.pinned)?;
    let image = Image::of(material, digest, request.platform)?;
    let judge = Judge {
        digest: &digest,
        verifier: trust.verifier(),
        policy: request.policy,
        now,
    };
    let signatures = judge.signatures(material)?;
    let (signature, provenance) = judge.with_provenance(signatures, material, request.provenance)?;
    let build = provenance.as_ref().map(|facts| &facts.build);
    let version = certified_version(&signature, build);
    let floor = known.floor(request.reference);
    let fresh = freshness::check(version.as_ref(), certifies(&signature), floor);
    let lower_allowed = match fresh {
        Err(downgrade) if !request.allow_downgrade => return Err(downgrade.into()),
        Err(Downgrade::Lower { .. } | Downgrade::Unversioned { .. }) => true,
        Ok(()) => false,
    };
    let settled = known.settled_digest(request.reference);
    let another_build = floor.is_some() && floor == version.as_ref() && settled != Some(&digest);
    Ok(VerifiedImage::new(Facts {
        reference: request.reference.clone(),
        digest,
        platform: image.platform,
        manifest_digest: image.manifest,
        config_digest: image.config,
        signature,
        provenance,
        another_build,
        version,
        floor: floor.cloned(),
        lower_allowed,
        policy: request.policy.fingerprint(),
        trust_root: *trust.digest(),
        ignored: material.bundles.ignored().to_vec(),
    }))
}

fn certifies(signature: &SignatureFacts) -> Certifies<'_> {
    match &signature.signer {
        Signer::Certified { identity, .. } => Certifies::Identity(identity),
        Signer::Key(_) => Certifies::Key,
    }
}
