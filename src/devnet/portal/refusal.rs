use crate::envelope::EnvelopeError;

/// Why a request is turned down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub(super) status: u16,
    /// Stable slug.
    pub(super) reason: &'static str,
    /// For people.
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn new(status: u16, reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            reason,
            detail: detail.into(),
        }
    }

    pub(super) fn unknown_federation() -> Self {
        Self::new(404, "unknown-federation", "there is no federation of this name")
    }
}

impl From<EnvelopeError> for Refusal {
    fn from(error: EnvelopeError) -> Self {
        let detail = error.to_string();
        match error {
            EnvelopeError::BadSignature => Self::new(403, "bad-signature", detail),
            EnvelopeError::OtherKey(_) => Self::new(403, "unknown-key", detail),
            EnvelopeError::Json(_) | EnvelopeError::Shape(_) | EnvelopeError::Spelling => {
                Self::new(400, "bad-envelope", detail)
            }
        }
    }
}
