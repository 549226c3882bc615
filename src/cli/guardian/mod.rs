mod healthcheck;
mod probe;
mod rpc;
mod run;
mod switch;

use clap::{Args, Subcommand};

use super::context::Context;
use super::examples;
use crate::ui::{Exit, Failure};

/// The guardian process: what the container runs
///
/// Serves health on 9000 and other guardians on 9001, posts a signed health envelope every minute, and asks the operator's
/// signing server for every signature. It holds no operator key. Of several processes on one data folder one serves, and
/// the others stand by.
#[derive(Args)]
#[command(after_help = examples::GUARDIAN, args_conflicts_with_subcommands = true)]
pub(super) struct Guardian {
    #[command(flatten)]
    run: run::Run,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Healthcheck(healthcheck::Healthcheck),
    Rpc(rpc::Rpc),
    Standby(switch::Standby),
    Activate(switch::Activate),
}

impl Guardian {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            None => self.run.run(context),
            Some(Verb::Healthcheck(verb)) => verb.run(context),
            Some(Verb::Rpc(verb)) => verb.run(context),
            Some(Verb::Standby(verb)) => verb.run(context),
            Some(Verb::Activate(verb)) => verb.run(context),
        }
    }
}
