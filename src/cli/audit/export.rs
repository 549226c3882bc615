use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Keys, examples, noted, open_keys};
use crate::audit::{self, Head};
use crate::cli::context::Context;
use crate::cli::input;
use crate::envelope::Tag;
use crate::store;
use crate::ui::{Exit, Failure, GOOD, Lines, Report, paint};

/// Write the audit log to one file, signed by the operator key
///
/// Its records say what was signed and refused, when, and by which rule. The hash of each can be checked with the operator
/// key only; the signature at the end can be checked by anybody.
#[derive(Args)]
#[command(after_help = examples::AUDIT_EXPORT)]
pub(super) struct Export {
    /// The new file (0600)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let out = input::absolute(&self.out)?;
        // Before the passphrase is asked for.
        store::check_creatable(&out)?;
        let Keys {
            folders,
            identity,
            secret,
            chain,
        } = open_keys(context, self.passphrase_file.as_deref())?;
        let progress = context.ui.progress("Writing the audit log");
        let head = audit::export(&folders, &chain, &identity.public, &out, |bytes| {
            Tag::AuditHead.sign(&secret, bytes)
        })?;
        drop(progress);
        context.ui.result(&Exported { out, head })?;
        Ok(Exit::Done)
    }
}

struct Exported {
    out: PathBuf,
    head: Head,
}

impl Report for Exported {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("out".into(), json!(self.out.display().to_string())),
            ("records".into(), json!(self.head.seq)),
            ("head".into(), json!(noted::spelled(&self.head))),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.line(paint(
            GOOD,
            &format!("{} records are in {}.", self.head.seq, self.out.display()),
        ));
        lines.field("head", noted::spelled(&self.head));
        lines.finish()
    }
}
