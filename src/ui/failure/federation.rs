use super::Failure;
use super::store::shell_quoted;
use crate::federation::{CharterError, DirectoryError, TrustedFederationError};

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::new("bad-directory", error.to_string())
            .hint("Ask whoever made the directory for a correct one; do not mend it yourself.")
    }
}

impl From<CharterError> for Failure {
    fn from(error: CharterError) -> Self {
        let failure = |reason| Self::new(reason, error.to_string());
        match &error {
            CharterError::Missing { .. } => failure("charter-incomplete").hint(
                "Have each of them sign it (oc-guardian charter sign) and put their envelopes into the directory.",
            ),
            CharterError::Bad { .. } | CharterError::TooMany(_) => failure("charter-invalid").hint(
                "Do not trust this directory. Compare the membership hash with the guardian whose signature it should be.",
            ),
        }
    }
}

impl From<TrustedFederationError> for Failure {
    fn from(error: TrustedFederationError) -> Self {
        let detail = error.to_string();
        match error {
            TrustedFederationError::Absent { .. } => Self::new("federation-not-trusted", detail)
                .hint("Trust it with: oc-guardian federation trust FILE (its directory with all charter signatures)"),
            TrustedFederationError::Damaged { path, .. } => Self::new("federation-damaged", detail).hint(format!(
                "Move {} away and trust the federation again: oc-guardian federation trust FILE",
                shell_quoted(&path)
            )),
            TrustedFederationError::Slug(_) => {
                Self::new("bad-slug", detail).hint("Use the name that the config bundle has.")
            }
            TrustedFederationError::Conflict { .. } => Self::new("federation-conflict", detail).hint(
                "A new membership means a new key. Once all guardians agreed on it, repeat the command with --replace.",
            ),
            TrustedFederationError::Charter(error) => error.into(),
            TrustedFederationError::Store(error) => error.into(),
        }
    }
}
