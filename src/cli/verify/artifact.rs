//! `verify --bundle FILE ARTIFACT`: a file and its Sigstore bundle, instead of an image.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use serde_json::{Map, Value, json};

use super::TrustArgs;
use super::report::{NOT_SEEN, age_warning, entry, rfc3339, trust_root, trust_root_json};
use super::signer::SignerArgs;
use crate::cli::context::Context;
use crate::image::trust::TrustRoot;
use crate::image::{self, Artifact, ArtifactError, Digest, MAX_BUNDLE, Policy, Signer, VerifiedArtifact};
use crate::store;
use crate::ui::{EMPHASIS, Exit, Failure, GOOD, Lines, Report, paint, printable};

/// What to verify instead of an image.
#[derive(Args)]
pub(super) struct BundleArgs {
    /// Verify a file, or a digest sha256:…, with this Sigstore bundle instead of an image
    #[arg(long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["platform", "config", "no_pin", "allow_missing_provenance", "allow_downgrade"])]
    pub(super) bundle: Option<PathBuf>,
}

pub(super) fn run(
    context: &Context,
    bundle: &Path,
    artifact: &str,
    signer: &SignerArgs,
    trust: &TrustArgs,
) -> Result<Exit, Failure> {
    let now = SystemTime::now();
    let policy = signer.policy()?;
    let folders = context.folders()?;
    let bundle = store::read(bundle, MAX_BUNDLE)?;
    let trust = trust.root(context, &folders, now)?;
    let path = Path::new(artifact);
    // Whoever supplies the folder could put a file of that name into it, and have a digest called genuine that is not.
    let subject = match artifact.parse::<Digest>() {
        Ok(digest) => Artifact::Digest(digest),
        Err(_) => Artifact::File(path),
    };
    let progress = context.ui.progress(&format!("Verifying {}", printable(artifact)));
    let verified = image::verify_artifact(subject, &bundle, trust.verifier(), &policy, now);
    drop(progress);
    let verified = verified.map_err(|error| match error {
        ArtifactError::Read(_) => Failure::from(error),
        ArtifactError::Refused(_) => Failure::from(error).about(artifact),
    })?;
    context.ui.result(&Verified {
        name: artifact.to_owned(),
        artifact: verified,
        policy,
        trust,
        now,
    })?;
    Ok(Exit::Done)
}

struct Verified {
    name: String,
    artifact: VerifiedArtifact,
    policy: Policy,
    trust: TrustRoot,
    now: SystemTime,
}

impl Report for Verified {
    fn fields(&self) -> Map<String, Value> {
        let artifact = &self.artifact;
        let signer = match &artifact.signer {
            Signer::Certified { identity, issuer } => json!({
                "kind": "certificate", "identity": identity, "issuer": issuer,
                "wanted_identity": self.policy.identity().wanted(), "wanted_issuer": self.policy.issuer(),
            }),
            Signer::Key(fingerprint) => json!({ "kind": "key", "key_digest": fingerprint }),
        };
        let document = json!({
            "artifact": self.name,
            "digest": artifact.digest,
            "signer": signer,
            "repository": artifact.repository,
            "ref": artifact.git_ref,
            "commit": artifact.commit,
            "predicate_type": artifact.predicate_type,
            "signed_at": artifact.logged.at.map(rfc3339),
            "log_index": artifact.logged.index,
            "trust_root": trust_root_json(&self.trust, self.now),
            "revocation_checked": false,
            "warnings": age_warning(&self.trust, self.now),
        });
        match document {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    fn human(&self) -> String {
        let artifact = &self.artifact;
        let mut lines = Lines::default();
        let verdict = format!("{} is genuine.", printable(&self.name));
        lines.line(paint(GOOD, &verdict)).gap();
        match &artifact.signer {
            Signer::Certified { identity, issuer } => {
                lines.field("signed by", printable(identity));
                lines.field("identity from", printable(issuer));
            }
            Signer::Key(fingerprint) => {
                lines.field("signed by", format!("the given key ({fingerprint})"));
            }
        }
        lines.field("signed", entry(self.now, artifact.logged));
        match &artifact.predicate_type {
            None => lines.field("what", "the file itself"),
            Some(predicate_type) => lines.field(
                "what",
                format!("a statement about it: {}", printable(predicate_type)),
            ),
        };
        lines.field("trust root", trust_root(&self.trust, self.now));
        lines.field("not checked", NOT_SEEN);
        lines.field("digest", paint(EMPHASIS, &artifact.digest.to_string()));
        lines.finish()
    }
}
