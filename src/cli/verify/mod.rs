mod artifact;
mod image_args;
mod report;
mod signer;

use clap::Args;

use self::artifact::BundleArgs;
use super::context::Context;
use super::examples;
use crate::image::{DEFAULT_IMAGE, Reference};
use crate::ui::{Exit, Failure};

pub(super) use image_args::{ImageArgs, Pin, TrustArgs};
pub(super) use report::Verified;
pub(super) use signer::SignerArgs;

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
    /// Look at another image than the one that the config bundle pins
    #[arg(long, conflicts_with = "config")]
    no_pin: bool,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    which: ImageArgs,
}

impl Verify {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if let Some(bundle) = &self.artifact.bundle {
            let Some(name) = &self.image else {
                return Err(Failure::usage("--bundle says nothing by itself: ARTIFACT is missing")
                    .hint("Name the file that the bundle came with, or its digest: oc-guardian verify --bundle FILE ARTIFACT"));
            };
            return artifact::run(context, bundle, name, &self.which.signer, &self.which.trust);
        }
        let reference: Reference = self.image.as_deref().unwrap_or(DEFAULT_IMAGE).parse()?;
        let folders = context.folders()?;
        let pin = if self.no_pin {
            None
        } else {
            self.which.pin(&folders)?
        };
        let progress = context.ui.progress(&format!("Verifying {reference}"));
        let report = self
            .which
            .verify(context, &folders, &reference, pin.as_ref(), None)?;
        drop(progress);
        for warning in report.warnings() {
            context.ui.warn(&warning);
        }
        context.ui.result(&report)?;
        Ok(Exit::Done)
    }
}
