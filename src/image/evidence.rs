use sigstore_types::{Bundle, MediaType, SignatureContent, Statement};

use super::bundle::parse_bundle;
use super::fault::{Fault, Purpose};
use super::legacy::{self, LegacyLayer};
use super::quoted::cut;
use super::statement::{self, Predicate};

/// Something found beside an image that claims to be a signature or provenance of it. Nothing is verified yet.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) form: Form,
    pub(super) bundle: Bundle,
    pub(super) signs: Signs,
}

/// How the evidence was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Sigstore bundle v0.3 as a referrer (cosign 3).
    Bundle,
    /// Layer of a legacy tag (cosign 1 and 2).
    Legacy,
}

impl Form {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Legacy => "legacy",
        }
    }
}

/// What the signature is over.
#[derive(Debug)]
pub(super) enum Signs {
    /// A legacy payload.
    Payload(Vec<u8>),
    /// An in-toto statement in an envelope.
    Statement(Box<Statement>),
}

/// Sigstore bundles found among the referrers, sorted by what they are for.
#[derive(Debug, Default)]
pub struct Bundles {
    signatures: Vec<Result<Evidence, Fault>>,
    provenance: Vec<Result<Evidence, Fault>>,
    ignored: Vec<String>,
}

impl Bundles {
    /// Adds the content of a layer whose media type says that it is a Sigstore bundle.
    pub fn add(&mut self, bytes: &[u8]) {
        match sort(bytes) {
            Ok(Sorted::For(Purpose::Signature, evidence)) => self.signatures.push(Ok(evidence)),
            Ok(Sorted::For(Purpose::Provenance, evidence)) => self.provenance.push(Ok(evidence)),
            Ok(Sorted::Ignored(why)) => self.ignore(why),
            Err(fault) => self.add_unclassifiable(&fault),
        }
    }

    /// Adds a bundle of which nobody knows what it is for. It counts for both purposes: else damaging a bundle would be
    /// a way to have an older signature beside it looked at instead.
    pub(super) fn add_unclassifiable(&mut self, fault: &Fault) {
        self.signatures.push(Err(fault.clone()));
        self.provenance.push(Err(fault.clone()));
    }

    /// Notes something that was found and is no evidence.
    pub(super) fn ignore(&mut self, why: String) {
        self.ignored.push(why);
    }

    /// Whether only bundles count for this purpose. A bad bundle is not saved by a good legacy signature.
    pub(super) fn serve(&self, purpose: Purpose) -> bool {
        !self.of(purpose).is_empty()
    }

    /// The bundles for a purpose, good or bad.
    pub(super) fn of(&self, purpose: Purpose) -> &[Result<Evidence, Fault>] {
        match purpose {
            Purpose::Signature => &self.signatures,
            Purpose::Provenance => &self.provenance,
        }
    }

    /// What was found and is no evidence.
    pub(super) fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

/// A layer of the legacy `.sig` tag as evidence.
pub(super) fn legacy_signature(layer: &LegacyLayer) -> Result<Evidence, Fault> {
    Ok(Evidence {
        form: Form::Legacy,
        bundle: legacy::signature(layer)?,
        signs: Signs::Payload(layer.bytes.clone()),
    })
}

/// A layer of the legacy `.att` tag as evidence; `None` for an attestation of another kind. It never stands for a
/// signature, whatever it states.
pub(super) fn legacy_provenance(layer: &LegacyLayer) -> Option<Result<Evidence, Fault>> {
    let read = || {
        let bundle = legacy::attestation(layer)?;
        let statement = match &bundle.content {
            SignatureContent::DsseEnvelope(envelope) => statement::read(envelope)?,
            _ => return Err(Fault::NotAStatement),
        };
        Ok((bundle, statement))
    };
    match read() {
        Ok((_, statement)) if statement::predicate(&statement) != Predicate::Provenance => None,
        Ok((bundle, statement)) => Some(Ok(Evidence {
            form: Form::Legacy,
            bundle,
            signs: Signs::Statement(Box::new(statement)),
        })),
        Err(fault) => Some(Err(fault)),
    }
}

enum Sorted {
    For(Purpose, Evidence),
    Ignored(String),
}

fn sort(bytes: &[u8]) -> Result<Sorted, Fault> {
    let bundle = parse_bundle(bytes)?;
    if bundle.media_type() != MediaType::Bundle0_3 {
        // v0.1 asks for no inclusion proof: a v0.3 bundle could be relabelled and its proof taken out.
        return Ok(Sorted::Ignored(format!(
            "a Sigstore bundle of the old kind {} was ignored",
            cut(bundle.media_type().as_ref())
        )));
    }
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
        return Err(Fault::NotAStatement);
    };
    let statement = statement::read(envelope)?;
    let purpose = match statement::predicate(&statement) {
        Predicate::Signature => Purpose::Signature,
        Predicate::Provenance => Purpose::Provenance,
        Predicate::Other => {
            return Ok(Sorted::Ignored(format!(
                "a statement of another kind was ignored: {}",
                cut(&statement.predicate_type)
            )));
        }
    };
    Ok(Sorted::For(
        purpose,
        Evidence {
            form: Form::Bundle,
            bundle,
            signs: Signs::Statement(Box::new(statement)),
        },
    ))
}
