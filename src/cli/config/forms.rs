//! `config gen --format …`: the guardian's container for another supervisor, pinned to a verified image.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::bundle::{Bundle, Signer};
use crate::cli::context::Context;
use crate::cli::verify::{ImageArgs, Pin, Verified};
use crate::form::{self, Admission, Container, HostPath, SignerFolder};
use crate::image::{DEFAULT_IMAGE, Reference};
use crate::store::Folders;
use crate::ui::{Failure, printable};

/// Folder in the runtime folder with the socket for guardians.
const SIGNER_FOLDER: &str = "guardian";

/// The container, for another supervisor.
#[derive(Args)]
pub(super) struct FormArgs {
    /// Also print the guardian's container, for another supervisor than `run`
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[arg(long, value_name = "IMAGE", help = format!("The image, which is verified first, by tag or digest [default: {DEFAULT_IMAGE}]"))]
    image: Option<String>,
    /// Where the bundle is on the machine that runs the container [default: where it is written; kubernetes: a ConfigMap]
    #[arg(long, value_name = "PATH")]
    bundle_path: Option<PathBuf>,
    /// Folder with the signing server's socket on the machine that runs the container [default: where this machine has it]
    #[arg(long, value_name = "PATH")]
    signer_folder: Option<PathBuf>,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    which: ImageArgs,
}

/// What `config gen` writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// The config bundle alone
    #[default]
    Bundle,
    /// A file for Docker Compose
    Compose,
    /// A unit for Podman and systemd
    Quadlet,
    /// Manifests for Kubernetes
    Kubernetes,
}

impl Format {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Compose => "compose",
            Self::Quadlet => "quadlet",
            Self::Kubernetes => "kubernetes",
        }
    }
}

/// A container that was written.
pub(super) struct Form {
    pub(super) format: Format,
    pub(super) text: String,
    pub(super) verified: Verified,
}

impl FormArgs {
    /// The container's format, where one is asked for. What only counts with one is refused without.
    pub(super) fn wanted(&self) -> Result<Option<form::Format>, Failure> {
        let given = [
            ("--image", self.image.is_some()),
            ("--bundle-path", self.bundle_path.is_some()),
            ("--signer-folder", self.signer_folder.is_some()),
        ];
        match self.format {
            Format::Compose => Ok(Some(form::Format::Compose)),
            Format::Quadlet => Ok(Some(form::Format::Quadlet)),
            Format::Kubernetes => Ok(Some(form::Format::Kubernetes)),
            Format::Bundle => match given.into_iter().find(|(_, given)| *given) {
                Some((flag, _)) => Err(Failure::usage(format!("{flag} is about a container"))
                    .hint("Name its format: --format compose, quadlet or kubernetes.")),
                None => Ok(None),
            },
        }
    }

    /// Verifies the image and writes the container that runs it with this bundle.
    pub(super) fn write(
        &self,
        context: &Context,
        folders: &Folders,
        format: form::Format,
        bundle: &Written,
    ) -> Result<Form, Failure> {
        let reference: Reference = self.image.as_deref().unwrap_or(DEFAULT_IMAGE).parse()?;
        let mut container = self.container(context, folders, format, bundle)?;
        let pin = match self.which.config {
            Some(_) => self.which.pin(folders)?,
            None => Pin::of(bundle.bundle, &bundle.path.display().to_string())?,
        };
        let progress = context.ui.progress(&format!("Verifying {reference}"));
        let verified = self
            .which
            .verify(context, folders, &reference, pin.as_ref(), None)?;
        drop(progress);
        for warning in verified.warnings() {
            context.ui.warn(&warning);
        }
        let image = &verified.image;
        container.image = image.reference().name();
        container.digest = image.digest().to_string();
        container.version = image.version().map(ToString::to_string);
        let private = verified.trust.is_private();
        let admission = Admission::of(image, &verified.policy, private);
        let text = form::write(format, &container, &admission)?;
        Ok(Form {
            format: self.format,
            text,
            verified,
        })
    }

    /// The container but for its image.
    fn container(
        &self,
        context: &Context,
        folders: &Folders,
        format: form::Format,
        written: &Written,
    ) -> Result<Container, Failure> {
        let bundle = written.bundle;
        let bundle_path = match (&self.bundle_path, format) {
            (Some(path), _) => Some(HostPath::new(path)?),
            (None, form::Format::Kubernetes) => None,
            (None, _) => Some(HostPath::new(&absolute(written.path)?)?),
        };
        let signer = match &bundle.signer {
            Some(Signer::Unix(socket)) => Some(SignerFolder {
                host: match &self.signer_folder {
                    Some(path) => HostPath::new(path)?,
                    None => HostPath::new(&absolute(&folders.runtime.join(SIGNER_FOLDER))?)?,
                },
                target: HostPath::new(socket.parent().unwrap_or(socket))?,
            }),
            Some(Signer::Http { token_file, .. }) => {
                warn_of_file(context, "signer_token_file", token_file);
                None
            }
            None => None,
        };
        if let Some(path) = &bundle.extra_ca_file {
            warn_of_file(context, "extra_ca_file", path);
        }
        Ok(Container {
            image: String::new(),
            digest: String::new(),
            version: None,
            federation: bundle.federation_slug.clone(),
            bundle: written.text.to_owned(),
            bundle_path,
            data_dir: HostPath::new(&bundle.data_dir)?,
            signer,
        })
    }
}

/// A bundle, and where it is written.
pub(super) struct Written<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) text: &'a str,
    pub(super) path: &'a Path,
}

/// A file of the operator's that the guardian reads: where it is on the host, nobody said.
fn warn_of_file(context: &Context, field: &str, path: &Path) {
    let path = printable(&path.display().to_string());
    context.ui.warn(&format!(
        "the bundle's {field} is {path}: mount it there into the container yourself"
    ));
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        Failure::usage(format!("{}: {error}", path.display())).hint("Name an absolute path.")
    })
}
