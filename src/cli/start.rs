use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use super::context::Context;
use super::tree::Cli;
use crate::ui::{self, Exit, Failure, Ui};
use crate::vault;

/// Runs the kit with these arguments and says with which code the process ends.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let hardened = vault::harden_process();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &arguments).into(),
    };
    let options = cli.global.options();
    let ui = Ui::new(options);
    if let Err(error) = hardened {
        ui.warn(&format!("core dumps could not be switched off: {error}"));
    }
    if let Err(error) = ui::exit_cleanly_on_signals(options.json) {
        ui.detail(&format!(
            "signals end the process without restoring the terminal: {error}"
        ));
    }
    let context = Context::new(ui);
    match cli.run(&context) {
        Ok(exit) => exit,
        Err(failure) => context.ui.fail(&failure),
    }
    .into()
}

/// Prints help, version or a usage error; the latter as JSON where `--json` stands anywhere before `--`.
fn usage(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let printed = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let mut out = anstream::stdout();
            return match write!(out, "{}", error.render().ansi()).and_then(|()| out.flush()) {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failed,
                _ => Exit::Done,
            };
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is missing".to_owned(),
        _ => {
            let text = error.render().to_string();
            let first = text.split("\n\n").next().unwrap_or_default();
            let words: Vec<&str> = first.trim_start_matches("error: ").split_whitespace().collect();
            words.join(" ")
        }
    };
    if arguments
        .iter()
        .skip(1)
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json")
    {
        let options = ui::Options {
            json: true,
            quiet: false,
            verbose: false,
            no_input: true,
            color: anstream::ColorChoice::Auto,
        };
        return Ui::new(options).fail(
            &Failure::usage(printed).hint("Run the command with --help for its options and examples."),
        );
    }
    let _ = write!(anstream::stderr(), "{}", error.render().ansi());
    Exit::Usage
}
