use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Keys, examples, noted, open_keys};
use crate::audit::{self, Head};
use crate::cli::context::Context;
use crate::envelope::Tag;
use crate::operator::{OperatorId, Signature};
use crate::ui::{EMPHASIS, Exit, Failure, Lines, Report, paint};

/// Show the head of the audit log, to note it elsewhere
///
/// Whoever has the head can show later that nothing up to it was cut off or written anew: audit verify --head compares.
#[derive(Args)]
#[command(after_help = examples::AUDIT_HEAD)]
pub(super) struct HeadVerb {
    /// Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl HeadVerb {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Keys {
            folders,
            identity,
            secret,
            chain,
        } = open_keys(context, self.passphrase_file.as_deref())?;
        let head = audit::last_head(&folders, &chain)?;
        if head.seq == 0 {
            return Err(Failure::new("audit-empty", "the audit log has no records yet")
                .hint("It begins with the first start of: oc-guardian sign --serve"));
        }
        let signature = Tag::AuditHead.sign(&secret, head.signed_bytes().as_bytes());
        context.ui.result(&Shown {
            operator_id: identity.operator_id(),
            head,
            signature,
        })?;
        Ok(Exit::Done)
    }
}

struct Shown {
    operator_id: OperatorId,
    head: Head,
    signature: Signature,
}

impl Report for Shown {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("operator_id".into(), json!(self.operator_id)),
            ("seq".into(), json!(self.head.seq)),
            ("hash".into(), json!(self.head.hash.to_string())),
            ("at".into(), json!(audit::time(self.head.at).to_string())),
            ("head".into(), json!(noted::spelled(&self.head))),
            ("signed".into(), json!(self.head.signed_bytes())),
            ("signature".into(), json!(self.signature.to_hex())),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.field("head", paint(EMPHASIS, &noted::spelled(&self.head)));
        lines.field("recorded", audit::time(self.head.at).to_string());
        lines.line("Note it where whoever gets into this machine cannot change it.");
        lines.finish()
    }
}
