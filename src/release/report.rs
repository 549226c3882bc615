use serde::Deserialize;
use serde_json::value::RawValue;

use crate::federation::MAX_GUARDIANS;
use crate::operator::OperatorId;
use crate::signer::frames::MAX_FRAME;

/// What our guardian's RPC answers to `peer-health`: what it heard of the others. Its envelopes are believed only once they
/// are verified here.
#[derive(Debug, Default, Deserialize)]
pub struct PeerReport {
    /// The other guardians of its membership; empty where it has none.
    pub peers: Vec<Peer>,
    /// Upgrade notices that count, as they were signed.
    pub notices: Vec<Box<RawValue>>,
}

/// What one guardian said of itself.
#[derive(Debug, Deserialize)]
pub struct Peer {
    /// Who.
    pub operator_id: OperatorId,
    /// Its newest health envelope; null: it was never heard of.
    pub health: Option<Box<RawValue>>,
}

/// Bytes that are no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// More than fits into a frame of the RPC.
    #[error("the report of peers has {0} bytes; at most {MAX_FRAME} are allowed")]
    TooLarge(usize),
    /// More guardians than a federation has.
    #[error("the report has {0} peers; a federation has at most {MAX_GUARDIANS} guardians")]
    TooMany(usize),
    /// Not its form.
    #[error("the report of peers is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
}

impl PeerReport {
    /// Reads the `result` of the call. What a newer guardian adds is ignored.
    ///
    /// # Errors
    /// [`ReportError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, ReportError> {
        if bytes.len() > MAX_FRAME {
            return Err(ReportError::TooLarge(bytes.len()));
        }
        let report: Self = serde_json::from_slice(bytes)?;
        if report.peers.len() > MAX_GUARDIANS {
            return Err(ReportError::TooMany(report.peers.len()));
        }
        Ok(report)
    }
}
