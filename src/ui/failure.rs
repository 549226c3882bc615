//! The one boundary between typed errors and what the user sees: what failed, why, what to do, exit code.

mod audit;
mod bundle;
mod devnet;
mod doors;
mod engine;
mod federation;
mod form;
mod guardian;
mod image;
mod portal;
mod registry;
mod release;
mod signer;
mod store;
mod trust;
mod vault;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

pub use store::shell_quoted;

use super::Exit;
use super::style::{BAD, HEADING, paint};
use super::text::{bounded, escaped};

/// An error as the user sees it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    reason: &'static str,
    detail: String,
    hint: Option<String>,
    facts: Vec<(&'static str, Value)>,
}

impl Failure {
    /// `reason` is a stable slug for programs, `detail` a sentence fragment in lower case that names the thing.
    pub fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            reason,
            detail: detail.into(),
            hint: None,
            facts: Vec::new(),
        }
    }

    /// Adds what to do: a full sentence in the imperative.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the file that the failure is about.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.detail = format!("{}: {}", path.display(), self.detail);
        self
    }

    /// Names what the failure is about.
    #[must_use]
    pub fn about(mut self, what: impl std::fmt::Display) -> Self {
        self.detail = format!("{what}: {}", self.detail);
        self
    }

    /// Adds a member to the JSON document, for programs that need a part of the message by itself.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    /// Changes the exit code from 1.
    #[must_use]
    pub fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The command line is wrong in a way that the parser cannot see.
    pub fn usage(detail: impl Into<String>) -> Self {
        Self::new("usage", detail).with_exit(Exit::Usage)
    }

    /// An answer is needed and nobody can be asked.
    pub fn needs_terminal(what: &str, flag: &str) -> Self {
        Self::new(
            "no-terminal",
            format!("nobody can be asked (no terminal, or --no-input): {what}"),
        )
        .hint(format!("Answer with {flag}."))
        .with_exit(Exit::Usage)
    }

    /// Ctrl-C.
    pub fn interrupted() -> Self {
        Self::new("interrupted", "interrupted").with_exit(Exit::Interrupted)
    }

    pub(super) fn stdout(error: &io::Error) -> Self {
        Self::new(
            "output-failed",
            format!("cannot write to standard output: {error}"),
        )
        .hint("Check where standard output goes; the command itself was carried out.")
    }

    pub(super) fn prompt(error: dialoguer::Error) -> Self {
        let dialoguer::Error::IO(error) = error;
        match error.kind() {
            io::ErrorKind::Interrupted => Self::interrupted(),
            _ => Self::new(
                "terminal-failed",
                format!("cannot read from the terminal: {error}"),
            )
            .hint(
                "Run it in a terminal, or use the flags that stand in for the questions (--help names them).",
            ),
        }
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The stable slug.
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// What failed and why.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What to do about it.
    pub fn remedy(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(super) fn human(&self) -> String {
        // File names and pieces of files stand in both: they must not draw on the terminal.
        let mut text = format!("{} {}\n", paint(BAD, "error:"), escaped(&bounded(&self.detail)));
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "{} {}", paint(HEADING, "hint:"), escaped(&bounded(hint)));
        }
        text
    }

    pub(super) fn json_line(&self) -> String {
        let mut document = Map::new();
        document.insert("ok".into(), false.into());
        document.insert("reason".into(), self.reason.into());
        document.insert("detail".into(), bounded(&self.detail).into());
        document.insert("hint".into(), self.hint.as_deref().map(bounded).into());
        for (name, value) in &self.facts {
            document.insert((*name).into(), value.clone());
        }
        format!("{}\n", Value::Object(document))
    }
}
