use super::{Failure, shell_quoted};
use crate::signer::{PolicyFileError, Refusal, RequestError};
use crate::store::StoreError;
use crate::ui::Exit;

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        let hint = match &error {
            RequestError::Json(_) => {
                "Write strict JSON: every key once, of a-z 0-9 _, whole numbers only, nested at most 8 deep."
            }
            RequestError::Shape(_) => "Compare it with the request of this kind in docs/formats.md.",
            RequestError::TimeMismatch { .. } => {
                "Make the first 8 digits of the id the hex of `at`; it is when the request was made."
            }
            RequestError::FederationMismatch(_) => {
                "Name the same federation in the request and in its payload."
            }
        };
        Self::new(error.reason(), error.to_string()).hint(hint)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let hint = match refusal.status {
            409 => "Ask again with a new id, and for an action with a new nonce.",
            422 => "Compare it with the request of this kind in docs/formats.md.",
            429 => "Wait, then ask again; the rates are in the policy.",
            503 => {
                "Correct the clock; if it was wrong before and is right now, say so with: oc-guardian audit accept-clock"
            }
            _ => "See which rule decides with: oc-guardian policy test REQUEST.json",
        };
        Self::new(refusal.reason, refusal.detail)
            .hint(hint)
            .with_exit(Exit::Refused)
    }
}

impl From<PolicyFileError> for Failure {
    fn from(error: PolicyFileError) -> Self {
        let failure = |reason| Self::new(reason, error.to_string());
        match error {
            PolicyFileError::Store(StoreError::NotFound { path }) => {
                Self::new("no-policy", format!("there is no policy at {}", path.display()))
                    .hint("Write the usual one with: oc-guardian policy init")
            }
            PolicyFileError::Store(error) => error.into(),
            PolicyFileError::Writable { ref path, .. } => {
                failure("permissions-too-open").hint(format!("Run: chmod go-w {}", shell_quoted(path)))
            }
            PolicyFileError::ForeignOwner { ref path, .. } => failure("foreign-owner").hint(format!(
                "Run as the owner, or copy it to a file of your own: {}",
                shell_quoted(path)
            )),
            PolicyFileError::NotText { .. } => failure("not-text").hint("Save the file as UTF-8."),
            PolicyFileError::Policy { ref path, .. } => failure("policy-invalid").hint(format!(
                "See everything that is wrong with: oc-guardian policy check {}",
                shell_quoted(path)
            )),
        }
    }
}
