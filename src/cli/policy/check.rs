use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{examples, find};
use crate::cli::context::Context;
use crate::signer::PolicyFileError;
use crate::signer::policy::{self, PolicyError, RuleReport};
use crate::ui::{self, BAD, EMPHASIS, Exit, Failure, GOOD, Lines, Report, WARNING, paint, printable};

/// Check the policy: what each rule matches, and what it can never do
///
/// A bad policy is shown with everything that is wrong with it, each with its place.
#[derive(Args)]
#[command(after_help = examples::POLICY_CHECK)]
pub(super) struct Check {
    /// The policy; `-` is standard input [default: policy.toml in the config folder]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Check {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let found = match find(context, self.file.as_deref())? {
            Ok(found) => found,
            Err(PolicyFileError::Policy { path, text, error }) => {
                let file = path.display().to_string();
                context.ui.result(&Bad { file, text, error })?;
                return Ok(Exit::Failed);
            }
            Err(error) => return Err(error.into()),
        };
        context.ui.result(&Checked {
            file: found.path.display().to_string(),
            rules: policy::check(&found.policy),
        })?;
        Ok(Exit::Done)
    }
}

struct Checked {
    file: String,
    rules: Vec<RuleReport>,
}

impl Checked {
    fn warnings(&self) -> usize {
        self.rules.iter().map(|rule| rule.warnings.len()).sum()
    }
}

impl Report for Checked {
    fn fields(&self) -> Map<String, Value> {
        let rules = self.rules.iter().map(|rule| {
            json!({
                "name": rule.name,
                "line": rule.line,
                "description": rule.description,
                "warnings": rule.warnings,
            })
        });
        Map::from_iter([
            ("file".into(), json!(self.file)),
            ("warnings".into(), json!(self.warnings())),
            ("rules".into(), rules.collect()),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        for rule in &self.rules {
            lines.line(format!("{}: {}", paint(EMPHASIS, &rule.name), rule.description));
            for warning in &rule.warnings {
                lines.line(format!("  {} {warning}", paint(WARNING, "warning:")));
            }
        }
        lines.line(format!("{}: refuse", paint(EMPHASIS, "else")));
        let file = printable(&self.file);
        lines.gap();
        match self.warnings() {
            0 => lines.line(paint(GOOD, &format!("{file} is a good policy."))),
            1 => lines.line(format!("{file} is a policy, with 1 warning.")),
            count => lines.line(format!("{file} is a policy, with {count} warnings.")),
        };
        lines.next("oc-guardian policy test REQUEST.json").finish()
    }
}

struct Bad {
    file: String,
    text: String,
    error: PolicyError,
}

impl Bad {
    const HINT: &str = "Correct what the findings name, or write the usual policy anew with: oc-guardian policy init --force";

    fn tally(&self) -> String {
        match self.error.findings.len() {
            1 => "1 error".into(),
            count => format!("{count} errors"),
        }
    }
}

impl Report for Bad {
    fn ok(&self) -> bool {
        false
    }

    fn fields(&self) -> Map<String, Value> {
        let detail = format!("{} has {}", self.file, self.tally());
        Map::from_iter([
            ("reason".into(), json!("policy-invalid")),
            ("detail".into(), json!(detail)),
            ("hint".into(), json!(Self::HINT)),
            ("file".into(), json!(self.file)),
            ("findings".into(), ui::policy_findings_json(&self.error).into()),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        let findings = ui::policy_findings_text(&self.file, &self.text, &self.error);
        lines.line(findings.trim_end()).gap();
        let file = printable(&self.file);
        lines.line(paint(BAD, &format!("{file} has {}.", self.tally())));
        lines.line(Self::HINT).finish()
    }
}
