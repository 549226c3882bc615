use serde::Deserialize;

use super::Color;
use super::answer::{self, AnswerError};

/// What the portal says to an envelope that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// It had come before; nothing has changed.
    pub repeated: bool,
    /// Of an attestation: the operator's colour now.
    pub color: Option<Color>,
    /// Of an attestation: why; from outside.
    pub cause: Option<String>,
    /// Of an incident: the portal's id; from outside.
    pub id: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    repeated: Option<bool>,
    color: Option<Color>,
    cause: Option<String>,
    id: Option<String>,
}

impl Posted {
    /// # Errors
    /// [`AnswerError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, AnswerError> {
        let wire: Wire = answer::read(bytes)?;
        Ok(Self {
            repeated: wire.repeated.unwrap_or(false),
            color: wire.color,
            cause: answer::optional_text(wire.cause, "cause", 32)?,
            id: answer::optional_text(wire.id, "id", 128)?,
        })
    }
}
