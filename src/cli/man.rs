mod about;
mod page;

use std::path::PathBuf;

use clap::{Args, Command};

use super::context::Context;
use super::{examples, tree};
use crate::store::{self, Access};
use crate::ui::{Exit, Failure};

/// Print the manual page, or write the pages of all commands
#[derive(Args)]
#[command(after_help = examples::MAN)]
pub(super) struct Man {
    /// Write one page for each command into this folder, instead of printing the main page
    #[arg(long, value_name = "FOLDER")]
    out_dir: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut root = tree::command();
        root.build();
        let Some(folder) = self.out_dir else {
            context.ui.raw(&render(&root, None)?)?;
            return Ok(Exit::Done);
        };
        let mut open = vec![(root, None)];
        while let Some((command, parent)) = open.pop() {
            let file = folder.join(format!("{}.1", page::name(&command)));
            let text = render(&command, parent.as_ref())?;
            store::replace(&file, text.as_bytes(), Access::Public)?;
            open.extend(page::visible(&command).map(|verb| (verb.clone(), Some(command.clone()))));
        }
        Ok(Exit::Done)
    }
}

fn render(command: &Command, parent: Option<&Command>) -> Result<String, Failure> {
    page::render(command, parent)
        .map_err(|error| Failure::new("internal", format!("cannot render the manual page: {error}")))
}
