use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Access, Asked, examples};
use crate::cli::context::Context;
use crate::envelope::Severity;
use crate::portal::{Incident, Registry};
use crate::ui::{
    BAD, Exit, FAINT, Failure, HEADING, Lines, Report, WARNING, escaped, moment, paint, printable,
};

/// List a federation's incidents, newest first
///
/// Each is signed by the operator that published it, and its signature is verified with the key that the portal's
/// registry has.
#[derive(Args)]
#[command(after_help = examples::INCIDENT_LIST)]
pub(super) struct List {
    /// Name of the federation [default: that of the config bundle]
    #[arg(long, value_name = "SLUG")]
    federation: Option<String>,
    /// Show only so many
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    last: u16,
    /// The config bundle [default: the one in the config folder, else the one in /etc/oc-guardian]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

impl List {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let asked = Asked::here(context, self.config.as_deref())?;
        let slug = asked.federation(self.federation.as_ref())?;
        let client = self.access.client(asked.bundle.as_ref())?;
        let progress = context.ui.progress(&format!("Asking {}", client.base()));
        let registry = client.registry()?;
        let told = client.incidents(&slug)?.incidents;
        drop(progress);
        let total = told.len();
        let shown = told.into_iter().take(usize::from(self.last));
        let incidents = shown
            .map(|incident| Shown::new(incident, &registry, &slug))
            .collect();
        context.ui.result(&Listed {
            slug,
            total,
            incidents,
        })?;
        Ok(Exit::Done)
    }
}

struct Listed {
    slug: String,
    total: usize,
    incidents: Vec<Shown>,
}

struct Shown {
    incident: Incident,
    /// What the registry calls the operator.
    name: Option<String>,
    /// Whether the operator signed exactly this.
    verified: bool,
}

impl Shown {
    fn new(incident: Incident, registry: &Registry, slug: &str) -> Self {
        let entry = registry.by_id(&incident.operator_id);
        let key = entry.and_then(|entry| entry.key());
        Self {
            name: entry.and_then(|entry| entry.name.clone()),
            verified: key.is_some_and(|key| incident.is_signed_by(&key, slug)),
            incident,
        }
    }

    fn lines(&self, lines: &mut Lines) {
        let alert = &self.incident.alert;
        let style = match alert.severity {
            Severity::Info => HEADING,
            Severity::Warning => WARNING,
            Severity::Critical => BAD,
        };
        let tag = alert.tag.as_ref().map(|tag| format!(" [{}]", printable(tag)));
        lines.line(format!(
            "{}{}  {}",
            paint(style, alert.severity.as_str()),
            tag.unwrap_or_default(),
            paint(HEADING, &printable(&alert.title))
        ));
        for line in alert.body.lines() {
            lines.line(format!("  {}", escaped(line)));
        }
        let who = match &self.name {
            Some(name) => format!("{} ({})", printable(name), self.incident.operator_id),
            None => self.incident.operator_id.to_string(),
        };
        lines.line(paint(
            FAINT,
            &format!("  {}, {who}", moment(self.incident.published_at)),
        ));
        if !self.verified {
            lines.line(format!(
                "  {}",
                paint(BAD, "not verified: nothing proves that this operator said it")
            ));
        }
    }
}

impl Report for Listed {
    fn fields(&self) -> Map<String, Value> {
        let one = |shown: &Shown| {
            let alert = &shown.incident.alert;
            json!({
                "id": shown.incident.id,
                "operator_id": shown.incident.operator_id,
                "name": shown.name,
                "severity": alert.severity.as_str(),
                "tag": alert.tag,
                "title": alert.title,
                "body": alert.body,
                "published_at": moment(shown.incident.published_at),
                "verified": shown.verified,
            })
        };
        Map::from_iter([
            ("federation".into(), json!(self.slug)),
            ("total".into(), json!(self.total)),
            ("incidents".into(), self.incidents.iter().map(one).collect()),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        if self.incidents.is_empty() {
            return lines
                .line(format!("No incident has been published in {}.", self.slug))
                .finish();
        }
        for (place, shown) in self.incidents.iter().enumerate() {
            if place > 0 {
                lines.gap();
            }
            shown.lines(&mut lines);
        }
        if self.incidents.len() < self.total {
            let text = format!(
                "The newest {} of {}; --last NUMBER shows more.",
                self.incidents.len(),
                self.total
            );
            lines.gap().line(paint(FAINT, &text));
        }
        lines.finish()
    }
}
