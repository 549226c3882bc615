use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man as Page;

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
            context.ui.raw(&render(&root)?)?;
            return Ok(Exit::Done);
        };
        let mut open = vec![root];
        while let Some(command) = open.pop() {
            let name = command
                .get_display_name()
                .unwrap_or(command.get_name())
                .to_owned();
            store::replace(
                &folder.join(format!("{name}.1")),
                render(&command)?.as_bytes(),
                Access::Public,
            )?;
            open.extend(command.get_subcommands().cloned());
        }
        Ok(Exit::Done)
    }
}

fn render(command: &Command) -> Result<String, Failure> {
    // Without a date, so that the same tree always gives the same page.
    let mut page = Vec::new();
    Page::new(command.clone())
        .source(concat!("oc-guardian ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .map_err(|error| Failure::new("internal", format!("cannot render the manual page: {error}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
