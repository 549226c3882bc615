mod guardian;

use clap::Args;
use serde_json::{Map, Value, json};

use self::guardian::Guardian;
use super::context::Context;
use super::swap::{Named, runtime};
use super::{examples, key};
use crate::bundle::Severity;
use crate::doctor::{self, BundleFile, BundleFileError, Local};
use crate::engine::Endpoint;
use crate::operator::{Identity, Keystore};
use crate::store::Folders;
use crate::ui::{BAD, EMPHASIS, Exit, Failure, GOOD, HEADING, Lines, Report, escaped, paint};
use crate::vault::{self, VaultError};

/// Show whether this machine is in order: identity, keystore, folders, config bundle, the guardian's container
///
/// Reads only; every problem comes with its remedy. Without a Docker engine the container is not looked at.
#[derive(Args)]
#[command(after_help = examples::STATUS)]
pub(super) struct Status {
    #[command(flatten)]
    container: Named,
}

impl Status {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        // Only a keychain can keep us waiting.
        let in_keychain = matches!(vault::load_identity(&folders), Ok(Some(found)) if found.keystore == Keystore::Keychain {});
        let progress = in_keychain.then(|| context.ui.progress("Asking the keychain"));
        let found = doctor::look(&folders);
        drop(progress);
        let guardian = self.guardian(context, &folders)?;
        let seen = Seen::new(folders, found, guardian);
        let exit = if seen.ok() { Exit::Done } else { Exit::CheckFailed };
        context.ui.result(&seen)?;
        Ok(exit)
    }

    fn guardian(self, context: &Context, folders: &Folders) -> Result<(Guardian, Option<Failure>), Failure> {
        let name = self.container.name;
        let endpoint = Endpoint::discover(&context.engine());
        let shown = endpoint.as_ref().ok().map(ToString::to_string);
        let found = match endpoint {
            Ok(endpoint) => {
                // This machine's own answers at once.
                let is_far = !matches!(endpoint, Endpoint::Unix(_));
                let _progress = is_far.then(|| context.ui.progress(&format!("Asking {endpoint}")));
                runtime()?.block_on(doctor::look_at_containers(&endpoint, &name))
            }
            Err(error) => Err(error),
        };
        let (unfinished, damaged) = match doctor::unfinished_operation(folders, &name) {
            Ok(unfinished) => (unfinished, None),
            Err(error) => (None, Some(error.into())),
        };
        Ok((Guardian::new(name, shown, found, unfinished), damaged))
    }
}

struct Seen {
    guardian: Guardian,
    folders: Folders,
    identity: Option<Identity>,
    /// `None` without an identity; else why the key is out of reach, if it is.
    keystore: Option<Result<(), usize>>,
    bundle: Option<BundleFile>,
    notes: Vec<&'static str>,
    problems: Vec<Failure>,
}

impl Seen {
    fn new(folders: Folders, found: Local, (guardian, damaged): (Guardian, Option<Failure>)) -> Self {
        let mut seen = Self {
            guardian,
            folders,
            identity: None,
            keystore: None,
            bundle: None,
            notes: Vec::new(),
            problems: Vec::new(),
        };
        match found.identity {
            Ok(Some(identity)) => seen.identity = Some(identity),
            // A guardian's host needs the bundle only: the key may be on the operator's laptop.
            Ok(None) if found.bundle.is_ok() => {
                seen.notes.push("no operator key is kept on this machine");
            }
            Ok(None) => {
                seen.problem(
                    VaultError::NoIdentity {
                        path: vault::identity_path(&seen.folders),
                    }
                    .into(),
                );
            }
            Err(error) => {
                seen.problem(error.into());
            }
        }
        seen.keystore = found
            .keystore
            .map(|reach| reach.map_err(|error| seen.problem(error.into())));
        if found.interrupted {
            seen.notes
                .push("an interrupted change of the key is finished or undone by the next key command");
        }
        match found.bundle {
            Ok(file) => seen.judge_bundle(file),
            // Without an identity there is nothing to make a bundle from: that problem comes first.
            Err(BundleFileError::Absent(..)) if seen.identity.is_none() => {}
            Err(error) => {
                seen.problem(error.into());
            }
        }
        for fault in found.folders.into_iter().filter_map(|folder| folder.fault) {
            seen.problem(fault.into());
        }
        seen.problems.extend(damaged);
        seen.problems.extend(seen.guardian.problems());
        seen
    }

    fn judge_bundle(&mut self, file: BundleFile) {
        if !file.checked.is_good() {
            let path = file.path.display().to_string();
            self.problem(Failure::bad_bundle(&path, &file.checked).hint_check(&path));
        }
        self.bundle = Some(file);
    }

    fn problem(&mut self, failure: Failure) -> usize {
        self.problems.push(failure);
        self.problems.len() - 1
    }
}

impl Report for Seen {
    fn ok(&self) -> bool {
        self.problems.is_empty()
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        if let Some(first) = self.problems.first() {
            fields.insert("reason".into(), json!("problems-found"));
            fields.insert(
                "detail".into(),
                json!(format!("{} found", count(self.problems.len(), "problem"))),
            );
            fields.insert("hint".into(), json!(first.remedy()));
        }
        fields.insert("version".into(), json!(env!("CARGO_PKG_VERSION")));
        let identity = self.identity.as_ref();
        fields.insert(
            "identity".into(),
            json!(identity.map(|identity| key::identity_fields(identity, &self.folders))),
        );
        fields.insert(
            "keystore_reachable".into(),
            json!(self.keystore.as_ref().map(Result::is_ok)),
        );
        let bundle = self.bundle.as_ref().map(|file| {
            json!({
                "path": file.path.display().to_string(),
                "ok": file.checked.is_good(),
                "errors": file.checked.count(Severity::Error),
                "notes": file.checked.count(Severity::Note),
            })
        });
        fields.insert("config_bundle".into(), json!(bundle));
        let folders: Map<_, _> = self
            .folders
            .named()
            .into_iter()
            .map(|(name, path)| (name.to_owned(), json!(path.display().to_string())))
            .collect();
        fields.insert("folders".into(), folders.into());
        self.guardian.fields(&mut fields);
        fields.insert("notes".into(), json!(self.notes));
        let problems = self.problems.iter().map(|problem| {
            json!({ "reason": problem.reason(), "detail": problem.detail(), "hint": problem.remedy() })
        });
        fields.insert("problems".into(), problems.collect());
        fields
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.line(paint(HEADING, "Operator"));
        match &self.identity {
            Some(identity) => {
                lines.field("operator id", paint(EMPHASIS, identity.operator_id().as_str()));
                key::identity_lines(&mut lines, identity, &self.folders);
                lines.field(
                    "key",
                    match self.keystore {
                        Some(Ok(())) => paint(GOOD, "within reach"),
                        _ => paint(BAD, "out of reach"),
                    },
                );
            }
            None => {
                lines.field("operator id", paint(BAD, "none"));
            }
        }
        if let Some(file) = &self.bundle {
            lines.gap().line(paint(HEADING, "Config bundle"));
            lines.field("file", file.path.display().to_string());
            lines.field("verdict", verdict(file));
            if let Some(bundle) = file.checked.bundle() {
                lines.field("federation", &bundle.federation_slug);
            }
        }
        self.guardian.lines(&mut lines);
        lines.gap().line(paint(HEADING, "Machine"));
        lines.field("version", concat!("oc-guardian ", env!("CARGO_PKG_VERSION")));
        for (name, path) in self.folders.named() {
            lines.field(name, path.display().to_string());
        }
        lines.gap();
        for note in &self.notes {
            lines.line(format!("note: {note}"));
        }
        if self.problems.is_empty() {
            lines.line(paint(GOOD, "All in order."));
        } else {
            lines.line(paint(BAD, &count(self.problems.len(), "problem")));
            for problem in &self.problems {
                lines.line(format!("  {} {}", paint(BAD, "✗"), escaped(problem.detail())));
                if let Some(remedy) = problem.remedy() {
                    lines.line(format!("    {}", escaped(remedy)));
                }
            }
        }
        lines.finish()
    }
}

fn verdict(file: &BundleFile) -> String {
    match (
        file.checked.count(Severity::Error),
        file.checked.count(Severity::Note),
    ) {
        (0, 0) => paint(GOOD, "good"),
        (0, notes) => format!("{}, {}", paint(GOOD, "good"), count(notes, "note")),
        (errors, _) => paint(BAD, &count(errors, "error")),
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
