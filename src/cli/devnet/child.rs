use std::ffi::OsString;

use clap::{Args, Parser};

use crate::cli::context::Context;
use crate::cli::tree::Cli;
use crate::devnet;
use crate::ui::{Exit, Failure};

/// A process of a devnet: another verb, which ends when the devnet does
#[derive(Args)]
pub(super) struct Child {
    /// Process id of the devnet
    #[arg(long, value_name = "PID")]
    parent: u32,
    /// The verb and its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Child {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        devnet::die_with_parent(self.parent).map_err(|error| {
            Failure::new("no-parent", format!("not started by a running devnet: {error}"))
        })?;
        let program = OsString::from("oc-guardian");
        let cli = Cli::try_parse_from(std::iter::once(program).chain(self.command))
            .map_err(|error| Failure::usage(error.to_string().trim().replace('\n', " ")))?;
        cli.run(context)
    }
}
