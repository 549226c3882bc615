use super::Failure;
use crate::guardian::GuardianError;

impl From<GuardianError> for Failure {
    fn from(error: GuardianError) -> Self {
        let detail = error.to_string();
        match error {
            GuardianError::Listen { .. } => Self::new("port-unavailable", detail).hint(
                "See what listens there (ss -ltnp), or choose another address with --api-listen and --p2p-listen.",
            ),
            GuardianError::AttestationUrl(_) => Self::new("bad-attestation-url", detail)
                .hint("Write the bundle anew with: oc-guardian config gen --attestation-url URL"),
            GuardianError::SignerUrl(_) => Self::new("bad-signer-url", detail)
                .hint("Write the bundle anew with: oc-guardian config gen --signer-url URL"),
            GuardianError::Portal(error) => error.into(),
            GuardianError::Store(error) => error.into(),
            GuardianError::Random(error) => error.into(),
        }
    }
}
