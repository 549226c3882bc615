use super::Failure;
use crate::form::{FormError, ImagePolicyError, PathError};

impl From<PathError> for Failure {
    fn from(error: PathError) -> Self {
        Self::usage(error.to_string()).hint(match error {
            PathError::Relative(_) => "Name a path from the root on, as the other program sees it.",
            _ => "Move it to a path of letters, digits, `/`, `.`, `-` and `_`.",
        })
    }
}

impl From<FormError> for Failure {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Path(error) | FormError::ImagePolicy(ImagePolicyError::Path(error)) => error.into(),
            FormError::ImagePolicy(error @ ImagePolicyError::Expression(..)) => {
                Self::usage(error.to_string())
                    .hint("Write the identity without it, or exactly, with --certificate-identity.")
            }
            FormError::ImagePolicy(error @ ImagePolicyError::Repository(_)) => {
                Self::new("repository-unusable", error.to_string())
                    .hint("Report it to whoever signed the image, and use --format compose or quadlet.")
            }
        }
    }
}
