use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{entry_json, entry_text, examples, versions_json, versions_text};
use crate::cli::context::Context;
use crate::image::trust::{Age, AgeNote, Entry, Origin, TrustError, TrustRoot};
use crate::ui::{BAD, EMPHASIS, Exit, Failure, Lines, Report, WARNING, paint, printable};

/// Show the trust root that images are verified with
#[derive(Args)]
#[command(after_help = examples::TRUST_SHOW)]
pub(super) struct Show {
    /// Another trust root than the one in use
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
}

impl Show {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let root = match &self.trusted_root {
            Some(path) => TrustRoot::from_file(path)?,
            None => TrustRoot::current(&context.folders()?.data)?,
        };
        context.ui.result(&Shown::new(&root, SystemTime::now()))?;
        Ok(Exit::Done)
    }
}

struct Shown {
    origin: Origin,
    digest: String,
    as_of: Option<String>,
    age: Age,
    /// Too old to verify with.
    stale: bool,
    /// What is to be said of its age.
    note: Option<String>,
    entries: Vec<Entry>,
    versions: Option<crate::image::trust::Versions>,
}

impl Shown {
    fn new(root: &TrustRoot, now: SystemTime) -> Self {
        let (stale, note) = match root.judge_age(now, false) {
            Ok(note) => (false, note.as_ref().map(AgeNote::to_string)),
            Err(TrustError::Stale { .. }) => (
                true,
                Some("too old to verify with; run: oc-guardian trust update".to_owned()),
            ),
            Err(other) => (true, Some(other.to_string())),
        };
        Self {
            origin: root.origin().clone(),
            digest: root.digest().to_string(),
            as_of: root
                .as_of()
                .map(|time| humantime::format_rfc3339_seconds(time).to_string()),
            age: root.age(now),
            stale,
            note,
            entries: root.entries(),
            versions: root.tuf(),
        }
    }
}

impl Report for Shown {
    fn fields(&self) -> Map<String, Value> {
        let document = json!({
            "origin": self.origin.kind(),
            "path": self.origin.path().map(|path| path.display().to_string()),
            "digest": self.digest,
            "as_of": self.as_of,
            "age_days": self.age.days(),
            "stale": self.stale,
            "note": self.note,
            "tuf": versions_json(self.versions),
            "entries": self.entries.iter().map(entry_json).collect::<Vec<_>>(),
        });
        match document {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.field("trust root", printable(&self.origin.to_string()));
        lines.field("digest", paint(EMPHASIS, &self.digest));
        let days = self.age.days().map(|days| match days {
            1 => "1 day old".to_owned(),
            days => format!("{days} days old"),
        });
        lines.field(
            "as of",
            match (&self.as_of, days) {
                (Some(as_of), Some(days)) => format!("{as_of}, {days}"),
                (Some(as_of), None) => as_of.clone(),
                (None, _) => "unknown".into(),
            },
        );
        if let Some(versions) = self.versions {
            lines.field("metadata", versions_text(versions));
        }
        if let Some(note) = &self.note {
            let style = if self.stale { BAD } else { WARNING };
            lines.field("note", paint(style, note));
        }
        lines.gap();
        for entry in &self.entries {
            lines.line(entry_text(entry));
        }
        if self.entries.is_empty() {
            lines.line("It trusts nobody.");
        }
        lines.finish()
    }
}
