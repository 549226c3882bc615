mod list;
mod publish;

use clap::{Args, Subcommand};

use super::context::Context;
use super::examples;
use super::portal::{Access, Asked};
use crate::ui::{Exit, Failure};

/// Publish an incident to a federation, and read what others published
#[derive(Args)]
#[command(after_help = examples::INCIDENT, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Incident {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Publish(Box<publish::Publish>),
    List(list::List),
}

impl Incident {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Publish(verb) => verb.run(context),
            Verb::List(verb) => verb.run(context),
        }
    }
}
