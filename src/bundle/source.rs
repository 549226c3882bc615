use std::ops::Range;

/// Longest quotation in a message, in characters.
const MAX_QUOTE: usize = 60;
/// Characters of a long line that are shown before and after the start of a finding.
const BEFORE: usize = 40;
const AFTER: usize = 80;
/// Stands for one character of a secret.
const MASK: char = '•';

/// The text of a bundle, with its lines and with the places that must never be shown.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) text: String,
    line_starts: Vec<usize>,
    /// Sorted by start.
    secrets: Vec<Range<usize>>,
    /// Those, and what may be a piece of one. Sorted by start.
    masked: Vec<Range<usize>>,
}

/// The line of a finding as it may be shown: secrets are masked, tabs are spaces, and a long line is cut.
#[derive(Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Number of the line, from 1.
    pub line: usize,
    /// What to show. May hold characters that a terminal would obey.
    pub text: String,
    /// Which characters (not bytes) of `text` the finding is about.
    pub span: Range<usize>,
    /// Whether something of the line was left out.
    pub cut: bool,
}

/// Runs of 32 or more hex digits that are neither an operator id nor exactly 64 digits long: a key with a digit missing,
/// cut in half, or with something stuck to it. Those of 64 digits are judged one by one.
fn odd_hex_runs(text: &str) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        match (byte.is_ascii_hexdigit(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let length = at - from;
                let is_id = length == 32 && text[..from].ends_with("op-");
                if length >= 32 && length != 64 && !is_id {
                    runs.push(from..at);
                }
                start = None;
            }
            _ => {}
        }
    }
    runs
}

fn overlaps(places: &[Range<usize>], span: &Range<usize>) -> bool {
    places
        .iter()
        .take_while(|place| place.start < span.end)
        .any(|place| place.end > span.start)
}

impl Source {
    pub(super) fn new(text: String) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            text,
            line_starts,
            secrets: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// Marks what must never be shown. Long hex that is no whole public value is masked too: it may be most of a key.
    pub(super) fn hide(&mut self, mut secrets: Vec<Range<usize>>) {
        secrets.sort_unstable_by_key(|span| span.start);
        self.masked.clone_from(&secrets);
        self.masked.extend(odd_hex_runs(&self.text));
        self.masked.sort_unstable_by_key(|span| span.start);
        self.secrets = secrets;
    }

    /// Whether a secret is in these bytes.
    pub(super) fn is_secret(&self, span: &Range<usize>) -> bool {
        overlaps(&self.secrets, span)
    }

    /// Line from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    /// Line, and character in the line, both from 1.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let line = self.line(at);
        let start = self.line_start(line);
        let before = self.text.get(start..at).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    fn line_start(&self, line: usize) -> usize {
        self.line_starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    /// What stands in these bytes, for a message; never a secret.
    pub(super) fn quote(&self, span: &Range<usize>) -> String {
        if overlaps(&self.masked, span) {
            return "(hidden: it may be a secret)".into();
        }
        let text = self.text.get(span.clone()).unwrap_or_default();
        match text.char_indices().nth(MAX_QUOTE) {
            Some((cut, _)) => format!("{}…", &text[..cut]),
            None => text.to_owned(),
        }
    }

    /// As [`Source::quote`], without the quotes of a string.
    pub(super) fn quote_inside(&self, span: &Range<usize>) -> String {
        let text = self.text.get(span.clone()).unwrap_or_default();
        if text.len() >= 2 && text.starts_with(['"', '\'']) {
            self.quote(&(span.start + 1..span.end - 1))
        } else {
            self.quote(span)
        }
    }

    /// The line in which a finding begins.
    pub(super) fn excerpt(&self, span: &Range<usize>) -> Option<Excerpt> {
        if self.text.is_empty() {
            return None;
        }
        let line = self.line(span.start);
        let start = self.line_start(line);
        let content = self.text.get(start..)?.lines().next().unwrap_or_default();
        let length = content.chars().count();
        let chars_up_to = |at: usize| {
            let within = at.saturating_sub(start).min(content.len());
            content.get(..within).map_or(length, |text| text.chars().count())
        };
        let (from, to) = (chars_up_to(span.start), chars_up_to(span.end.max(span.start)));
        // Where the whole line fits, it is shown whole.
        let (first, last) = if length <= BEFORE + AFTER {
            (0, length)
        } else {
            (from.saturating_sub(BEFORE), (from + AFTER).min(length))
        };
        let mut text = String::new();
        if first > 0 {
            text.push('…');
        }
        let mut secrets = self.masked.iter().peekable();
        for (offset, letter) in content.char_indices().skip(first).take(last - first) {
            let at = start + offset;
            while secrets.peek().is_some_and(|secret| secret.end <= at) {
                secrets.next();
            }
            let hidden = secrets.peek().is_some_and(|secret| secret.start <= at);
            text.push(match letter {
                _ if hidden => MASK,
                '\t' => ' ',
                other => other,
            });
        }
        if last < length {
            text.push('…');
        }
        let shift = |at: usize| at.min(last) - first + usize::from(first > 0);
        Some(Excerpt {
            line,
            text,
            span: shift(from)..shift(to.max(from)),
            cut: last - first < length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let source = Source::new("ä\nbcd\r\ne".into());
        for (at, position) in [
            (0, (1, 1)),
            (2, (1, 2)),
            (3, (2, 1)),
            (5, (2, 3)),
            (8, (3, 1)),
            (9, (3, 2)),
        ] {
            assert_eq!(source.position(at), position, "{at}");
        }
    }

    #[test]
    fn an_excerpt_masks_and_cuts() {
        let mut source = Source::new(format!("{}\n\"a\": \"secret\" x\r\n", "é".repeat(500)));
        let at = |what: &str| {
            let start = source.text.find(what).unwrap();
            start..start + what.len()
        };
        let (secret, x) = (at("secret"), at("x"));
        source.hide(vec![secret.clone()]);
        let excerpt = source.excerpt(&x).unwrap();
        assert_eq!((excerpt.line, excerpt.text.as_str()), (2, "\"a\": \"••••••\" x"));
        assert_eq!(excerpt.span, 14..15);
        assert_eq!(
            source.quote(&(secret.start - 2..secret.start + 1)),
            "(hidden: it may be a secret)"
        );
        let long = source.excerpt(&(400..404)).unwrap();
        assert_eq!(long.text.chars().count(), 122);
        assert_eq!(long.span, 41..43);
    }
}
