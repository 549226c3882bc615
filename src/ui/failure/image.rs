use std::path::Path;

use super::Failure;
use super::store::shell_quoted;
use crate::image::{Downgrade, Fault, IdentityExpressionError, KnownError, PublicKeyError, VerifyError};
use crate::ui::Exit;

/// The first thing to say about an image that is not trusted.
const DO_NOT_RUN: &str = "Do not run this image.";

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        let hint = hint(&error);
        let facts = error.found_and_wanted();
        let verdict = error.is_verdict();
        let reason = error.reason();
        let mut failure = match error {
            VerifyError::Registry(error) => Self::from(error),
            other => Self::new(reason, other.to_string()).hint(hint),
        };
        if verdict {
            failure = failure
                .about(format_args!("not trusted ({reason})"))
                .with_exit(Exit::Untrusted);
        }
        match facts {
            Some((found, wanted)) => failure.fact("found", found).fact("wanted", wanted),
            None => failure,
        }
    }
}

fn hint(error: &VerifyError) -> String {
    match error {
        VerifyError::Registry(_) => String::new(),
        VerifyError::NotFound(_) => {
            "Check the name, tag or digest; a private image needs a login (docker login).".into()
        }
        VerifyError::Manifest { .. } => format!("{DO_NOT_RUN} Check the reference: this is no image that can be judged."),
        VerifyError::Platform(_) => "Name a platform that the image is built for with --platform OS/ARCH.".into(),
        VerifyError::NotPinned { .. } => format!(
            "{DO_NOT_RUN} Verify the pinned digest instead, or, if the new image is meant, change image_digest in the config \
             bundle."
        ),
        VerifyError::TooMuch { .. } => {
            "Tell whoever keeps the registry: so many make a signature impossible to find; remove what is not needed."
                .into()
        }
        VerifyError::Unsigned { .. } => format!(
            "{DO_NOT_RUN} Check the reference: the project signs what it releases as ghcr.io/orangecheck/oc-guardian."
        ),
        VerifyError::Signature { fault, .. } => format!("{DO_NOT_RUN} {}", fault_hint(fault)),
        VerifyError::ProvenanceMissing { .. } => format!(
            "{DO_NOT_RUN} If you know why it has none, --allow-missing-provenance accepts it by its signature alone."
        ),
        VerifyError::Provenance { fault, .. } => format!("{DO_NOT_RUN} {}", provenance_hint(fault)),
        VerifyError::Downgrade(Downgrade::Unversioned { .. }) => format!(
            "{DO_NOT_RUN} It is no release: releases are signed for a version tag. If this one is meant, --allow-downgrade \
             accepts it."
        ),
        VerifyError::Downgrade(Downgrade::Lower { .. }) => format!(
            "{DO_NOT_RUN} An old image is genuine and may still be vulnerable. If going back is meant, --allow-downgrade \
             accepts it."
        ),
    }
}

pub(super) fn fault_hint(fault: &Fault) -> &'static str {
    match fault {
        Fault::NotAStatement => {
            "It carries a signature that says nothing about an image; report it to the project."
        }
        Fault::Unreadable(_) | Fault::Signature(_) => {
            "Its signature does not hold: the image or the signature was changed; report it to the project."
        }
        Fault::Clock(_) => "Set this machine's clock; if it is right, the log entry is forged.",
        Fault::Log(_) => {
            "Nothing proves that its signature was logged. With a private Sigstore, check --trusted-root; else run \
             `oc-guardian trust update`: the log may be newer than the trust root. Report it to the project if that changes \
             nothing."
        }
        Fault::Certificate(_) => {
            "Its certificate is not one that the trust root vouches for. With a private Sigstore, check --trusted-root; \
             else run `oc-guardian trust update`."
        }
        Fault::OtherDigest { .. } => {
            "The signature of another image was put beside it; report it to the project."
        }
        Fault::Issuer { .. } => "If that issuer is meant, name it with --certificate-oidc-issuer.",
        Fault::Identity { .. } | Fault::Claim { .. } | Fault::Build { .. } => {
            "Somebody else signed it. If that signer is meant, name it with --certificate-identity or \
             --certificate-identity-regexp, which has to match as a whole."
        }
    }
}

fn provenance_hint(fault: &Fault) -> &'static str {
    match fault {
        Fault::Clock(_) | Fault::Log(_) | Fault::Certificate(_) => fault_hint(fault),
        Fault::Unreadable(_) | Fault::Signature(_) | Fault::NotAStatement => {
            "Its provenance does not hold: it was changed; report it to the project."
        }
        _ => {
            "Its provenance is that of another build than the one that was signed; report it to the project."
        }
    }
}

impl From<IdentityExpressionError> for Failure {
    fn from(error: IdentityExpressionError) -> Self {
        Self::usage(error.to_string()).hint(
            "Write the identity, or an expression that matches the whole of it; escape dots as \\. in one.",
        )
    }
}

impl From<PublicKeyError> for Failure {
    fn from(error: PublicKeyError) -> Self {
        Self::new("key-unusable", error.to_string())
            .hint("Name a public key in PEM form, as `cosign generate-key-pair` writes to cosign.pub.")
    }
}

impl From<KnownError> for Failure {
    fn from(error: KnownError) -> Self {
        let moved = |path: &Path| {
            format!(
                "Restore it from a backup. Or move it away ({}): then the next image counts as a first use, and an old \
                 one is not noticed.",
                shell_quoted(path)
            )
        };
        match &error {
            KnownError::Damaged { path, .. } => {
                Self::new("verified-file-damaged", error.to_string()).hint(moved(path))
            }
            KnownError::Full { path } => Self::new("verified-file-full", error.to_string()).hint(format!(
                "Take out images that are no longer used: {}",
                shell_quoted(path)
            )),
            KnownError::TooLong => Self::new("verified-file-full", error.to_string())
                .hint("Verify with a signer of a shorter name."),
            KnownError::Store(_) => match error {
                KnownError::Store(source) => source.into(),
                other => Self::new("verified-file-damaged", other.to_string()),
            },
        }
    }
}
