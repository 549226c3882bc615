use clap::{ArgAction, Args, ColorChoice, CommandFactory, Parser, Subcommand};

use super::context::Context;
use super::{
    audit, charter, completions, config, devnet, examples, federation, guardian, incident, init, key, logs,
    man, policy, portal, rollback, run, sign, status, stop, trust, uninstall, upgrade, verify,
};
use crate::ui::{Exit, Failure, Options};

/// Operator's kit for a guardian of an m-of-n Bitcoin federation
///
/// Makes the operator key, writes the guardian's config bundle, proves that a guardian image is the project's, and answers
/// the guardian's signing requests. The private key never goes into the bundle or the container.
#[derive(Parser)]
#[command(name = "oc-guardian", version, propagate_version = true, after_help = examples::TOP)]
#[command(disable_help_subcommand = true, max_term_width = 110)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print no notes and no progress; results, warnings and errors remain
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more detail
    #[arg(long, short, global = true, action = ArgAction::SetTrue)]
    verbose: bool,
    /// When to use colours [NO_COLOR is honoured]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// Never ask; a needed answer is an error that names its flag
    #[arg(long, global = true)]
    no_input: bool,
}

impl Global {
    pub(super) fn options(&self) -> Options {
        Options {
            json: self.json,
            quiet: self.quiet,
            verbose: self.verbose,
            no_input: self.no_input,
            color: match self.color {
                ColorChoice::Auto => anstream::ColorChoice::Auto,
                ColorChoice::Always => anstream::ColorChoice::Always,
                ColorChoice::Never => anstream::ColorChoice::Never,
            },
        }
    }
}

#[derive(Subcommand)]
enum Verb {
    Init(init::Init),
    Key(key::Key),
    Config(config::Config),
    Verify(Box<verify::Verify>),
    Trust(trust::Trust),
    Run(Box<run::Run>),
    Upgrade(Box<upgrade::Upgrade>),
    Rollback(rollback::Rollback),
    Stop(stop::Stop),
    Logs(logs::Logs),
    Uninstall(uninstall::Uninstall),
    Federation(federation::Federation),
    Charter(charter::Charter),
    Guardian(Box<guardian::Guardian>),
    Sign(Box<sign::Sign>),
    Policy(policy::Policy),
    Audit(audit::Audit),
    Status(status::Status),
    Portal(portal::Portal),
    Incident(incident::Incident),
    Devnet(Box<devnet::Devnet>),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Cli {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Init(verb) => verb.run(context),
            Verb::Key(verb) => verb.run(context),
            Verb::Config(verb) => verb.run(context),
            Verb::Verify(verb) => verb.run(context),
            Verb::Trust(verb) => verb.run(context),
            Verb::Run(verb) => verb.run(context),
            Verb::Upgrade(verb) => verb.run(context),
            Verb::Rollback(verb) => verb.run(context),
            Verb::Stop(verb) => verb.run(context),
            Verb::Logs(verb) => verb.run(context),
            Verb::Uninstall(verb) => verb.run(context),
            Verb::Federation(verb) => verb.run(context),
            Verb::Charter(verb) => verb.run(context),
            Verb::Guardian(verb) => verb.run(context),
            Verb::Sign(verb) => verb.run(context),
            Verb::Policy(verb) => verb.run(context),
            Verb::Audit(verb) => verb.run(context),
            Verb::Status(verb) => verb.run(context),
            Verb::Portal(verb) => verb.run(context),
            Verb::Incident(verb) => verb.run(context),
            Verb::Devnet(verb) => verb.run(context),
            Verb::Completions(verb) => verb.run(context),
            Verb::Man(verb) => verb.run(context),
        }
    }
}

/// The whole command tree, from which help, completions and man pages are made.
pub fn command() -> clap::Command {
    Cli::command()
}
