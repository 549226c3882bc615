use clap::Args;
use serde_json::{Map, Value, json};

use super::{Looked, Which, examples};
use crate::cli::context::Context;
use crate::ui::{self, Exit, Failure, GOOD, Lines, Report, paint, printable};

/// Check a config bundle, and show everything that is wrong with it at once
///
/// Compares it with the operator identity of this machine where there is one, and looks for secrets anywhere in the
/// file. What `config gen` writes always passes.
#[derive(Args)]
#[command(after_help = examples::CONFIG_CHECK)]
pub(super) struct Check {
    #[command(flatten)]
    which: Which,
}

impl Check {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let looked = self.which.look(context)?;
        if looked.identity.is_none() {
            context
                .ui
                .note("There is no operator identity here, so the bundle was not compared with one.");
        }
        let good = looked.checked.is_good();
        context.ui.result(&looked)?;
        Ok(if good { Exit::Done } else { Exit::Failed })
    }
}

impl Looked {
    fn hint(&self) -> &'static str {
        if self.checked.has_secret() {
            "Take the secret out and treat it as exposed: a config bundle is readable by everybody on this machine, and \
             is mounted into the container."
        } else {
            "Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force"
        }
    }
}

impl Report for Looked {
    fn ok(&self) -> bool {
        self.checked.is_good()
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        if !self.ok() {
            let failure = Failure::bad_bundle(&self.file, &self.checked);
            fields.insert("reason".into(), failure.reason().into());
            fields.insert("detail".into(), failure.detail().into());
            fields.insert("hint".into(), self.hint().into());
        }
        let compared_with = self.identity.as_ref().map(crate::operator::Identity::operator_id);
        fields.insert("file".into(), json!(self.file));
        fields.insert("compared_with".into(), json!(compared_with));
        fields.insert("findings".into(), ui::findings_json(&self.checked).into());
        fields
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        let file = printable(&self.file);
        let findings = ui::findings_text(&self.file, &self.checked);
        if !findings.is_empty() {
            lines.line(findings.trim_end()).gap();
        }
        let tally = ui::tally(&self.checked);
        if self.ok() {
            lines.line(paint(GOOD, &format!("{file} is a good config bundle ({tally}).")));
            return lines.next("oc-guardian status").finish();
        }
        lines.line(paint(ui::BAD, &format!("{file} has {tally}.")));
        lines.line(self.hint()).finish()
    }
}
