mod check;
mod forms;
mod generate;
mod schema;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::context::Context;
use super::examples;
use super::input::{STDIN, read_stdin};
use crate::bundle::{self, Checked};
use crate::doctor;
use crate::operator::Identity;
use crate::ui::{Exit, Failure};
use crate::vault;

/// Write and check the guardian's config bundle
///
/// The bundle is mounted read-only into the guardian's container. Nothing in it is secret.
#[derive(Args)]
#[command(after_help = examples::CONFIG, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Config {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    #[command(name = "gen")]
    Generate(Box<generate::Generate>),
    Check(check::Check),
    Show(show::Show),
    Schema(schema::Schema),
}

impl Config {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Generate(verb) => verb.run(context),
            Verb::Check(verb) => verb.run(context),
            Verb::Show(verb) => verb.run(context),
            Verb::Schema(verb) => verb.run(context),
        }
    }
}

/// Which bundle to look at.
#[derive(Args)]
struct Which {
    /// The bundle; `-` is standard input [default: the one in the config folder, else the one in /etc/oc-guardian]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The same as FILE
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    config: Option<PathBuf>,
}

/// A bundle that was looked at.
struct Looked {
    /// Its path, or what stands for standard input.
    file: String,
    checked: Checked,
    /// What it was compared with.
    identity: Option<Identity>,
}

impl Which {
    fn look(&self, context: &Context) -> Result<Looked, Failure> {
        let folders = context.folders()?;
        let identity = vault::load_identity(&folders)?;
        let key = identity.as_ref().map(|identity| &identity.public);
        let named = self.file.as_deref().or(self.config.as_deref());
        let (file, checked) = if named == Some(Path::new(STDIN)) {
            (
                "<stdin>".to_owned(),
                bundle::check(&read_stdin(bundle::MAX_BYTES)?, key),
            )
        } else {
            let found = doctor::find_bundle(&folders, named, key)?;
            (found.path.display().to_string(), found.checked)
        };
        Ok(Looked {
            file,
            checked,
            identity,
        })
    }
}
