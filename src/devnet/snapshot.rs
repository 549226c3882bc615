use crate::operator::OperatorId;
use crate::portal::Color;

/// Whether a process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Its id; `None` where it does not run.
    pub pid: Option<u32>,
    /// How often it was started anew.
    pub restarts: u32,
    /// How it ended, where it does not run; its last words may come from anywhere.
    pub ended: Option<String>,
}

/// What is known of one guardian and its signing server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardianRow {
    /// `guardian-1` and so on.
    pub name: String,
    /// Whose.
    pub operator_id: OperatorId,
    /// Where it serves health.
    pub api_url: String,
    /// Its process.
    pub guardian: Life,
    /// The process of its signing server.
    pub signer: Life,
    /// `standby`, `active` or `draining`, where it answers.
    pub state: Option<String>,
    /// Whether it says that the signing server answers it.
    pub connected: bool,
    /// Its colour on the board; `None` where the portal does not answer.
    pub color: Option<Color>,
    /// Why it has that colour.
    pub cause: Option<String>,
    /// When its last attestation was made, in Unix seconds.
    pub attested_at: Option<u64>,
}

/// A devnet at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The portal's process.
    pub portal: Life,
    /// The accepted images; none means any.
    pub pins: Vec<String>,
    /// In their order.
    pub guardians: Vec<GuardianRow>,
}

impl Snapshot {
    /// How many are green.
    pub fn green(&self) -> usize {
        let green = |row: &&GuardianRow| row.color == Some(Color::Green);
        self.guardians.iter().filter(green).count()
    }
}
