use super::Failure;
use super::image::fault_hint;
use super::store::shell_quoted;
use crate::image::trust::{MirrorError, TrustError, UpdateError};
use crate::image::{ArtifactError, Fault};
use crate::ui::Exit;

impl From<TrustError> for Failure {
    fn from(error: TrustError) -> Self {
        let failure = Self::new(error.reason(), error.to_string());
        match &error {
            TrustError::Stale { .. } => failure.with_exit(Exit::Untrusted).hint(
                "Run: oc-guardian trust update. Where there is no network, --allow-stale-trust-root goes on with the \
                 old one.",
            ),
            TrustError::File(_) => failure.hint("Check the path of the trust root."),
            TrustError::State { path, .. } => failure.hint(format!(
                "Move it away, then run `oc-guardian trust update`: {}. If nobody should have touched it, treat this \
                 machine as compromised.",
                shell_quoted(path)
            )),
            TrustError::MediaType { .. } => {
                failure.hint("Name a trusted_root.json of version 0.1, as `cosign trusted-root create` writes it.")
            }
            TrustError::Malformed { .. } | TrustError::Unusable { .. } => {
                failure.hint("Name a trusted_root.json of a Sigstore, as `cosign trusted-root create` writes it.")
            }
        }
    }
}

impl From<UpdateError> for Failure {
    fn from(error: UpdateError) -> Self {
        const KEPT: &str = "The trust root in use stays in use.";
        let failure = Self::new(error.reason(), error.to_string());
        match error {
            UpdateError::Mirror(MirrorError::Url { .. }) => failure
                .with_exit(Exit::Usage)
                .hint("Name a mirror by its https URL, or by http where it is on this machine."),
            UpdateError::Mirror(MirrorError::TooLarge { .. } | MirrorError::Name { .. }) => {
                failure.hint(format!("{KEPT} Check the mirror: no genuine one sends that."))
            }
            UpdateError::Mirror(_) => failure.hint(format!("{KEPT} Check the network, and try again.")),
            UpdateError::Expired { .. } => failure.with_exit(Exit::Untrusted).hint(format!(
                "{KEPT} Check this machine's clock; if it is right, the mirror is out of date or somebody holds back \
                 newer metadata: try another network."
            )),
            UpdateError::Rollback { .. } => failure.with_exit(Exit::Untrusted).hint(format!(
                "{KEPT} The mirror is out of date, or somebody serves old metadata: try again later, from another \
                 network."
            )),
            UpdateError::Signature { .. } | UpdateError::Mismatch(_) => {
                failure.with_exit(Exit::Untrusted).hint(format!(
                    "{KEPT} Something between here and the repository changes what is sent, or the mirror is of another \
                     repository."
                ))
            }
            UpdateError::Malformed(_) => {
                failure.hint(format!("{KEPT} Check the mirror: what it sends is no TUF metadata."))
            }
            UpdateError::NoTarget => failure.hint(format!("{KEPT} Check that the mirror is that of a Sigstore.")),
            UpdateError::Bootstrap { .. } => {
                failure.hint("Name the root.json that whoever runs the private Sigstore hands out.")
            }
            UpdateError::Clock { .. } => failure.hint("Set this machine's clock, and try again."),
            UpdateError::Locked { .. } => failure.hint("Wait until it has finished."),
            UpdateError::Store(source) => source.into(),
            UpdateError::Trust(source) => source.into(),
        }
    }
}

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Self {
        let reason = error.reason();
        let failure = Self::new(reason, error.to_string());
        let facts = error.found_and_wanted();
        let failure = match error {
            ArtifactError::Read(source) => return source.into(),
            ArtifactError::Refused(fault) => failure
                .about(format_args!("not trusted ({reason})"))
                .with_exit(Exit::Untrusted)
                .hint(format!("Do not use this file. {}", artifact_hint(&fault))),
        };
        match facts {
            Some((found, wanted)) => failure.fact("found", found).fact("wanted", wanted),
            None => failure,
        }
    }
}

fn artifact_hint(fault: &Fault) -> &'static str {
    match fault {
        Fault::OtherDigest { .. } => {
            "The bundle is that of another file, or the file was changed: download both once more, from where they are \
             published."
        }
        Fault::Unreadable(_) | Fault::Signature(_) | Fault::NotAStatement => {
            "Its signature does not hold: download file and bundle once more, from where they are published."
        }
        Fault::Clock(_) | Fault::Certificate(_) | Fault::Issuer { .. } => fault_hint(fault),
        Fault::Log(_) => {
            "Nothing proves that its signature was logged. With a private Sigstore, check --trusted-root; else run \
             `oc-guardian trust update`: the log may be newer than the trust root."
        }
        Fault::Identity { .. } | Fault::Claim { .. } | Fault::Build { .. } => {
            "Somebody else signed it. If that signer is meant, name it with --certificate-identity or \
             --certificate-identity-regexp, or with --key."
        }
    }
}
