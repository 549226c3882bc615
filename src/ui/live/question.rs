use std::fmt::Write as _;
use std::time::Duration;

use super::keys::Keyboard;
use crate::signer::{Question, Scope};
use crate::ui::{EMPHASIS, FAINT, HEADING, Lines, WARNING, paint, printable};

/// Longest answer.
const MAX_TYPED: usize = 8;
/// Lines of the payload that are shown.
const MAX_PAYLOAD: usize = 1200;

/// A question on the screen.
pub(super) struct Asking {
    pub(super) question: Question,
    keyboard: Keyboard,
    typed: String,
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
    pub(super) fn new(question: Question, keyboard: Keyboard) -> Self {
        Self {
            question,
            keyboard,
            typed: String::new(),
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
            Some(0 | 4) => return Step::No,
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
        let mut text = format!(
            "{} {}",
            paint(WARNING, "Sign this?"),
            paint(
                EMPHASIS,
                if self.question.may_repeat {
                    "[y/N, h: yes to this rule for an hour]"
                } else {
                    "[y/N]"
                }
            ),
        );
        let _ = write!(
            text,
            " {}",
            paint(FAINT, &format!("{}:{:02} left", left / 60, left % 60))
        );
        if more > 0 {
            let _ = write!(text, " {}", paint(FAINT, &format!("({more} more waiting)")));
        }
        let _ = write!(text, " {}", self.typed);
        text
    }
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
