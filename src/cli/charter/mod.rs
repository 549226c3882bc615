mod agreed;
mod sign;

use clap::{Args, Subcommand};

use super::context::Context;
use super::examples;
use crate::ui::{Exit, Failure};

/// Agree to a federation's membership
///
/// The charter fixes who is in a federation and how many of them sign. It holds when all of them have signed it.
#[derive(Args)]
#[command(after_help = examples::CHARTER, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Charter {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Sign(sign::Sign),
}

impl Charter {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Sign(verb) => verb.run(context),
        }
    }
}
