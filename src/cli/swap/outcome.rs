use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Session;
use crate::release::{Measured, Outcome, ReleaseError};
use crate::ui::{EMPHASIS, Exit, Failure, GOOD, Lines, Report, escaped, paint, printable};

/// What an operation came to.
pub(in crate::cli) struct Swapped {
    /// In one word: run, upgrade, rollback.
    pub(in crate::cli) operation: &'static str,
    pub(in crate::cli) container: String,
    pub(in crate::cli) image: String,
    pub(in crate::cli) digest: String,
    pub(in crate::cli) version: Option<String>,
    pub(in crate::cli) from: Option<String>,
    pub(in crate::cli) strategy: &'static str,
    pub(in crate::cli) measured: Measured,
    pub(in crate::cli) took: Duration,
    pub(in crate::cli) next: Option<String>,
}

/// The result, or the failure with its exit code: 4 where the old one serves on.
pub(in crate::cli) fn ended(
    session: &Session<'_>,
    outcome: Outcome<ReleaseError>,
    last_words: Option<String>,
    swapped: &Swapped,
) -> Result<Exit, Failure> {
    let name = swapped.version.as_deref().unwrap_or(&swapped.digest);
    let operation = swapped.operation;
    match outcome {
        Outcome::NewServes => {
            session.record(
                operation,
                &format!(
                    "{operation} of {} to {name} {} done",
                    swapped.container, swapped.digest
                ),
            );
        }
        Outcome::NewServesUntidily(error) => {
            session.record(
                operation,
                &format!("{operation} to {name} done, leftovers: {error}"),
            );
            session.context.ui.warn(&format!(
                "the new one serves, but not all that is left could be put away ({error}): the next command does that"
            ));
        }
        Outcome::OldServes(cause) => {
            session.record(operation, &format!("{operation} to {name} undone: {cause}"));
            return Err(undone(session, cause, last_words, swapped));
        }
        Outcome::Stuck { cause, undo } => {
            session.record(
                operation,
                &format!("{operation} to {name} failed: {cause}; not undone: {undo}"),
            );
            return Err(Failure::not_undone(&cause, undo, session.place.path()));
        }
    }
    session.context.ui.result(swapped)?;
    Ok(Exit::Done)
}

fn undone(
    session: &Session<'_>,
    cause: ReleaseError,
    last_words: Option<String>,
    swapped: &Swapped,
) -> Failure {
    if let Some(words) = last_words.as_deref().map(str::trim).filter(|it| !it.is_empty())
        && !session.context.ui.is_json()
    {
        let mut text = String::from("Last lines of the new container:\n");
        for line in words.lines() {
            text.push_str("  ");
            text.push_str(&escaped(line));
            text.push('\n');
        }
        session.context.ui.show(&text);
    }
    if Session::is_interrupt(&cause) {
        return Failure::interrupted();
    }
    let failure = Failure::from(cause);
    let serves = if swapped.from.is_some() {
        "the old one serves as before"
    } else {
        "nothing was left behind"
    };
    let failure = failure.and(serves).fact("last_lines", last_words);
    // Undone is undone, whatever it was that failed; what is worse keeps its code.
    if swapped.from.is_some() && failure.exit() == Exit::Failed {
        failure.with_exit(Exit::CheckFailed)
    } else {
        failure
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Report for Swapped {
    fn fields(&self) -> Map<String, Value> {
        let http = self.measured.http.as_ref();
        Map::from_iter([
            ("operation".into(), json!(self.operation)),
            ("container".into(), json!(self.container)),
            ("image".into(), json!(self.image)),
            ("digest".into(), json!(self.digest)),
            ("version".into(), json!(self.version)),
            ("from".into(), json!(self.from)),
            ("strategy".into(), json!(self.strategy)),
            (
                "http_pause_ms".into(),
                json!(http.map(|it| millis(it.longest_pause))),
            ),
            ("http_failed".into(), json!(http.map(|it| it.failed))),
            ("http_answered".into(), json!(http.map(|it| it.answered))),
            (
                "signing_pause_ms".into(),
                json!(self.measured.signing.map(millis)),
            ),
            ("took_ms".into(), json!(millis(self.took))),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        let said = match self.operation {
            "run" => "The guardian serves.",
            "rollback" => "Rolled back: the guardian from before serves.",
            _ => "Upgraded: the new guardian serves.",
        };
        lines.line(paint(GOOD, said));
        lines.field("container", printable(&self.container));
        if let Some(version) = &self.version {
            let from = self
                .from
                .as_ref()
                .map_or_else(String::new, |from| format!(" (was {})", printable(from)));
            lines.field(
                "version",
                format!("{}{from}", paint(EMPHASIS, &printable(version))),
            );
        }
        lines.field("image", printable(&self.image));
        lines.field("digest", printable(&self.digest));
        if self.operation != "run" {
            lines.field(
                "HTTP pause",
                self.measured.http.as_ref().map_or_else(
                    || "not measured: the published port cannot be reached from here".to_owned(),
                    |it| {
                        format!(
                            "{} ms ({} of {} questions without an answer)",
                            millis(it.longest_pause),
                            it.failed,
                            it.failed + it.answered
                        )
                    },
                ),
            );
            lines.field(
                "signing pause",
                self.measured.signing.map_or_else(
                    || "not measured: no signing server".to_owned(),
                    |it| format!("{} ms", millis(it)),
                ),
            );
        }
        lines.field("took", format!("{:.1} s", self.took.as_secs_f64()));
        if let Some(next) = &self.next {
            lines.next(next);
        }
        lines.finish()
    }
}
