mod check;
mod init;
mod test;

use std::path::Path;

use clap::{Args, Subcommand};

use super::context::Context;
use super::examples;
use super::input::{STDIN, read_stdin};
use crate::signer::policy::MAX_POLICY;
use crate::signer::{PolicyFile, PolicyFileError, policy_path};
use crate::ui::{Exit, Failure};

/// Write, check and try the signing policy
///
/// The policy says what the signing server signs without a question. `deny` beats everything; else the first rule that
/// matches decides; no match is a refusal.
#[derive(Args)]
#[command(after_help = examples::POLICY, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Policy {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Init(init::Init),
    Check(check::Check),
    Test(test::Test),
}

impl Policy {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Init(verb) => verb.run(context),
            Verb::Check(verb) => verb.run(context),
            Verb::Test(verb) => verb.run(context),
        }
    }
}

/// The policy that was named, or the one in the config folder.
fn find(context: &Context, named: Option<&Path>) -> Result<Result<PolicyFile, PolicyFileError>, Failure> {
    Ok(match named {
        Some(path) if path == Path::new(STDIN) => {
            PolicyFile::parse(Path::new("<stdin>"), read_stdin(MAX_POLICY)?)
        }
        Some(path) => PolicyFile::load(path),
        None => PolicyFile::load(&policy_path(&context.folders()?)),
    })
}

/// The same, which must be good.
fn load(context: &Context, named: Option<&Path>) -> Result<PolicyFile, Failure> {
    Ok(find(context, named)??)
}
