use std::cmp::Reverse;
use std::time::SystemTime;

use sigstore_types::Sha256Hash;
use sigstore_verify::Verifier;

use super::collect::Material;
use super::digest::Digest;
use super::error::VerifyError;
use super::evidence::{Evidence, Form, Signs, legacy_provenance, legacy_signature};
use super::fault::{Fault, Purpose};
use super::legacy::{self, LegacyError};
use super::policy::Policy;
use super::proof::{Certified, Proof, SignedBy, check_all_are_proved, prove};
use super::provenance::{self, Provenance, Source};
use super::quoted::cut;
use super::statement;
use super::verified::{Logged, ProvenanceFacts, SignatureFacts, Signer};
use super::verify::ProvenancePolicy;
use super::version::Version;

/// All that a piece of evidence is judged by.
pub(super) struct Judge<'a> {
    pub(super) digest: &'a Digest,
    pub(super) verifier: &'a Verifier,
    pub(super) policy: &'a Policy,
    pub(super) now: SystemTime,
}

impl Judge<'_> {
    /// The signatures that count, the highest version first.
    pub(super) fn signatures(&self, material: &Material) -> Result<Vec<SignatureFacts>, VerifyError> {
        let bundles = material.bundles.of(Purpose::Signature);
        let verdicts: Vec<_> = if bundles.is_empty() {
            let legacy = material.legacy_signatures.iter().map(legacy_signature);
            legacy.map(|found| self.signature(&found?)).collect()
        } else {
            let read = bundles.iter().map(Result::as_ref);
            read.map(|found| self.signature(found.map_err(Clone::clone)?))
                .collect()
        };
        let mut good = sift(verdicts).map_err(|closest| match closest {
            None => VerifyError::Unsigned {
                digest: *self.digest,
                ignored: material.bundles.ignored().to_vec(),
            },
            Some((fault, others)) => VerifyError::Signature { fault, others },
        })?;
        good.sort_by_key(|facts| Reverse(certified_version(facts, None)));
        Ok(good)
    }

    fn signature(&self, evidence: &Evidence) -> Result<SignatureFacts, Fault> {
        if let Some(key) = self.policy.key() {
            let proof = self.prove(evidence, SignedBy::Key(key.der()))?;
            return Ok(SignatureFacts {
                form: evidence.form,
                signer: Signer::Key(key.fingerprint()),
                repository: None,
                git_ref: None,
                commit: None,
                run: None,
                logged: logged(&proof),
            });
        }
        let proof = self.prove(evidence, SignedBy::Certificate)?;
        let logged = logged(&proof);
        let certified = proof.certified.ok_or_else(no_certificate)?;
        self.policy.authorise(&certified)?;
        let Certified {
            identity,
            issuer,
            claims,
        } = certified;
        Ok(SignatureFacts {
            form: evidence.form,
            signer: Signer::Certified { identity, issuer },
            repository: claims.source_repository_uri,
            git_ref: claims.source_repository_ref,
            commit: claims.source_repository_digest,
            run: claims.run_invocation_uri,
            logged,
        })
    }

    /// The first signature that agrees with some provenance, and that.
    pub(super) fn with_provenance(
        &self,
        signatures: Vec<SignatureFacts>,
        material: &Material,
        policy: ProvenancePolicy,
    ) -> Result<(SignatureFacts, Option<ProvenanceFacts>), VerifyError> {
        let bundles = material.bundles.of(Purpose::Provenance);
        let legacy: Vec<_>;
        let evidence: Vec<Result<&Evidence, Fault>> = if bundles.is_empty() {
            legacy = material
                .legacy_attestations
                .iter()
                .filter_map(legacy_provenance)
                .collect();
            legacy
                .iter()
                .map(|found| found.as_ref().map_err(Clone::clone))
                .collect()
        } else {
            bundles
                .iter()
                .map(|found| found.as_ref().map_err(Clone::clone))
                .collect()
        };
        let proved: Vec<Result<Proved, Fault>> = evidence
            .into_iter()
            .map(|found| {
                let evidence = found?;
                let proof = self.prove(evidence, SignedBy::Certificate)?;
                Ok(Proved { evidence, proof })
            })
            .collect();
        let mut first = None;
        for signature in signatures {
            let verdicts = proved.iter().map(|found| match found {
                Ok(proved) => self.provenance(proved, &signature),
                Err(fault) => Err(fault.clone()),
            });
            match sift(verdicts.collect()) {
                Ok(mut good) => return Ok((signature, Some(good.swap_remove(0)))),
                Err(closest) => first = first.or(Some((signature, closest))),
            }
        }
        match first {
            Some((signature, None | Some((Fault::NotAStatement, _))))
                if policy == ProvenancePolicy::MayBeMissing =>
            {
                Ok((signature, None))
            }
            Some((_, Some((fault, others)))) => Err(VerifyError::Provenance { fault, others }),
            _ => Err(VerifyError::ProvenanceMissing {
                digest: *self.digest,
                ignored: material.bundles.ignored().to_vec(),
            }),
        }
    }

    fn provenance(&self, proved: &Proved, signature: &SignatureFacts) -> Result<ProvenanceFacts, Fault> {
        let Proved { evidence, proof } = proved;
        let Signs::Statement(statement) = &evidence.signs else {
            return Err(Fault::NotAStatement);
        };
        let certified = proof.certified.as_ref().ok_or_else(no_certificate)?;
        let signed = Source {
            repository: signature.repository.as_deref(),
            git_ref: signature.git_ref.as_deref(),
            commit: signature.commit.as_deref(),
        };
        Ok(ProvenanceFacts {
            form: evidence.form,
            build: provenance::judge(certified, statement, self.policy, signed)?,
            logged: logged(proof),
        })
    }

    /// Proves that somebody signed this about our image.
    fn prove(&self, evidence: &Evidence, by: SignedBy) -> Result<Proof, Fault> {
        let bundle = &evidence.bundle;
        if bundle.signing_certificate().is_some() != matches!(by, SignedBy::Certificate) {
            return Err(match by {
                SignedBy::Key(_) => self.policy.other_kind_of_signer(),
                // Provenance has to come from an identity, be there a key for the signature or not.
                SignedBy::Certificate => Fault::Identity {
                    found: "a key without a certificate".into(),
                    wanted: self.policy.identity().wanted(),
                },
            });
        }
        if evidence.form == Form::Bundle {
            check_all_are_proved(bundle)?;
        }
        match &evidence.signs {
            Signs::Statement(statement) => {
                if let Some(found) = statement::other_subjects(statement, self.digest) {
                    return Err(self.other_digest(&found));
                }
                let digest = Sha256Hash::new(*self.digest.as_bytes());
                Ok(prove(self.verifier, digest, bundle, by, self.now)?)
            }
            Signs::Payload(payload) => {
                match legacy::check_payload(payload, self.digest) {
                    Err(LegacyError::OtherImage(found)) => return Err(self.other_digest(&[found])),
                    checked => checked?,
                }
                Ok(prove(self.verifier, payload.as_slice(), bundle, by, self.now)?)
            }
        }
    }

    fn other_digest(&self, found: &[String]) -> Fault {
        Fault::OtherDigest {
            found: found.iter().map(|it| cut(it)).collect(),
            wanted: *self.digest,
        }
    }
}

/// Evidence whose proof holds.
struct Proved<'a> {
    evidence: &'a Evidence,
    proof: Proof,
}

/// Nothing is proved by a certificate without one: not reached, and refused if it ever is.
fn no_certificate() -> Fault {
    Fault::Certificate("there is no certificate".into())
}

fn logged(proof: &Proof) -> Logged {
    Logged {
        at: proof.signed_at,
        index: proof.log_index,
    }
}

/// The verdicts that are good; or else the fault that came closest to passing and the number of others, if any.
fn sift<T>(verdicts: Vec<Result<T, Fault>>) -> Result<Vec<T>, Option<(Fault, usize)>> {
    let mut good = Vec::new();
    let mut faults = Vec::new();
    for verdict in verdicts {
        match verdict {
            Ok(facts) => good.push(facts),
            Err(fault) => faults.push(fault),
        }
    }
    if !good.is_empty() {
        return Ok(good);
    }
    let others = faults.len().saturating_sub(1);
    // Of those that came equally far, the first.
    let closest = faults.into_iter().rev().max_by_key(Fault::progress);
    Err(closest.map(|fault| (fault, others)))
}

/// The version is the tag in the certified identity; with a key, which has none, that of the provenance. Labels, tags in
/// the registry and the reference are anybody's word.
pub(super) fn certified_version(signature: &SignatureFacts, build: Option<&Provenance>) -> Option<Version> {
    match &signature.signer {
        Signer::Certified { identity, .. } => {
            let git_ref = signature.git_ref.as_deref()?;
            let named = identity.strip_suffix(git_ref)?.ends_with('@');
            named.then(|| Version::of_ref(git_ref)).flatten()
        }
        Signer::Key(_) => build.and_then(|build| Version::of_ref(&build.git_ref)),
    }
}
