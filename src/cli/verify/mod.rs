mod artifact;
mod report;
mod signer;

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;

use self::artifact::BundleArgs;
use self::report::Verified;
pub(super) use self::signer::SignerArgs;
use super::context::Context;
use super::examples;
use crate::doctor::{self, BundleFileError};
use crate::image::trust::TrustRoot;
use crate::image::{
    self, DEFAULT_IMAGE, Digest, Known, Platform, ProvenancePolicy, Reference, Request, VerifyError, registry,
};
use crate::store::Folders;
use crate::ui::{Exit, Failure};

/// Prove that a guardian image is the one that the project signed
///
/// Resolves the image to a digest, and checks its signature, the signer's identity, the proof that the signature was
/// logged, its build provenance, and that it is not older than what this machine has settled on. Without IMAGE and
/// identity, those of the project. Offline but for the registry: a signature that was revoked since cannot be told.
#[derive(Args)]
#[command(after_help = examples::VERIFY)]
pub(super) struct Verify {
    #[arg(value_name = "IMAGE", help = format!("The image, by tag or digest; with --bundle, the file or its digest [default: {DEFAULT_IMAGE}]"))]
    image: Option<String>,
    #[command(flatten)]
    artifact: BundleArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Where the image is to run [default: linux and this machine's processor]
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// Dangerous: accept an image that comes without build provenance
    #[arg(long)]
    allow_missing_provenance: bool,
    /// Dangerous: accept an image older than the one that this machine has settled on, or of no certified version
    #[arg(long)]
    allow_downgrade: bool,
    /// The config bundle whose image_digest is the only one accepted [default: as for the other commands]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    signer: SignerArgs,
}

/// Whose certificates and logs count.
#[derive(Args)]
pub(super) struct TrustArgs {
    /// Trust root of another Sigstore than the public one
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// Dangerous: verify with a trust root that is more than 400 days old
    #[arg(long)]
    allow_stale_trust_root: bool,
}

impl TrustArgs {
    /// The trust root, recent enough; what is to be said about its age is said.
    pub(super) fn root(
        &self,
        context: &Context,
        folders: &Folders,
        now: SystemTime,
    ) -> Result<TrustRoot, Failure> {
        let root = match &self.trusted_root {
            Some(path) => TrustRoot::from_file(path)?,
            None => TrustRoot::current(&folders.data)?,
        };
        if let Some(note) = root.judge_age(now, self.allow_stale_trust_root)? {
            match self.trusted_root {
                // Who names a file knows that it has no date.
                Some(_) => context.ui.detail(&note.to_string()),
                None => context.ui.warn(&note.to_string()),
            }
        }
        Ok(root)
    }
}

impl Verify {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if let (Some(bundle), Some(name)) = (&self.artifact.bundle, &self.image) {
            return artifact::run(context, bundle, name, &self.signer, &self.trust);
        }
        let now = SystemTime::now();
        let reference: Reference = self.image.as_deref().unwrap_or(DEFAULT_IMAGE).parse()?;
        let policy = self.signer.policy()?;
        let folders = context.folders()?;
        let known = Known::load(&folders.state)?;
        let pin = self.pin(&folders)?;
        let trust = self.trust.root(context, &folders, now)?;
        let platform = self.platform.unwrap_or_else(Platform::of_this_machine);
        let request = Request {
            reference: &reference,
            policy: &policy,
            provenance: if self.allow_missing_provenance {
                ProvenancePolicy::MayBeMissing
            } else {
                ProvenancePolicy::Required
            },
            platform: &platform,
            pinned: pin.as_ref().map(|pin| &pin.digest),
            allow_downgrade: self.allow_downgrade,
        };
        let progress = context.ui.progress(&format!("Verifying {reference}"));
        let client = registry::Client::new(context.registry());
        let verified = image::verify(&client, &trust, &request, &known, now);
        drop(progress);
        let image = verified.map_err(|error| refused(error, &reference, pin.as_ref()))?;
        if let Err(error) = image::record_verified(&folders.state, &image, now) {
            // The verdict stands; only the signing server will not know this digest.
            context.ui.warn(&format!(
                "that this image was verified could not be noted: {error}"
            ));
        }
        let report = Verified {
            image,
            policy,
            trust,
            now,
        };
        for warning in report.warnings() {
            context.ui.warn(&warning);
        }
        context.ui.result(&report)?;
        Ok(Exit::Done)
    }

    /// The only digest that the config bundle accepts, if there is a bundle and it pins one.
    fn pin(&self, folders: &Folders) -> Result<Option<Pin>, Failure> {
        let found = match doctor::find_bundle(folders, self.config.as_deref(), None) {
            Err(BundleFileError::Absent(..)) => return Ok(None),
            found => found?,
        };
        let file = found.path.display().to_string();
        let Some(bundle) = found.checked.bundle() else {
            return Err(Failure::bad_bundle(&file, &found.checked).hint_check(&file));
        };
        let Some(text) = &bundle.image_digest else {
            return Ok(None);
        };
        let digest = text.parse().map_err(|error| {
            Failure::new("config-schema-mismatch", format!("{file}: image_digest: {error}"))
        })?;
        Ok(Some(Pin { digest, file }))
    }
}

struct Pin {
    digest: Digest,
    file: String,
}

fn refused(error: VerifyError, reference: &Reference, pin: Option<&Pin>) -> Failure {
    let by_pin = pin.filter(|_| matches!(error, VerifyError::NotPinned { .. }));
    // Where the registry does not answer, the host is what it is about.
    let failure = if error.is_verdict() {
        Failure::from(error).about(reference)
    } else {
        error.into()
    };
    match by_pin {
        Some(pin) => failure.hint(format!(
            "Do not run this image. {} pins another one: verify that, or, if this one is meant, change image_digest there.",
            pin.file
        )),
        None => failure,
    }
}
