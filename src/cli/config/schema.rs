use clap::Args;

use super::examples;
use crate::bundle;
use crate::cli::context::Context;
use crate::ui::{Exit, Failure};

/// Print the JSON Schema of the config bundle
///
/// What it refuses, `config check` refuses; the check sees more, such as a secret in the file.
#[derive(Args)]
#[command(after_help = examples::CONFIG_SCHEMA)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        context.ui.raw(&format!("{:#}\n", bundle::schema()))?;
        Ok(Exit::Done)
    }
}
