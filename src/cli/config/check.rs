use clap::Args;
use serde_json::{Map, Value, json};

use super::{Looked, Which, examples};
use crate::bundle::Bundle;
use crate::cli::context::Context;
use crate::cli::portal::Access;
use crate::portal::Client;
use crate::ui::{self, Exit, Failure, GOOD, Lines, Report, paint, printable, problems_json};

/// Check a config bundle, and show everything that is wrong with it at once
///
/// Compares it with the operator identity of this machine where there is one, and looks for secrets anywhere in the
/// file. What `config gen` writes always passes. With --portal it also asks the portal whether it knows the operator and
/// the federation.
#[derive(Args)]
#[command(after_help = examples::CONFIG_CHECK)]
pub(super) struct Check {
    #[command(flatten)]
    which: Which,
    /// Ask the portal, too: is the operator in its registry, and does it know the federation
    #[arg(long)]
    portal: bool,
    #[command(flatten)]
    access: Access,
}

impl Check {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let looked = self.which.look(context)?;
        if looked.identity.is_none() {
            context
                .ui
                .note("There is no operator identity here, so the bundle was not compared with one.");
        }
        let portal = match looked.checked.bundle() {
            Some(bundle) if self.portal => {
                let client = self.access.client(Some(bundle))?;
                let _progress = context.ui.progress(&format!("Asking {}", client.base()));
                Some(Known::ask(&client, bundle)?)
            }
            _ => None,
        };
        let judged = Judged { looked, portal };
        let exit = if judged.ok() { Exit::Done } else { Exit::Failed };
        context.ui.result(&judged)?;
        Ok(exit)
    }
}

/// What the portal knows of a bundle.
struct Known {
    base: String,
    registered: bool,
    federation_known: bool,
    problems: Vec<Failure>,
}

impl Known {
    fn ask(client: &Client, bundle: &Bundle) -> Result<Self, Failure> {
        let registered = client.registry()?.find(&bundle.operator).is_some();
        let federation_known = client.federation(&bundle.federation_slug)?.is_some();
        let mut problems = Vec::new();
        if !registered {
            problems.push(
                Failure::new(
                    "not-registered",
                    format!("{} is not in the portal's registry", bundle.operator_id()),
                )
                .hint(format!(
                    "Apply to the operator programme at {}/me/operator with this key, and wait for the acceptance.",
                    client.base()
                )),
            );
        }
        if !federation_known {
            problems.push(
                Failure::new(
                    "unknown-federation",
                    format!("the portal knows no federation {}", bundle.federation_slug),
                )
                .hint("Write the bundle anew with the right name: oc-guardian config gen --federation SLUG --force"),
            );
        }
        Ok(Self {
            base: client.base().to_string(),
            registered,
            federation_known,
            problems,
        })
    }
}

struct Judged {
    looked: Looked,
    portal: Option<Known>,
}

impl Judged {
    fn problems(&self) -> &[Failure] {
        self.portal.as_ref().map_or(&[], |portal| &portal.problems)
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

impl Report for Judged {
    fn ok(&self) -> bool {
        self.looked.checked.is_good() && self.problems().is_empty()
    }

    fn fields(&self) -> Map<String, Value> {
        let looked = &self.looked;
        let mut fields = Map::new();
        if !looked.checked.is_good() {
            let failure = Failure::bad_bundle(&looked.file, &looked.checked);
            fields.insert("reason".into(), failure.reason().into());
            fields.insert("detail".into(), failure.detail().into());
            fields.insert("hint".into(), looked.hint().into());
        } else if let Some(problem) = self.problems().first() {
            fields.insert("reason".into(), problem.reason().into());
            fields.insert("detail".into(), problem.detail().into());
            fields.insert("hint".into(), problem.remedy().into());
        }
        let compared_with = looked
            .identity
            .as_ref()
            .map(crate::operator::Identity::operator_id);
        fields.insert("file".into(), json!(looked.file));
        fields.insert("compared_with".into(), json!(compared_with));
        fields.insert("findings".into(), ui::findings_json(&looked.checked).into());
        if let Some(portal) = &self.portal {
            let known = json!({
                "base": portal.base,
                "registered": portal.registered,
                "federation_known": portal.federation_known,
                "problems": problems_json(&portal.problems),
            });
            fields.insert("portal".into(), known);
        }
        fields
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        let looked = &self.looked;
        let file = printable(&looked.file);
        let findings = ui::findings_text(&looked.file, &looked.checked);
        if !findings.is_empty() {
            lines.line(findings.trim_end()).gap();
        }
        let tally = ui::tally(&looked.checked);
        if !looked.checked.is_good() {
            lines.line(paint(ui::BAD, &format!("{file} has {tally}.")));
            return lines.line(looked.hint()).finish();
        }
        lines.line(paint(GOOD, &format!("{file} is a good config bundle ({tally}).")));
        if let Some(portal) = &self.portal {
            if portal.problems.is_empty() {
                lines.line(paint(
                    GOOD,
                    &format!("{} knows the operator and the federation.", portal.base),
                ));
            } else {
                return lines.gap().problems(&portal.problems).finish();
            }
        }
        lines.next("oc-guardian status").finish()
    }
}
