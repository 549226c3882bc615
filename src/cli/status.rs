use clap::Args;
use serde_json::{Map, Value, json};

use super::context::Context;
use super::{examples, key};
use crate::doctor::{self, Local};
use crate::operator::{Identity, Keystore};
use crate::store::Folders;
use crate::ui::{BAD, EMPHASIS, Exit, Failure, GOOD, HEADING, Lines, Report, paint};
use crate::vault::{self, VaultError};

/// Show whether this machine is in order: identity, keystore, folders, config bundle
///
/// Reads only; every problem comes with its remedy.
#[derive(Args)]
#[command(after_help = examples::STATUS)]
pub(super) struct Status {}

impl Status {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        // Only a keychain can keep us waiting.
        let in_keychain = matches!(vault::load_identity(&folders), Ok(Some(found)) if found.keystore == Keystore::Keychain {});
        let progress = in_keychain.then(|| context.ui.progress("Asking the keychain"));
        let found = doctor::look(&folders);
        drop(progress);
        let seen = Seen::new(folders, found);
        let exit = if seen.ok() { Exit::Done } else { Exit::CheckFailed };
        context.ui.result(&seen)?;
        Ok(exit)
    }
}

struct Seen {
    folders: Folders,
    identity: Option<Identity>,
    /// `None` without an identity; else why the key is out of reach, if it is.
    keystore: Option<Result<(), usize>>,
    notes: Vec<&'static str>,
    problems: Vec<Failure>,
}

impl Seen {
    fn new(folders: Folders, found: Local) -> Self {
        let mut seen = Self {
            folders,
            identity: None,
            keystore: None,
            notes: Vec::new(),
            problems: Vec::new(),
        };
        match found.identity {
            Ok(Some(identity)) => seen.identity = Some(identity),
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
        for fault in found.folders.into_iter().filter_map(|folder| folder.fault) {
            seen.problem(fault.into());
        }
        seen
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
        let folders: Map<_, _> = self
            .folders
            .named()
            .into_iter()
            .map(|(name, path)| (name.to_owned(), json!(path.display().to_string())))
            .collect();
        fields.insert("folders".into(), folders.into());
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
                lines.line(format!("  {} {}", paint(BAD, "✗"), problem.detail()));
                if let Some(remedy) = problem.remedy() {
                    lines.line(format!("    {remedy}"));
                }
            }
        }
        lines.finish()
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
