//! Text that came from outside, made safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Longest piece of outside text that is shown, in characters.
const LIMIT: usize = 200;

/// `text` with control characters, invisible and bidirectional formatting escaped, and cut off after 200 characters: it
/// cannot move the cursor, recolour, or make one thing look like another.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LIMIT));
    for (count, letter) in text.chars().enumerate() {
        if count == LIMIT {
            let _ = write!(shown, "… ({} more characters)", text.chars().count() - LIMIT);
            break;
        }
        push_escaped(&mut shown, letter);
    }
    shown
}

/// Longest message that is shown, in characters: what stands in it may come from somebody who sends megabytes.
const MESSAGE_LIMIT: usize = 4096;

/// A message of ours, with the end left out where it is longer than any of ours.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MESSAGE_LIMIT) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let more = text[end..].chars().count();
            Cow::Owned(format!("{}… ({more} more characters)", &text[..end]))
        }
    }
}

/// As [`printable`], but of any length: for messages of ours with outside text in them.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        push_escaped(&mut shown, letter);
    }
    shown
}

fn push_escaped(shown: &mut String, letter: char) {
    if is_harmless(letter) {
        shown.push(letter);
    } else {
        let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
    }
}

/// Whether a terminal only draws this character, where it stands.
pub(super) fn is_harmless(letter: char) -> bool {
    !(letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'))
}

#[cfg(test)]
mod tests {
    use super::{bounded, printable};

    #[test]
    fn a_message_does_not_flood_the_screen() {
        assert_eq!(bounded("short"), "short");
        let long = bounded(&"é".repeat(3_000_000)).into_owned();
        assert!(long.ends_with("… (2995904 more characters)") && long.chars().count() < 4200);
    }

    #[test]
    fn outside_text_cannot_draw() {
        assert_eq!(printable("Grüße, 世界"), "Grüße, 世界");
        assert_eq!(
            printable("a\x1b[2Jb\r\n\u{9b}"),
            "a\\u{1b}[2Jb\\u{d}\\u{a}\\u{9b}"
        );
        assert_eq!(printable("x\u{202e}gnp\u{200b}"), "x\\u{202e}gnp\\u{200b}");
        let long = printable(&"é".repeat(60_000));
        assert!(long.ends_with("… (59800 more characters)") && long.chars().count() < 230);
    }
}
