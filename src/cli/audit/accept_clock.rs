use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{examples, now};
use crate::audit::{self, ChainKey, Entry, Event, Ledger};
use crate::cli::context::Context;
use crate::cli::input;
use crate::signer::ACCEPT_CLOCK;
use crate::ui::{Exit, Failure, GOOD, Report, paint};

/// Accept that the clock was wrong, and sign again although records of a later time exist
///
/// The signing server refuses to sign while the clock stands before its last record. Set the clock right first. What is
/// accepted is recorded.
#[derive(Args)]
#[command(after_help = examples::AUDIT_ACCEPT_CLOCK)]
pub(super) struct AcceptClock {
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl AcceptClock {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        context.identity(&folders)?;
        let home = context.lock(&folders)?;
        let identity = home.identity()?;
        let key = input::unlock(context, &home, &identity, self.passphrase_file.as_deref())?;
        let mut latest = Latest::default();
        let (ledger, opened) = Ledger::open(&folders, ChainKey::derive(&key), &mut latest)?;
        context.warn_all(&opened.notes);
        let now = now()?;
        let latest = latest.0.max(opened.head.at);
        let shown = audit::time(now).to_string();
        if latest <= now {
            ledger.close()?;
            context.ui.result(&Accepted {
                now: shown,
                latest,
                recorded: None,
            })?;
            return Ok(Exit::Done);
        }
        let question = format!(
            "The clock says {shown}, and the last record is of {}. Is the clock right now?",
            audit::time(latest)
        );
        if !self.yes && !context.ui.confirm(&question, "--yes")? {
            return Err(Failure::new("not-confirmed", "the clock was not confirmed")
                .hint("Set the clock right, then run this again.")
                .with_exit(Exit::Refused));
        }
        let summary = format!(
            "clock accepted at {shown}, before a record of {}",
            audit::time(latest)
        );
        let seq = ledger
            .append(Entry::new(now, Event::Forced, summary).about(ACCEPT_CLOCK))?
            .wait()?;
        ledger.close()?;
        context.ui.result(&Accepted {
            now: shown,
            latest,
            recorded: Some(seq),
        })?;
        Ok(Exit::Done)
    }
}

/// The latest time of a record since the clock was last accepted.
#[derive(Default)]
struct Latest(u64);

impl audit::Replay for Latest {
    fn checkpoint(&mut self, _bytes: &[u8]) -> bool {
        // What it holds is the signing server's. Without it every record is read.
        false
    }

    fn record(&mut self, record: &audit::Record) {
        let accepted =
            record.entry.event == Event::Forced && record.entry.kind.as_deref() == Some(ACCEPT_CLOCK);
        self.0 = if accepted {
            record.entry.at
        } else {
            self.0.max(record.entry.at)
        };
    }
}

struct Accepted {
    now: String,
    latest: u64,
    recorded: Option<u64>,
}

impl Report for Accepted {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("now".into(), json!(self.now)),
            ("latest".into(), json!(audit::time(self.latest).to_string())),
            ("recorded".into(), json!(self.recorded)),
        ])
    }

    fn human(&self) -> String {
        let text = match self.recorded {
            Some(seq) => format!("The clock is accepted, and that is record {seq}."),
            None => "No record is of a later time: there is nothing to accept.".into(),
        };
        format!("{}\n", paint(GOOD, &text))
    }
}
