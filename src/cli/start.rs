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
            let text = without_secrets(&error.render().to_string());
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
    let text = without_secrets(&error.render().ansi().to_string());
    let _ = write!(anstream::stderr(), "{text}");
    Exit::Usage
}

/// A usage error quotes what was typed. Runs of 32 or more hex digits may be a private key given as an argument by
/// mistake: they are not repeated, and the mistake is named.
fn without_secrets(text: &str) -> String {
    const LONGEST: usize = 32;
    let mut shown = String::with_capacity(text.len());
    let mut hidden = false;
    let mut rest = text;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|letter: char| !letter.is_ascii_hexdigit())
            .unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        shown.push_str(before);
        if run.len() >= LONGEST && !before.ends_with("op-") {
            shown.push_str("(hidden)");
            hidden = true;
        } else {
            shown.push_str(run);
        }
        rest = after;
    }
    shown.push_str(rest);
    if hidden {
        shown.push_str(
            "\nArguments can be seen by others and stay in the shell's history: if that was a private key, treat it as \
             exposed.\n",
        );
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn a_key_given_as_an_argument_is_not_repeated() {
        let key = "ab".repeat(32);
        let shown = without_secrets(&format!("unexpected argument '{key}' found"));
        assert!(!shown.contains("abab") && shown.contains("'(hidden)' found") && shown.contains("exposed"));
        let harmless = "unexpected argument 'op-132f39a98c31baaddba6525f5d43f295' found, cafe";
        assert_eq!(without_secrets(harmless), harmless);
    }
}
