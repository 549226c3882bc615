mod child;
mod pin;
mod portal;
mod run;
mod stop;
mod table;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::context::Context;
use super::examples;
use crate::devnet::{self, Running};
use crate::ui::{Exit, Failure};

/// Run a whole federation with its portal on this machine, for trying out
///
/// Starts a portal, and for each guardian a signing server with a key of its own; has the charter signed by all; and keeps
/// everything running, with a live table, until Ctrl-C. Nothing is left then. Needs no Docker, no network and no account.
///
/// Its keys guard nothing: they lie in a temporary folder, beside their passphrases.
#[derive(Args)]
#[command(after_help = examples::DEVNET, args_conflicts_with_subcommands = true)]
pub(super) struct Devnet {
    #[command(flatten)]
    run: run::Run,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Pin(pin::Pin),
    Stop(stop::Stop),
    #[command(hide = true)]
    Portal(portal::Portal),
    #[command(hide = true)]
    Child(child::Child),
}

impl Devnet {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            None => self.run.run(context),
            Some(Verb::Pin(verb)) => verb.run(context),
            Some(Verb::Stop(verb)) => verb.run(context),
            Some(Verb::Portal(verb)) => verb.run(context),
            Some(Verb::Child(verb)) => verb.run(context),
        }
    }
}

/// Where devnets are.
#[derive(Args)]
struct Place {
    /// Folder in which the devnet has its own [default: the system's folder for temporary files]
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
}

impl Place {
    fn base(&self) -> Result<PathBuf, Failure> {
        let home = self.home.clone().unwrap_or_else(std::env::temp_dir);
        super::input::absolute(&home)
    }

    /// The one devnet that runs.
    fn running(&self) -> Result<Running, Failure> {
        let base = self.base()?;
        let mut running = devnet::running(&base)?;
        match running.len() {
            1 => Ok(running.remove(0)),
            0 => Err(
                Failure::new("no-devnet", format!("no devnet runs in {}", base.display()))
                    .hint("Start one with oc-guardian devnet, or say with --home where it is."),
            ),
            count => Err(Failure::new(
                "many-devnets",
                format!("{count} devnets run in {}", base.display()),
            )
            .hint("Start each with a --home of its own, and name the one that is meant with --home.")),
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
