//! The only place that prints or prompts.

mod exit;
mod failure;
mod findings;
mod interrupt;
mod live;
mod panel;
mod policy;
mod problems;
mod progress;
mod prompt;
mod report;
mod steps;
mod style;
mod text;
mod time;
mod words;

use std::io::{self, IsTerminal, Write};

pub use exit::Exit;
pub use failure::{Failure, shell_quoted};
pub use findings::{findings_json, findings_text, tally};
pub use interrupt::{Wish, exit_cleanly_on_signals, take_signals};
pub use live::{Live, Standing, Verdict, question_text};
pub use panel::Panel;
pub use policy::{policy_findings_json, policy_findings_text};
pub use problems::{problem_fields, problems_json};
pub use progress::Progress;
pub use report::{Lines, Report};
pub use steps::Steps;
pub use style::{BAD, EMPHASIS, FAINT, GOOD, HEADING, WARNING, paint};
pub use text::{escaped, printable};
pub use time::{moment, span};

/// How to print and whether to ask, as the global flags say.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// One JSON document on standard output instead of text.
    pub json: bool,
    /// No notes and no progress.
    pub quiet: bool,
    /// More detail.
    pub verbose: bool,
    /// Never prompt.
    pub no_input: bool,
    /// Colours: `auto` looks at the terminal and at `NO_COLOR`.
    pub color: anstream::ColorChoice,
}

/// The terminal, or what stands in its place.
pub struct Ui {
    options: Options,
    interactive: bool,
    live: bool,
}

impl Ui {
    /// Looks at the terminal once; sets the process-wide colour choice.
    pub fn new(options: Options) -> Self {
        options.color.write_global();
        let live = io::stderr().is_terminal();
        Self {
            options,
            interactive: io::stdin().is_terminal() && live && !options.no_input,
            live,
        }
    }

    /// Whether a person can be asked.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Whether results go out as JSON.
    pub fn is_json(&self) -> bool {
        self.options.json
    }

    /// Prints the result of a verb on standard output.
    ///
    /// # Errors
    /// When standard output cannot be written; a closed pipe is no failure, since nobody is left to read.
    pub fn result(&self, report: &dyn Report) -> Result<(), Failure> {
        let text = if self.options.json {
            report::json_line(report)
        } else {
            report.human()
        };
        self.write_result(&text)
    }

    /// Tells that a verb that goes on has started: the first of its lines for programs, a note for people.
    ///
    /// # Errors
    /// As [`Ui::result`].
    pub fn started(&self, report: &dyn Report) -> Result<(), Failure> {
        if self.options.json {
            return self.raw(&format!("{}\n", serde_json::Value::Object(report.fields())));
        }
        self.note(report.human().trim_end());
        Ok(())
    }

    /// Prints text that is itself the result, in any mode: a completion script, a schema, a bundle.
    ///
    /// # Errors
    /// As [`Ui::result`].
    pub fn raw(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        Self::written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Shows people what a question is about, on standard error; not silenced, since an answer depends on it.
    pub fn show(&self, text: &str) {
        let _ = write!(anstream::stderr(), "{text}");
    }

    /// Prints a piece of a result for people that is too long to be held whole.
    ///
    /// # Errors
    /// As [`Ui::result`].
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        self.write_result(text)
    }

    fn write_result(&self, text: &str) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        Self::written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    fn written(outcome: io::Result<()>) -> Result<(), Failure> {
        match outcome {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::stdout(&error)),
            _ => Ok(()),
        }
    }

    /// Tells the user something on standard error; silenced by `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.options.quiet {
            stderr_line(text);
        }
    }

    /// Tells the user something that only `-v` asks for.
    pub fn detail(&self, text: &str) {
        if self.options.verbose {
            stderr_line(&paint(FAINT, text));
        }
    }

    /// Tells the user what may go wrong later; not silenced.
    pub fn warn(&self, text: &str) {
        warning(text);
    }

    /// Puts a failure on the screen, or as the JSON document, and says which exit code it has.
    pub fn fail(&self, failure: &Failure) -> Exit {
        if failure.exit() == Exit::Interrupted {
            interrupt::take_the_end();
            interrupt::restore_terminal();
        }
        // Standard output may be what failed: then somebody may still read the other one.
        if !self.options.json || self.write_result(&failure.json_line()).is_err() {
            let mut err = anstream::stderr().lock();
            let _ = err.write_all(failure.human().as_bytes());
        }
        failure.exit()
    }

    /// Shows that something that takes longer than half a second is under way.
    pub fn progress(&self, what: &str) -> Progress {
        Progress::start(what, self.live && !self.options.quiet, self.options.quiet)
    }
}

/// As [`Ui::warn`], for what goes on without a [`Ui`] at hand.
pub fn warning(text: &str) {
    stderr_line(&format!("{} {text}", paint(WARNING, "warning:")));
}

fn stderr_line(text: &str) {
    // Nobody to tell, nothing to do.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// One line of a service's log, with its time, on standard error. `text` must be escaped already.
pub fn log_line(level: &str, text: &str) {
    let at = humantime::format_rfc3339_millis(std::time::SystemTime::now());
    stderr_line(&format!("{at} {level:<5} {text}"));
}
