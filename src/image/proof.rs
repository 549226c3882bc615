use std::time::SystemTime;

use sigstore_types::{Artifact, Bundle, DerPublicKey, KindVersion, TransparencyLogEntry};
use sigstore_verify::bundle::Error as ShapeError;
use sigstore_verify::crypto::{Error as CryptoError, FulcioCiClaims};
use sigstore_verify::{
    Error as LibraryError, Policy as LibraryPolicy, PublicKeyVerificationPolicy, VerificationPolicy,
    VerificationResult, Verifier,
};

/// What a bundle has to be signed with.
#[derive(Clone, Copy, Debug)]
pub enum SignedBy<'a> {
    /// The key of a certificate that chains to the trust root. Whose certificate is for the caller to judge.
    Certificate,
    /// This key.
    Key(&'a DerPublicKey),
}

/// What a bundle proves by itself: that somebody signed these bytes, and that the log has it.
#[derive(Debug)]
pub struct Proof {
    /// Who, as the certificate says; `None` where it was signed with a key.
    pub certified: Option<Certified>,
    /// When: the earliest time that the log or a timestamp authority vouches for.
    pub signed_at: Option<SystemTime>,
    /// The entry's position in the log, where the log's signature covers it.
    pub log_index: Option<u64>,
}

/// Claims of a certificate whose chain and SCT were verified.
#[derive(Debug)]
pub struct Certified {
    /// Subject alternative name.
    pub identity: String,
    /// Extension 1.3.6.1.4.1.57264.1.8.
    pub issuer: String,
    /// Extensions 1.3.6.1.4.1.57264.1.9 and following.
    pub claims: FulcioCiClaims,
}

/// Which part of a proof does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The signature, or the form of what carries it.
    #[error("{0}")]
    Signature(String),
    /// The log entry, its inclusion proof, checkpoint, promise or time.
    #[error("{0}")]
    Log(String),
    /// The log entry is from the future of this machine's clock, in seconds.
    #[error("it was logged {0} s in the future of this machine's clock")]
    Clock(u64),
    /// The certificate, its chain, validity or SCT.
    #[error("{0}")]
    Certificate(String),
}

/// Verifies a bundle over `artifact`, offline: certificate chain, SCT, log entry, inclusion proof, checkpoint, SET,
/// times, signature, and that the log entry is about this very signature.
///
/// # Errors
/// [`ProofError`]
pub fn prove<'a>(
    verifier: &Verifier,
    artifact: impl Into<Artifact<'a>>,
    bundle: &Bundle,
    by: SignedBy,
    now: SystemTime,
) -> Result<Proof, ProofError> {
    prove_by(bundle, by, now, |policy| {
        verifier.verify(artifact, bundle, policy)
    })
}

/// As [`prove`], of what a reader gives until its end, in constant memory. Not for keys that sign the message itself and
/// not a hash of it (Ed25519): then nothing is read, and the signature counts as unsupported.
pub(super) fn prove_reader(
    verifier: &Verifier,
    artifact: impl std::io::Read,
    bundle: &Bundle,
    by: SignedBy,
    now: SystemTime,
) -> Result<Proof, ProofError> {
    prove_by(bundle, by, now, |policy| {
        verifier.verify_reader(artifact, bundle, policy)
    })
}

fn prove_by(
    bundle: &Bundle,
    by: SignedBy,
    now: SystemTime,
    verify: impl FnOnce(&dyn LibraryPolicy) -> Result<VerificationResult, LibraryError>,
) -> Result<Proof, ProofError> {
    if let Some(ahead) = ahead_of_clock(bundle, now) {
        return Err(ProofError::Clock(ahead));
    }
    let result = match by {
        SignedBy::Certificate => verify(&VerificationPolicy::any_identity()),
        SignedBy::Key(key) => verify(&PublicKeyVerificationPolicy::new(key.clone())),
    };
    let result = result.map_err(ProofError::from)?;
    // The library can be asked to leave these out. We did not; a later version of it must not either.
    if !result.tlog_verified() {
        return Err(ProofError::Log("the log entry was not verified".into()));
    }
    let certified = match by {
        SignedBy::Key(_) => None,
        SignedBy::Certificate => Some(certified(&result)?),
    };
    Ok(Proof {
        certified,
        signed_at: result
            .verified_timestamps()
            .iter()
            .min()
            .copied()
            .map(SystemTime::from),
        log_index: log_index(bundle),
    })
}

fn certified(result: &VerificationResult) -> Result<Certified, ProofError> {
    let missing = |what: &str| ProofError::Certificate(format!("the certificate has no {what}"));
    if !(result.certificate_verified() && result.sct_verified()) {
        return Err(ProofError::Certificate("the certificate was not verified".into()));
    }
    let identity = result.identity().ok_or_else(|| missing("identity"))?;
    let issuer = result.issuer().ok_or_else(|| missing("issuer"))?;
    let certificate = result.certificate().ok_or_else(|| missing("claims"))?;
    Ok(Certified {
        identity: identity.as_str().to_owned(),
        issuer: issuer.to_owned(),
        claims: certificate.ci_claims.clone(),
    })
}

/// Every entry has to be proved to be in the log. The library is content when one of several is, and in version 0.1 when none
/// is: there the log's promise is enough, so that a bundle could be relabelled and its proof taken out.
pub(super) fn check_all_are_proved(bundle: &Bundle) -> Result<(), ProofError> {
    let proved = |entry: &TransparencyLogEntry| entry.inclusion_proof.is_some();
    if bundle.verification_material.tlog_entries.iter().all(proved) {
        return Ok(());
    }
    Err(ProofError::Log("a log entry has no inclusion proof".into()))
}

/// Seconds by which the newest log entry is ahead of the clock. The library refuses that too, but a wrong clock and a
/// forged entry need different remedies.
fn ahead_of_clock(bundle: &Bundle, now: SystemTime) -> Option<u64> {
    let entries = &bundle.verification_material.tlog_entries;
    let newest = entries.iter().filter_map(|entry| entry.integrated_time).max()?;
    let ahead = SystemTime::from(newest).duration_since(now).ok()?.as_secs();
    (ahead > 0).then_some(ahead)
}

/// The top-level index is covered by the promise (Rekor v1) or by the inclusion proof (v2). Else it is only a claim.
fn log_index(bundle: &Bundle) -> Option<u64> {
    let entry = bundle.verification_material.tlog_entries.first()?;
    let covered = entry.inclusion_promise.is_some() || entry.kind_version == KindVersion::HashedRekordV002;
    covered.then(|| entry.log_index.get())
}

impl From<LibraryError> for ProofError {
    fn from(error: LibraryError) -> Self {
        let text = error.to_string();
        match error {
            LibraryError::Certificate(_)
            | LibraryError::Crypto(CryptoError::InvalidCertificate(_))
            | LibraryError::InvalidTrustRoot(_)
            | LibraryError::TrustRoot(_)
            | LibraryError::TrustedCertificate(_) => Self::Certificate(text),
            // The subject is compared before: an artifact that does not match here is that of the log entry
            // (CVE-2022-36056).
            LibraryError::ArtifactMismatch(_)
            | LibraryError::TransparencyLog(_)
            | LibraryError::Timestamp(_)
            | LibraryError::Crypto(CryptoError::Checkpoint(_))
            | LibraryError::Bundle(
                ShapeError::MissingInclusionPromise(_)
                | ShapeError::MissingInclusionProof(_)
                | ShapeError::MissingSigningTimeEvidence
                | ShapeError::MissingTimestamp
                | ShapeError::MissingCheckpoint
                | ShapeError::LogIndexOutOfRange { .. }
                | ShapeError::CheckpointRootMismatch,
            ) => Self::Log(text),
            _ => Self::Signature(text),
        }
    }
}
