use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use sigstore_types::{Bundle, Sha256Hash, SignatureContent, Statement};
use sigstore_verify::Verifier;

use super::bundle::parse_bundle;
use super::digest::Digest;
use super::fault::{Fault, Purpose};
use super::json::refuse_doubled_members;
use super::policy::Policy;
use super::proof::{Certified, Proof, ProofError, SignedBy, check_all_are_proved, prove, prove_reader};
use super::public_key::PublicKey;
use super::quoted::cut;
use super::verified::{Logged, Signer};
use crate::store::{self, StoreError};

/// Largest file whose signature is over the file itself and not over a hash of it, in bytes.
const MAX_WHOLE: usize = 64 * 1024 * 1024;

/// Something that a Sigstore bundle of its own vouches for: a release archive, or what its digest stands for.
#[derive(Clone, Copy, Debug)]
pub enum Artifact<'a> {
    /// Read once, piece by piece.
    File(&'a Path),
    /// Of something that is not here.
    Digest(Digest),
}

/// What was proved of an artifact, and by whom.
#[derive(Debug)]
pub struct VerifiedArtifact {
    /// Its digest.
    pub digest: Digest,
    /// Who signed.
    pub signer: Signer,
    /// Source repository URL in the certificate.
    pub repository: Option<String>,
    /// Git ref in the certificate.
    pub git_ref: Option<String>,
    /// Git commit in the certificate.
    pub commit: Option<String>,
    /// What was signed is a statement of this type about the artifact, and not the artifact itself.
    pub predicate_type: Option<String>,
    /// When and where it was logged.
    pub logged: Logged,
}

/// Why an artifact is not verified.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// It, or its bundle, is not good.
    #[error("{0}")]
    Refused(#[from] Fault),
}

impl ArtifactError {
    /// Stable slug.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Read(_) => "read-failed",
            Self::Refused(fault) => fault.reason(Purpose::Signature),
        }
    }

    /// What was found and what was wanted, where these are two texts: for programs, the message has both.
    pub fn found_and_wanted(&self) -> Option<(String, String)> {
        match self {
            Self::Read(_) => None,
            Self::Refused(fault) => fault.found_and_wanted(),
        }
    }
}

/// Verifies an artifact with its Sigstore bundle, offline: all that [`prove`] does, that what was signed is this artifact
/// or a statement about it, and who signed.
///
/// Agrees with the [Sigstore conformance suite], which is why bundles of the old versions 0.1 and 0.2 are read here, and
/// statements of any predicate type are good: the caller is told which one it is.
///
/// [Sigstore conformance suite]: https://github.com/sigstore/sigstore-conformance
///
/// # Errors
/// [`ArtifactError`]
pub fn verify_artifact(
    artifact: Artifact,
    bundle: &[u8],
    verifier: &Verifier,
    policy: &Policy,
    now: SystemTime,
) -> Result<VerifiedArtifact, ArtifactError> {
    let bundle = parse_bundle(bundle).map_err(Fault::from)?;
    check_kind_of_signer(&bundle, policy)?;
    check_all_are_proved(&bundle).map_err(Fault::from)?;
    let statement = statement(&bundle)?;
    let by = match policy.key() {
        Some(key) => SignedBy::Key(key.der()),
        None => SignedBy::Certificate,
    };
    let (digest, proof) = match artifact {
        Artifact::Digest(digest) => (digest, prove_digest(&digest, verifier, &bundle, by, now)),
        Artifact::File(path) => prove_file(path, verifier, &bundle, by, now)?,
    };
    let Proof {
        certified,
        signed_at,
        log_index,
    } = match proof {
        Ok(proof) => proof,
        Err(error) => return Err(fault(error, digest, &bundle, statement.as_ref()).into()),
    };
    let (signer, claims) = match (certified, policy.key().map(PublicKey::fingerprint)) {
        (Some(certified), None) => {
            authorise(policy, &certified)?;
            let signer = Signer::Certified {
                identity: certified.identity,
                issuer: certified.issuer,
            };
            (signer, Some(certified.claims))
        }
        (None, Some(key)) => (Signer::Key(key), None),
        _ => return Err(policy.other_kind_of_signer().into()),
    };
    let claims = claims.unwrap_or_default();
    Ok(VerifiedArtifact {
        digest,
        signer,
        repository: claims.source_repository_uri,
        git_ref: claims.source_repository_ref,
        commit: claims.source_repository_digest,
        predicate_type: statement.map(|statement| statement.predicate_type),
        logged: Logged {
            at: signed_at,
            index: log_index,
        },
    })
}

/// Who signed, and that the certificate does not contradict itself. Fulcios before 2023, and private ones, certify nothing
/// of the source; where the operator names an identity, its name is all that is asked for then.
fn authorise(policy: &Policy, certified: &Certified) -> Result<(), Fault> {
    let claims = &certified.claims;
    let claims_nothing = claims.source_repository_uri.is_none() && claims.source_repository_ref.is_none();
    if policy.repository().is_some() || !claims_nothing {
        return policy.authorise(certified);
    }
    policy.check_issuer(certified)?;
    policy.check_identity(certified)?;
    policy.check_source(certified)
}

fn check_kind_of_signer(bundle: &Bundle, policy: &Policy) -> Result<(), Fault> {
    if bundle.signing_certificate().is_some() == policy.key().is_none() {
        return Ok(());
    }
    Err(policy.other_kind_of_signer())
}

/// The statement, where that is what was signed. Whether it is about the artifact, the library looks.
fn statement(bundle: &Bundle) -> Result<Option<Statement>, Fault> {
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
        return Ok(None);
    };
    let payload = envelope.payload.as_bytes();
    let unreadable =
        |error: serde_json::Error| Fault::Unreadable(cut(&format!("the statement is malformed: {error}")));
    refuse_doubled_members(payload).map_err(unreadable)?;
    serde_json::from_slice(payload).map(Some).map_err(unreadable)
}

fn prove_digest(
    digest: &Digest,
    verifier: &Verifier,
    bundle: &Bundle,
    by: SignedBy,
    now: SystemTime,
) -> Result<Proof, ProofError> {
    prove(verifier, Sha256Hash::new(*digest.as_bytes()), bundle, by, now)
}

/// The proof, and the digest of what was read for it.
fn prove_file(
    path: &Path,
    verifier: &Verifier,
    bundle: &Bundle,
    by: SignedBy,
    now: SystemTime,
) -> Result<(Digest, Result<Proof, ProofError>), StoreError> {
    let mut reader = Hashing::open(path)?;
    let proof = prove_reader(verifier, &mut reader, bundle, by, now);
    if reader.fault.is_none()
        && !reader.read
        && matches!(bundle.content, SignatureContent::MessageSignature(_))
    {
        // Nothing was read: the bundle is bad, or the key (Ed25519) has to see the file itself. Then it is read whole.
        match store::read(path, MAX_WHOLE) {
            Ok(bytes) => {
                return Ok((
                    Digest::of(&bytes),
                    prove(verifier, bytes.as_slice(), bundle, by, now),
                ));
            }
            Err(StoreError::TooLarge { .. }) if proof.is_err() => {}
            Err(error) => return Err(error),
        }
    }
    let digest = reader.finish()?;
    Ok((digest, proof))
}

/// What went wrong, in terms of the artifact: that it is another one shows as a mismatch of some kind or other.
fn fault(error: ProofError, digest: Digest, bundle: &Bundle, statement: Option<&Statement>) -> Fault {
    let other = |found: Vec<String>| Fault::OtherDigest {
        found,
        wanted: digest,
    };
    match (&bundle.content, statement) {
        (SignatureContent::MessageSignature(signature), _) => {
            if let Some(signed) = &signature.message_digest
                && let Ok(signed) = <[u8; 32]>::try_from(signed.digest.as_bytes())
                && signed != *digest.as_bytes()
            {
                return other(vec![Digest::from_bytes(signed).to_string()]);
            }
        }
        (_, Some(statement)) => {
            let subjects = statement.subject.iter();
            let stated: Vec<_> = subjects
                .filter_map(|subject| subject.digest.sha256.as_ref())
                .collect();
            if !stated.is_empty() && !stated.iter().any(|stated| stated.as_bytes() == digest.as_bytes()) {
                return other(
                    stated
                        .iter()
                        .map(|stated| format!("sha256:{}", stated.to_hex()))
                        .collect(),
                );
            }
        }
        _ => {}
    }
    error.into()
}

/// Hashes what passes through, and keeps the error that the library would bury in its own.
struct Hashing {
    path: PathBuf,
    file: std::fs::File,
    hash: Sha256,
    read: bool,
    fault: Option<io::Error>,
}

impl Hashing {
    fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.to_owned(),
            file: store::open_to_read(path)?,
            hash: Sha256::new(),
            read: false,
            fault: None,
        })
    }

    /// Reads what is left.
    fn finish(mut self) -> Result<Digest, StoreError> {
        let copied = match self.fault.take() {
            Some(fault) => Err(fault),
            None => io::copy(&mut self, &mut io::sink()),
        };
        match copied {
            Ok(_) => Ok(Digest::from_bytes(self.hash.finalize().into())),
            Err(source) => Err(StoreError::Read {
                path: self.path,
                source: self.fault.unwrap_or(source),
            }),
        }
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.file.read(buffer) {
            Ok(count) => {
                self.read = true;
                self.hash.update(&buffer[..count]);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let told = io::Error::from(error.kind());
                self.fault = Some(error);
                Err(told)
            }
        }
    }
}
