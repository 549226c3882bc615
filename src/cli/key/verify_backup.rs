use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::examples;
use crate::cli::context::Context;
use crate::cli::input;
use crate::operator::{OperatorId, Words};
use crate::ui::{Exit, Failure, GOOD, Report, paint};

/// Check that 24 words are the backup of this key; changes nothing and needs no passphrase
#[derive(Args)]
#[command(after_help = examples::KEY_VERIFY_BACKUP)]
pub(super) struct VerifyBackup {
    /// Read the words from this file (0600), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

impl VerifyBackup {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        let identity = context.identity(&folders)?;
        let text = match &self.from {
            Some(path) => input::read_secret_text(context, path)?,
            None => context.ui.ask_words("--from FILE")?,
        };
        let found = Words::to_secret(identity.public.scheme(), &text)?.public();
        if found != identity.public {
            return Err(Failure::new(
                "backup-mismatch",
                format!(
                    "these words are the backup of {}, not of {}",
                    found.operator_id(),
                    identity.operator_id()
                ),
            )
            .hint(
                "Look for the right paper: no command shows the words again. While the key still opens, a copy of its key \
                 file and passphrase is a backup too; without any, plan for a new key.",
            ));
        }
        context.ui.result(&Matches(identity.operator_id()))?;
        Ok(Exit::Done)
    }
}

struct Matches(OperatorId);

impl Report for Matches {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([("operator_id".into(), json!(self.0))])
    }

    fn human(&self) -> String {
        format!(
            "{}\n",
            paint(GOOD, &format!("These words are the backup of {}.", self.0))
        )
    }
}
