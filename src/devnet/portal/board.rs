//! The attestation board of one federation, as a pure state machine: attestations, accepted images and time in, colours
//! out.

use super::colour::{Cause, Standing};
use crate::operator::OperatorId;

/// Attestations of one second that are remembered, so that none of them counts twice. A guardian sends one a minute.
const SAME_SECOND: usize = 64;

/// What a guardian said of itself, in an envelope that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When it says it said so, in Unix seconds.
    pub attested_at: u64,
    /// When it came here, in Unix seconds.
    pub received_at: u64,
    /// `starting`, `running` or `degraded`.
    pub status: &'static str,
    /// The image that it says it runs.
    pub image_digest: Option<String>,
    /// The version that it says it has.
    pub guardian_version: String,
    /// Where anybody reaches it.
    pub api_url: String,
    /// Where its peers reach it.
    pub p2p_url: String,
}

impl Heard {
    /// From when on it grows old. A guardian whose clock is ahead must not stay green for longer than others.
    pub(super) fn counts_from(&self) -> u64 {
        self.attested_at.min(self.received_at)
    }
}

/// One operator's place on the board.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whose.
    pub operator: OperatorId,
    /// The last attestation.
    pub heard: Option<Heard>,
    /// The colour, as of when the board was settled last.
    pub standing: Standing,
    /// Hashes of what was signed in the last attestation's second.
    same_second: Vec<[u8; 32]>,
}

/// What became of an attestation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is the last one now; `before` is the one that it follows.
    New {
        /// What was heard before.
        before: Option<Heard>,
    },
    /// It had come already: nothing has changed.
    Repeated,
}

/// An attestation that is older than the one the board has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an attestation of {last} has come already, and this one is of {attested_at}")]
pub struct Older {
    /// Of the refused one.
    pub attested_at: u64,
    /// Of the one on the board.
    pub last: u64,
}

/// The board.
#[derive(Clone, Debug)]
pub struct Board {
    stale_after: u64,
    pins: Vec<String>,
    rows: Vec<Row>,
}

impl Board {
    /// Nobody has been heard. `stale_after` is in seconds; `pins` are the accepted images, none of them means any.
    pub fn new(members: &[OperatorId], pins: Vec<String>, stale_after: u64, now: u64) -> Self {
        let row = |operator: &OperatorId| Row {
            operator: operator.clone(),
            heard: None,
            standing: Standing {
                cause: Cause::NeverHeard,
                since: now,
            },
            same_second: Vec::new(),
        };
        Self {
            stale_after,
            pins,
            rows: members.iter().map(row).collect(),
        }
    }

    /// Takes an attestation of a member. `hash` is that of what was signed.
    ///
    /// # Errors
    /// [`Older`]: so a recorded envelope cannot be played again.
    ///
    /// # Panics
    /// When `operator` is no member: whoever calls has looked.
    pub fn record(
        &mut self,
        operator: &OperatorId,
        heard: Heard,
        hash: [u8; 32],
        now: u64,
    ) -> Result<Recorded, Older> {
        self.settle(now);
        let row = self.rows.iter_mut().find(|row| row.operator == *operator);
        let row = row.expect("an attestation is recorded for members only");
        match &row.heard {
            Some(last) if heard.attested_at < last.attested_at => {
                return Err(Older {
                    attested_at: heard.attested_at,
                    last: last.attested_at,
                });
            }
            Some(last) if heard.attested_at == last.attested_at => {
                // Past that many nothing of this second is believed any more; the next second is near.
                if row.same_second.contains(&hash) || row.same_second.len() >= SAME_SECOND {
                    return Ok(Recorded::Repeated);
                }
            }
            _ => row.same_second.clear(),
        }
        row.same_second.push(hash);
        let before = row.heard.replace(heard);
        self.settle(now);
        Ok(Recorded::New { before })
    }

    /// Changes the accepted images; none of them means any.
    pub fn set_pins(&mut self, pins: Vec<String>, now: u64) {
        self.settle(now);
        self.pins = pins;
        self.settle(now);
    }

    /// Lets time pass; says whether anybody's colour or cause has changed.
    pub fn settle(&mut self, now: u64) -> bool {
        let mut changed = false;
        for row in &mut self.rows {
            let next = row
                .standing
                .next(row.heard.as_ref(), &self.pins, self.stale_after, now);
            changed |= next != row.standing;
            row.standing = next;
        }
        changed
    }

    /// The accepted images.
    pub fn pins(&self) -> &[String] {
        &self.pins
    }

    /// After how many seconds an attestation is stale.
    pub fn stale_after(&self) -> u64 {
        self.stale_after
    }

    /// In the order of the members.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}
