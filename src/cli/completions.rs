use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::context::Context;
use super::{examples, tree};
use crate::ui::{Exit, Failure};

/// Print the completion script for a shell
#[derive(Args)]
#[command(after_help = examples::COMPLETIONS)]
pub(super) struct Completions {
    /// Which shell
    shell: Shell,
    /// Write it into this folder under the name that the shell expects, instead of printing it
    #[arg(long, value_name = "FOLDER")]
    out_dir: Option<PathBuf>,
}

impl Completions {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut command = tree::command();
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        let mut script = String::from_utf8_lossy(&script).into_owned();
        if self.shell == Shell::Bash {
            // With a hyphen in the program's name, two spellings of the same state never meet, and nothing after the
            // first word is completed: https://github.com/clap-rs/clap/issues/6421
            script = script.replace("oc__subcmd__guardian", "oc__guardian");
        }
        match self.out_dir {
            Some(folder) => {
                let file = folder.join(clap_complete::Generator::file_name(&self.shell, "oc-guardian"));
                crate::store::replace(&file, script.as_bytes(), crate::store::Access::Public)?;
            }
            None => context.ui.raw(&script)?,
        }
        Ok(Exit::Done)
    }
}
