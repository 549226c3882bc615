use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::examples;
use crate::cli::context::Context;
use crate::cli::input;
use crate::operator::OperatorId;
use crate::store;
use crate::ui::{Exit, Failure, GOOD, Report, WARNING, paint};
use crate::vault;

/// Give out the private key as 64 hex digits, for the portal's import
///
/// Only to a terminal, or to a new file (0600). The identity is marked first: a key that lives elsewhere too is refused
/// by ceremonies unless they are told to accept it.
#[derive(Args)]
#[command(after_help = examples::KEY_EXPORT)]
pub(super) struct Export {
    /// Write the hex digits to this new file (0600) instead of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Confirm by the operator id, instead of typing it when asked
    #[arg(long, value_name = "ID")]
    confirm: Option<OperatorId>,
    /// Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        context.identity(&folders)?;
        if self.out.is_none() && (context.ui.is_json() || !std::io::stdout().is_terminal()) {
            return Err(
                Failure::usage("the private key goes only to a terminal or to a file of its own")
                    .hint("Name a new file with --out FILE."),
            );
        }
        let out = self.out.as_deref().map(input::absolute).transpose()?;
        if let Some(path) = &out {
            // Before the identity is marked, and the passphrase asked for.
            store::check_creatable(path)?;
        }
        let home = context.lock(&folders)?;
        let identity = home.identity()?;
        let id = identity.operator_id();
        self.confirm(context, &id)?;
        let key = input::unlock(context, &home, &identity, self.passphrase_file.as_deref())?;
        match out {
            Some(path) => {
                context.warn_all(&home.export(&identity, &key, &path)?);
                context.ui.result(&Exported { id, path })?;
            }
            None => {
                home.mark_exported(&identity)?;
                let mut line = Zeroizing::new(String::with_capacity(65));
                line.push_str(&vault::export_hex(&key));
                line.push('\n');
                context.ui.raw(&line)?;
            }
        }
        Ok(Exit::Done)
    }

    fn confirm(&self, context: &Context, id: &OperatorId) -> Result<(), Failure> {
        let mismatch = || {
            Failure::new("id-mismatch", format!("this identity is {id}")).hint(
                "Nothing was exported. Repeat the operator id exactly, if this is the key that you mean.",
            )
        };
        match &self.confirm {
            Some(confirmed) if confirmed == id => Ok(()),
            Some(_) => Err(mismatch()),
            None => {
                context.ui.warn(
                    "whoever sees the private key signs as you, and holds your share of the federation key",
                );
                let question = format!("Type the operator id to export its private key ({id})");
                let typed = context
                    .ui
                    .ask_text(&question, None, "--confirm ID", |text| Ok(text.to_owned()))?;
                if typed == id.as_str() {
                    Ok(())
                } else {
                    Err(mismatch())
                }
            }
        }
    }
}

struct Exported {
    id: OperatorId,
    path: PathBuf,
}

impl Report for Exported {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("operator_id".into(), json!(self.id)),
            ("out".into(), json!(self.path.display().to_string())),
            ("exported".into(), json!(true)),
        ])
    }

    fn human(&self) -> String {
        format!(
            "{}\n{} it is not encrypted: remove it as soon as it is where it belongs. The identity is marked as exported.\n",
            paint(
                GOOD,
                &format!("The private key of {} is in {}.", self.id, self.path.display())
            ),
            paint(WARNING, "note:")
        )
    }
}
