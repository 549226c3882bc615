mod access;
mod status;

use clap::{Args, Subcommand};

use super::context::Context;
use super::examples;
use crate::bundle::Bundle;
use crate::ui::{Exit, Failure};

pub(super) use access::{Access, Asked};

/// Ask the portal what it knows of this operator
///
/// The portal is a convenience: it is never trusted with a key or for who belongs to a federation.
#[derive(Args)]
#[command(after_help = examples::PORTAL, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Portal {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Status(status::Status),
}

impl Portal {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Status(verb) => verb.run(context),
        }
    }
}

/// Hands the portal of the config bundle a notice that was signed elsewhere.
pub(super) fn publish(bundle: &Bundle, envelope: &str) -> Result<(), Failure> {
    let client = Access::default().client(Some(bundle))?;
    client.post_incident(envelope)?;
    Ok(())
}
