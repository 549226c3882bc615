use std::collections::VecDeque;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::time::Duration;

use clap::Args;

use super::{examples, now};
use crate::audit::{self, Event, Found, Record};
use crate::cli::context::Context;
use crate::store::Folders;
use crate::ui::{BAD, Exit, FAINT, Failure, GOOD, WARNING, paint, printable};

/// Text is handed to the screen in pieces of about this many bytes.
const PIECE: usize = 64 * 1024;

/// Show what was signed, refused and asked
///
/// Needs no key and proves nothing: see audit verify. Text that came from outside is shown with control characters escaped;
/// the signed bytes themselves are in the output of --json.
#[derive(Args)]
#[command(after_help = examples::AUDIT_LOG)]
pub(super) struct Log {
    /// Only records of the last while: 24h, 90min, 7days
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    since: Option<Duration>,
    /// Only this event; can be repeated
    #[arg(long, value_name = "EVENT", value_parser = event())]
    event: Vec<Event>,
    /// Only the newest N records; 0 for all
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

fn event() -> impl clap::builder::TypedValueParser<Value = Event> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(Event::ALL.map(Event::as_str)).map(|name| {
        name.parse()
            .expect("the parser lets only names of events through")
    })
}

impl Log {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        let from = match self.since {
            Some(since) => now()?.saturating_sub(since.as_secs()),
            None => 0,
        };
        let mut shown = Shown {
            context,
            text: String::new(),
            count: 0,
        };
        let mut damaged = 0_u64;
        // Without a limit nothing is kept: the log may be larger than memory.
        let mut newest: VecDeque<String> = VecDeque::new();
        let mut failed = None;
        read(&folders, |found| {
            let line = match found {
                Found::Record { record, line } => {
                    let wanted = record.entry.at >= from
                        && (self.event.is_empty() || self.event.contains(&record.entry.event));
                    if !wanted {
                        return ControlFlow::Continue(());
                    }
                    if context.ui.is_json() {
                        line.to_owned()
                    } else {
                        row(&record)
                    }
                }
                Found::Damaged { .. } => {
                    damaged += 1;
                    return ControlFlow::Continue(());
                }
            };
            if self.limit > 0 {
                if newest.len() == self.limit {
                    newest.pop_front();
                }
                newest.push_back(line);
                return ControlFlow::Continue(());
            }
            match shown.line(&line) {
                Ok(()) => ControlFlow::Continue(()),
                Err(failure) => {
                    failed = Some(failure);
                    ControlFlow::Break(())
                }
            }
        })?;
        if let Some(failure) = failed {
            return Err(failure);
        }
        for line in newest {
            shown.line(&line)?;
        }
        if context.ui.is_json() {
            let count = shown.count;
            shown.line(&format!(r#"{{"ok":true,"records":{count},"damaged":{damaged}}}"#))?;
        } else if shown.count == 0 {
            context.ui.note("no such records");
        }
        shown.flush()?;
        if damaged > 0 {
            context.ui.warn(&format!(
                "{damaged} lines are no records; audit verify says which"
            ));
        }
        Ok(Exit::Done)
    }
}

fn read(folders: &Folders, mut visit: impl FnMut(Found<'_>) -> ControlFlow<()>) -> Result<(), Failure> {
    Ok(audit::read(folders, &mut visit)?)
}

/// Lines on their way to standard output.
struct Shown<'a> {
    context: &'a Context,
    text: String,
    count: u64,
}

impl Shown<'_> {
    fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.text.push_str(line);
        self.text.push('\n');
        self.count += 1;
        if self.text.len() < PIECE {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.text);
        if self.context.ui.is_json() {
            self.context.ui.raw(&text)
        } else {
            self.context.ui.text(&text)
        }
    }
}

fn row(record: &Record) -> String {
    let entry = &record.entry;
    let style = match entry.event {
        Event::Signed | Event::Approved => GOOD,
        Event::Denied | Event::Forced => BAD,
        Event::Asked | Event::Expired => WARNING,
        _ => FAINT,
    };
    let event = paint(style, &format!("{:<10}", entry.event.as_str()));
    let kind = printable(entry.kind.as_deref().unwrap_or("-"));
    let mut row = format!(
        "{} {} {event} {kind:<14} {}",
        paint(FAINT, &format!("{:>7}", record.seq)),
        audit::time(entry.at),
        printable(&entry.summary)
    );
    if let Some(rule) = &entry.rule {
        let _ = write!(row, " {}", paint(FAINT, &format!("[{}]", printable(rule))));
    }
    row
}
