use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{self, AnswerError};
use crate::envelope::MAX_ENVELOPE;
use crate::operator::OperatorId;

/// Most signatures under one charter.
const MOST: usize = 256;

/// The charter signatures that the portal passes on. Not verified here: whoever uses them knows the membership.
#[derive(Clone, Debug)]
pub struct Charters {
    /// At most one of each operator.
    pub signatures: Vec<CharterSignature>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct CharterSignature {
    /// Whose it is, as the portal says.
    pub operator_id: OperatorId,
    /// When the portal got it, in Unix seconds.
    pub received_at: u64,
    /// The `charter-sign` envelope, byte for byte.
    pub envelope: Box<RawValue>,
}

#[derive(Deserialize)]
struct Wire {
    federation: String,
    signatures: Vec<Entry>,
    count: u64,
}

#[derive(Deserialize)]
struct Entry {
    operator_id: OperatorId,
    received_at: u64,
    envelope: Box<RawValue>,
}

impl Charters {
    /// The answer to a question about the federation `asked`.
    ///
    /// # Errors
    /// [`AnswerError`]
    pub fn parse(bytes: &[u8], asked: &str) -> Result<Self, AnswerError> {
        let wire: Wire = answer::read(bytes)?;
        answer::same_federation(&wire.federation, asked)?;
        answer::check_count("signatures", wire.signatures.len(), wire.count, MOST)?;
        answer::check_distinct("signatures", wire.signatures.iter().map(|it| &it.operator_id))?;
        let entries = wire.signatures.into_iter().map(|entry| {
            Ok(CharterSignature {
                operator_id: entry.operator_id,
                received_at: answer::time(entry.received_at, "received_at")?,
                envelope: envelope(entry.envelope)?,
            })
        });
        Ok(Self {
            signatures: entries.collect::<Result<_, _>>()?,
        })
    }
}

/// An object that can be an envelope by its size.
pub(super) fn envelope(raw: Box<RawValue>) -> Result<Box<RawValue>, AnswerError> {
    answer::checked(raw, "envelope", "an object of at most 64 KiB", |raw| {
        raw.get().starts_with('{') && raw.get().len() <= MAX_ENVELOPE
    })
}
