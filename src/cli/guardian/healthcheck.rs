use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use super::probe::{Health, Probe};
use crate::cli::context::Context;
use crate::cli::examples;
use crate::ui::{BAD, Exit, Failure, GOOD, Report, paint, printable};

/// How long the container's own health may take.
const TIME: Duration = Duration::from_secs(3);

/// Ask a guardian whether it is healthy; the image's HEALTHCHECK
#[derive(Args)]
#[command(after_help = examples::GUARDIAN_HEALTHCHECK)]
pub(super) struct Healthcheck {
    #[command(flatten)]
    probe: Probe,
}

impl Healthcheck {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let health = self.probe.ask(TIME)?;
        let ok = health.ok;
        context.ui.result(&Checked(health))?;
        Ok(if ok { Exit::Done } else { Exit::Failed })
    }
}

struct Checked(Health);

impl Report for Checked {
    fn ok(&self) -> bool {
        self.0.ok
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        if !self.ok() {
            fields.insert("reason".into(), json!("unhealthy"));
            fields.insert("detail".into(), json!(self.0.reason));
            fields.insert("hint".into(), json!("Look at the guardian's log."));
        }
        fields.insert("version".into(), json!(self.0.version));
        fields.insert("federation_slug".into(), json!(self.0.federation_slug));
        fields.insert("state".into(), json!(self.0.state));
        fields.insert("operator_id".into(), json!(self.0.operator_id));
        fields.insert("signer".into(), json!(self.0.signer));
        fields.insert("signed_at".into(), json!(self.0.signed_at));
        fields.insert("attested_at".into(), json!(self.0.attested_at));
        fields.insert("problems".into(), json!(self.0.problems));
        fields
    }

    fn human(&self) -> String {
        let shown = |text: &Option<String>| printable(text.as_deref().unwrap_or("?"));
        if self.ok() {
            format!(
                "{} {}, version {}, federation {}, signing server {}\n",
                paint(GOOD, "healthy:"),
                shown(&self.0.state),
                shown(&self.0.version),
                shown(&self.0.federation_slug),
                shown(&self.0.signer),
            )
        } else {
            format!("{} {}\n", paint(BAD, "not healthy:"), shown(&self.0.reason))
        }
    }
}
