use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::keys::Keyboard;
use crate::signer::{Question, Scope};
use crate::ui::{EMPHASIS, FAINT, HEADING, Lines, WARNING, paint, printable};

/// Longest answer.
const MAX_TYPED: usize = 5;
/// Digits of the id in the prompt: the last ones, since the first are the time.
const SHORT_ID: usize = 6;
/// Columns that the summary has at least.
const MIN_SUMMARY: usize = 8;
/// Characters of the payload that are shown.
const MAX_PAYLOAD: usize = 1200;

/// A question on the screen.
pub(super) struct Asking {
    pub(super) question: Question,
    keyboard: Keyboard,
    typed: String,
    /// What is typed before was meant for the question that stood here before.
    listens_from: Instant,
}

/// What a look at the keyboard gave.
pub(super) enum Step {
    Waits,
    Yes(Scope),
    No,
    /// Its time is over; the server ends it.
    Over,
}

impl Asking {
    pub(super) fn new(question: Question, keyboard: Keyboard, listens_from: Instant) -> Self {
        Self {
            question,
            keyboard,
            typed: String::new(),
            listens_from,
        }
    }

    /// Looks at the keyboard for as long as `time`. Everything but a yes is a no.
    pub(super) fn step(&mut self, time: Duration, now: u64) -> Step {
        if now >= self.question.expires_at {
            return Step::Over;
        }
        match self.keyboard.key(time) {
            None => return Step::Waits,
            // Ctrl-D, or the terminal is gone.
            Some(0) => return Step::No,
            Some(_) if Instant::now() < self.listens_from => return Step::Waits,
            Some(4) => return Step::No,
            Some(b'\r' | b'\n') => {}
            Some(8 | 127) => {
                self.typed.pop();
                return Step::Waits;
            }
            Some(key) => {
                if key.is_ascii_graphic() && self.typed.len() < MAX_TYPED {
                    self.typed.push(char::from(key));
                }
                return Step::Waits;
            }
        }
        match self.typed.to_ascii_lowercase().as_str() {
            "y" | "yes" => Step::Yes(Scope::Once),
            "h" | "hour" if self.question.may_repeat => Step::Yes(Scope::Hour),
            _ => Step::No,
        }
    }

    pub(super) fn prompt(&self, now: u64, more: usize) -> String {
        let left = self.question.expires_at.saturating_sub(now);
        let choice = if self.question.may_repeat {
            "[y/N, h: for an hour]"
        } else {
            "[y/N]"
        };
        let id = &self.question.id;
        let short = id.get(id.len().saturating_sub(SHORT_ID)..).unwrap_or(id);
        let mut rest = format!("{}:{:02} left", left / 60, left % 60);
        if more > 0 {
            let _ = write!(rest, " (+{more})");
        }
        // In one row, which is drawn over: the summary has what is left of it.
        let others = "Sign this?  (…)   ".len() + SHORT_ID + choice.len() + rest.len() + MAX_TYPED;
        let room = (Keyboard::columns() - 1).saturating_sub(others).max(MIN_SUMMARY);
        format!(
            "{} {} {} {} {} {}",
            paint(WARNING, "Sign this?"),
            cut(&printable(&self.question.summary), room),
            paint(FAINT, &format!("(…{})", printable(short))),
            paint(EMPHASIS, choice),
            paint(FAINT, &rest),
            self.typed
        )
    }
}

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// The decoded request, with everything from outside escaped.
pub fn text(question: &Question) -> String {
    let mut lines = Lines::default();
    lines.gap();
    lines.line(paint(WARNING, &format!("── {} ──", printable(&question.summary))));
    lines.field("asked by", printable(&question.caller));
    lines.field("kind", &question.kind);
    if !question.effect.is_empty() {
        lines.field("effect", printable(&question.effect));
    }
    for (name, value) in &question.fields {
        lines.field(&printable(name), printable(value));
    }
    lines.field("decided by", printable(&question.rule));
    for unusual in &question.unusual {
        lines.field("unusual", paint(WARNING, &printable(unusual)));
    }
    lines.field("signs", payload(&question.payload));
    lines.field("sha256", &question.payload_sha256);
    lines.field("request", paint(HEADING, &question.id));
    lines.finish()
}

fn payload(text: &str) -> String {
    let cut: String = text.chars().take(MAX_PAYLOAD).collect();
    let rest = text.chars().count() - cut.chars().count();
    let shown = crate::ui::escaped(&cut);
    if rest > 0 {
        format!("{shown}… ({rest} more characters: see sign --pending --json)")
    } else {
        shown
    }
}
