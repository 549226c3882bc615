use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{entry_json, entry_text, examples, versions_json, versions_text};
use crate::cli::context::Context;
use crate::image::trust::{self, Repository};
use crate::ui::{BAD, EMPHASIS, Exit, Failure, GOOD, Lines, Report, paint, printable, shell_quoted};

/// Fetch the latest trust root
///
/// Fetches it as The Update Framework (TUF) prescribes: signed, unexpired, and never of a lower version than before. Until
/// everything is right, the one in use stays. The public Sigstore's is used from then on; that of a private Sigstore is
/// for --trusted-root.
#[derive(Args)]
#[command(after_help = examples::TRUST_UPDATE)]
pub(super) struct Update {
    /// Where to fetch it from [default: https://tuf-repo-cdn.sigstore.dev]
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
    /// TUF root of a private Sigstore, from a source that you trust
    #[arg(long, value_name = "FILE", requires = "mirror")]
    root: Option<PathBuf>,
}

impl Update {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        let repository = match (&self.mirror, &self.root) {
            (Some(mirror), Some(root)) => Repository::private(mirror, root)?,
            (mirror, _) => Repository::production(mirror.as_deref())?,
        };
        let progress = context.ui.progress(&format!(
            "Fetching the trust root from {}",
            printable(repository.mirror())
        ));
        let update = trust::update(
            &repository,
            &folders.data,
            context.registry().proxy,
            SystemTime::now(),
        );
        drop(progress);
        context.ui.result(&Updated {
            update: update?,
            private: self.root.is_some(),
        })?;
        Ok(Exit::Done)
    }
}

struct Updated {
    update: trust::Update,
    private: bool,
}

impl Report for Updated {
    fn fields(&self) -> Map<String, Value> {
        let Self { update, .. } = self;
        let entries = |list: &[trust::Entry]| list.iter().map(entry_json).collect::<Vec<_>>();
        let document = json!({
            "mirror": update.mirror,
            "file": update.file.display().to_string(),
            "digest": update.root.digest(),
            "as_of": update.root.as_of().map(|time| humantime::format_rfc3339_seconds(time).to_string()),
            "tuf": versions_json(Some(update.versions)),
            "previous_tuf": versions_json(update.previous),
            "changed": !update.changes.is_empty(),
            "added": entries(&update.changes.added),
            "removed": entries(&update.changes.removed),
        });
        match document {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    fn human(&self) -> String {
        let Self { update, private } = self;
        let mut lines = Lines::default();
        lines.line(paint(GOOD, "The trust root is up to date.")).gap();
        lines.field("from", printable(&update.mirror));
        lines.field("metadata", versions_text(update.versions));
        lines.field("digest", paint(EMPHASIS, &update.root.digest().to_string()));
        lines.field("file", printable(&update.file.display().to_string()));
        lines.gap();
        if update.changes.is_empty() {
            lines.line("It trusts what the one before trusted.");
        }
        for entry in &update.changes.added {
            lines.line(format!("{} {}", paint(GOOD, "+"), entry_text(entry)));
        }
        for entry in &update.changes.removed {
            lines.line(format!("{} {}", paint(BAD, "-"), entry_text(entry)));
        }
        if *private {
            let file = shell_quoted(&update.file);
            lines.next(&format!("oc-guardian verify IMAGE --trusted-root {file}"));
        }
        lines.finish()
    }
}
