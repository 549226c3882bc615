use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;

use super::report::Verified;
use super::signer::SignerArgs;
use crate::bundle::Bundle;
use crate::cli::context::Context;
use crate::doctor::{self, BundleFileError};
use crate::image::trust::TrustRoot;
use crate::image::{
    self, Digest, Known, Platform, ProvenancePolicy, Reference, Request, VerifyError, registry,
};
use crate::store::Folders;
use crate::ui::Failure;

/// What an image has to prove: the flags of every verb that verifies one.
#[derive(Args)]
pub(in crate::cli) struct ImageArgs {
    #[command(flatten)]
    pub(in crate::cli) trust: TrustArgs,
    /// Where the image is to run [default: linux and the processor of this machine, or of the engine's]
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
    pub(in crate::cli) config: Option<PathBuf>,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    pub(in crate::cli) signer: SignerArgs,
}

/// Whose certificates and logs count.
#[derive(Args)]
pub(in crate::cli) struct TrustArgs {
    /// Trust root of another Sigstore than the public one
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// Dangerous: verify with a trust root that is more than 400 days old
    #[arg(long)]
    allow_stale_trust_root: bool,
}

impl TrustArgs {
    /// What was given that has a value, for another command line with the same meaning; paths absolute.
    pub(in crate::cli) fn given(&self) -> Vec<(&'static str, String)> {
        let root = self.trusted_root.as_ref();
        root.map(|path| ("--trusted-root", absolute_text(path)))
            .into_iter()
            .collect()
    }

    pub(in crate::cli) fn allows_stale(&self) -> bool {
        self.allow_stale_trust_root
    }

    /// The trust root, recent enough; what is to be said about its age is said.
    pub(in crate::cli) fn root(
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

impl ImageArgs {
    /// Verifies the image, and notes that it was. `platform` is where it is to run, unless a flag says otherwise.
    pub(in crate::cli) fn verify(
        &self,
        context: &Context,
        folders: &Folders,
        reference: &Reference,
        pin: Option<&Pin>,
        platform: Option<Platform>,
    ) -> Result<Verified, Failure> {
        let now = SystemTime::now();
        let policy = self.signer.policy()?;
        let known = Known::load(&folders.state)?;
        let trust = self.trust.root(context, folders, now)?;
        let platform = self
            .platform
            .clone()
            .or(platform)
            .unwrap_or_else(Platform::of_this_machine);
        let request = Request {
            reference,
            policy: &policy,
            provenance: if self.allow_missing_provenance {
                ProvenancePolicy::MayBeMissing
            } else {
                ProvenancePolicy::Required
            },
            platform: &platform,
            pinned: pin.map(|pin| &pin.digest),
            allow_downgrade: self.allow_downgrade,
        };
        let client = registry::Client::new(context.registry());
        let image = image::verify(&client, &trust, &request, &known, now)
            .map_err(|error| refused(error, reference, pin))?;
        if let Err(error) = image::record_verified(&folders.state, &image, now) {
            // The verdict stands; only the signing server will not know this digest.
            context.ui.warn(&format!(
                "that this image was verified could not be noted: {error}"
            ));
        }
        Ok(Verified {
            image,
            policy,
            trust,
            now,
        })
    }

    /// The only digest that the config bundle accepts, if there is a bundle and it pins one.
    pub(in crate::cli) fn pin(&self, folders: &Folders) -> Result<Option<Pin>, Failure> {
        let found = match doctor::find_bundle(folders, self.config.as_deref(), None) {
            Err(BundleFileError::Absent(..)) => return Ok(None),
            found => found?,
        };
        let file = found.path.display().to_string();
        let Some(bundle) = found.checked.bundle() else {
            return Err(Failure::bad_bundle(&file, &found.checked).hint_check(&file));
        };
        Pin::of(bundle, &file)
    }
}

/// The digest that a config bundle pins.
pub(in crate::cli) struct Pin {
    digest: Digest,
    file: String,
}

impl Pin {
    /// What the bundle in this file pins, if anything.
    pub(in crate::cli) fn of(bundle: &Bundle, file: &str) -> Result<Option<Self>, Failure> {
        let Some(text) = &bundle.image_digest else {
            return Ok(None);
        };
        let digest = text.parse().map_err(|error| {
            Failure::new("config-schema-mismatch", format!("{file}: image_digest: {error}"))
        })?;
        Ok(Some(Self {
            digest,
            file: file.to_owned(),
        }))
    }
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

/// A path as another command finds it, wherever that is started.
pub(super) fn absolute_text(path: &std::path::Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.display().to_string()
}
