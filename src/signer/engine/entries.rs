//! What the log is told.

use std::collections::HashMap;

use crate::audit::{Entry, MAX_TEXT_BYTES};
use crate::signer::{Caller, Refusal, Request};

/// Refusals of one caller that are recorded in a minute. Whoever sends nothing but bad requests must not fill the disk;
/// the number of those left out is in the next record.
const DENIALS: u32 = 60;

/// The record of a refusal, which says how many before it have none.
pub(super) fn denied(request: &Request, refusal: &Refusal, at: u64, left_out: u64) -> Entry {
    let mut entry = refusal.entry(request, at);
    if left_out > 0 {
        entry.summary = format!(
            "{} ({left_out} refusals before this one have no record)",
            entry.summary
        );
    }
    bounded(entry)
}

/// With every text short enough for a record: a rule's name or a summary is no reason to lose one.
pub(super) fn bounded(mut entry: Entry) -> Entry {
    for text in [Some(&mut entry.summary), entry.rule.as_mut()]
        .into_iter()
        .flatten()
    {
        if text.len() > MAX_TEXT_BYTES {
            *text = cut(text);
        }
    }
    entry
}

/// As much of a text as a record holds.
fn cut(text: &str) -> String {
    let end = (0..=text.len().min(MAX_TEXT_BYTES))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default();
    text[..end].to_owned()
}

/// Counts the refusals of each caller.
#[derive(Default)]
pub(super) struct Denials(HashMap<Caller, Counted>);

#[derive(Default)]
struct Counted {
    minute: u64,
    recorded: u32,
    left_out: u64,
}

impl Denials {
    /// Whether to record one more, and how many were left out since the last.
    pub(super) fn count(&mut self, caller: &Caller, now: u64) -> Option<u64> {
        let counted = self.0.entry(caller.clone()).or_default();
        if counted.minute != now / 60 {
            counted.minute = now / 60;
            counted.recorded = 0;
        }
        if counted.recorded < DENIALS {
            counted.recorded += 1;
            Some(std::mem::take(&mut counted.left_out))
        } else {
            counted.left_out += 1;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::CallerId;

    #[test]
    fn refusals_are_recorded_up_to_a_number_a_minute() {
        let mut denials = Denials::default();
        let one = Caller::Operator;
        let recorded = (0..100).filter(|_| denials.count(&one, 600).is_some()).count();
        assert_eq!(recorded, 60);
        assert_eq!(
            denials.count(&Caller::Guardian(CallerId::new("other")), 600),
            Some(0)
        );
        assert_eq!(denials.count(&one, 660), Some(40));
        assert_eq!(denials.count(&one, 660), Some(0));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = "é".repeat(MAX_TEXT_BYTES);
        assert_eq!(cut(&long).len(), MAX_TEXT_BYTES);
        assert_eq!(cut(&format!("x{long}")).len(), MAX_TEXT_BYTES - 1);
    }
}
