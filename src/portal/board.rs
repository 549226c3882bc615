use std::fmt;

use serde::Deserialize;

use super::answer::{self, AnswerError};
use super::federations::pins;
use super::registry::MAX_NAME;
use crate::operator::OperatorId;

/// Most rows of a board.
const MOST: usize = 256;
/// How far a guardian's clock may be ahead of the portal's for its attestation to be taken, in seconds.
const AHEAD: u64 = 300;

/// The attestation board of a federation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// The portal's time, in Unix seconds.
    pub at: u64,
    /// After how many seconds an attestation is stale.
    pub stale_after: u64,
    /// Accepted images; none of them means any.
    pub pins: Vec<String>,
    /// One for each operator.
    pub operators: Vec<BoardEntry>,
}

/// One operator's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardEntry {
    /// Whose.
    pub operator_id: OperatorId,
    /// What people call it; from outside.
    pub name: Option<String>,
    /// The colour.
    pub color: Color,
    /// Why: `never-heard`, `fresh`, `stale`, `wrong-image`; from outside, a portal may have more.
    pub cause: Option<String>,
    /// When the colour began, in Unix seconds.
    pub since: u64,
    /// When the last attestation was signed, in Unix seconds; `None` where none has come.
    pub attested_at: Option<u64>,
    /// What the guardian says it is; from outside.
    pub status: Option<String>,
    /// What it says it runs.
    pub image_digest: Option<String>,
    /// The version it says it has; from outside.
    pub guardian_version: Option<String>,
}

/// A colour of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// Never heard.
    Grey,
    /// The operator says that all is well.
    Green,
    /// Stale, or another image than the accepted ones.
    Red,
}

impl Color {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Green => "green",
            Self::Red => "red",
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Deserialize)]
struct Wire {
    federation: String,
    at: u64,
    stale_after: u64,
    pins: Vec<String>,
    operators: Vec<Entry>,
    count: u64,
}

#[derive(Deserialize)]
struct Entry {
    operator_id: OperatorId,
    name: Option<String>,
    color: Color,
    cause: Option<String>,
    since: u64,
    attested_at: Option<u64>,
    status: Option<String>,
    image_digest: Option<String>,
    guardian_version: Option<String>,
}

impl Board {
    /// The answer to a question about the federation `asked`.
    ///
    /// # Errors
    /// [`AnswerError`]
    pub fn parse(bytes: &[u8], asked: &str) -> Result<Self, AnswerError> {
        let wire: Wire = answer::read(bytes)?;
        answer::same_federation(&wire.federation, asked)?;
        answer::check_count("operators", wire.operators.len(), wire.count, MOST)?;
        answer::check_distinct("operators", wire.operators.iter().map(|it| &it.operator_id))?;
        let at = answer::time(wire.at, "at")?;
        let stale_after =
            answer::checked(wire.stale_after, "stale_after", "1 to 86400 seconds", |seconds| {
                (1..=86_400).contains(seconds)
            })?;
        let entries = (1..).zip(wire.operators).map(|(place, entry)| {
            entry
                .checked(at, stale_after)
                .map_err(|AnswerError(why)| AnswerError(format!("operator {place}: {why}")))
        });
        Ok(Self {
            operators: entries.collect::<Result<_, _>>()?,
            at,
            stale_after,
            pins: pins(wire.pins)?,
        })
    }

    /// The row of an operator.
    pub fn find(&self, operator: &OperatorId) -> Option<&BoardEntry> {
        self.operators.iter().find(|it| it.operator_id == *operator)
    }
}

impl Entry {
    /// A board that contradicts itself is not believed in part.
    fn checked(self, at: u64, stale_after: u64) -> Result<BoardEntry, AnswerError> {
        let attested_at = self
            .attested_at
            .map(|time| answer::time(time, "attested_at"))
            .transpose()?;
        let since = answer::checked(self.since, "since", "a time up to now", |since| *since <= at)?;
        let contradiction = match (self.color, attested_at) {
            (Color::Grey, Some(_)) => Some("it is grey, and has an attestation"),
            (Color::Green | Color::Red, None) => Some("it has a colour, and no attestation"),
            (Color::Green, Some(time)) if at.saturating_sub(time) > stale_after => {
                Some("it is green, and its attestation is stale")
            }
            (_, Some(time)) if time > at + AHEAD => Some("its attestation is of the future"),
            _ => None,
        };
        if let Some(contradiction) = contradiction {
            return Err(AnswerError(contradiction.into()));
        }
        let image_digest = self
            .image_digest
            .map(|digest| answer::digest(digest, "image_digest"));
        Ok(BoardEntry {
            operator_id: self.operator_id,
            name: answer::optional_text(self.name, "name", MAX_NAME)?,
            color: self.color,
            cause: answer::optional_text(self.cause, "cause", 32)?,
            since,
            attested_at,
            status: answer::optional_text(self.status, "status", 32)?,
            image_digest: image_digest.transpose()?,
            guardian_version: answer::optional_text(self.guardian_version, "guardian_version", 64)?,
        })
    }
}
