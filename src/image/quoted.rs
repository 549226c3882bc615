//! Text that others wrote, in our messages and reports.

/// Longest piece of outside text that is quoted, in characters. Whoever attaches something to an image can write
/// megabytes.
pub(super) const MAX_QUOTED: usize = 400;

/// The text, or its beginning and how much is left out.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        None => text.to_owned(),
        Some((end, _)) => {
            let more = text[end..].chars().count();
            format!("{}… ({more} more characters)", &text[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let whole = "é".repeat(MAX_QUOTED);
        assert_eq!(cut(&whole), whole);
        assert_eq!(
            cut(&format!("{whole}éé")),
            format!("{whole}… (2 more characters)")
        );
    }
}
