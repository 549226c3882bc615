mod list;

use clap::{Args, Subcommand};

use super::context::Context;
use super::examples;
use super::portal::{Access, Asked};
use crate::ui::{Exit, Failure};

/// Read what a federation's operators publish
#[derive(Args)]
#[command(after_help = examples::INCIDENT, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Incident {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    List(list::List),
}

impl Incident {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::List(verb) => verb.run(context),
        }
    }
}
