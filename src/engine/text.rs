/// Longest text of others in an error, in characters.
const MAX_TEXT: usize = 400;

/// What an engine or a program says, in one line and of bounded length.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|it: char| it.is_whitespace() || it.is_control())
        .collect();
    let mut line = words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if let Some((at, _)) = line.char_indices().nth(MAX_TEXT) {
        line.truncate(at);
        line.push('…');
    }
    line
}

/// An error and what it comes from.
pub(super) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Whether a text is nothing but the name or id of a container, network or volume: it becomes part of a path.
pub(super) fn is_name(text: &str) -> bool {
    let starts_well = text.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    starts_well && text.len() <= 255 && text.bytes().all(allowed)
}

/// Whether a text is nothing but the name, reference or id of an image.
pub(super) fn is_image(text: &str) -> bool {
    let starts_well = text
        .bytes()
        .next()
        .is_some_and(|it| it.is_ascii_alphanumeric() || it == b'[');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-:/@[]".contains(&byte);
    starts_well
        && text.len() <= 512
        && text.bytes().all(allowed)
        && !text.contains("..")
        && !text.contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_one_line_and_bounded() {
        assert_eq!(one_line("a\r\n b\x1b[31m\tc"), "a b [31m c");
        assert_eq!(one_line(&"ä".repeat(1000)).chars().count(), MAX_TEXT + 1);
    }

    #[test]
    fn what_becomes_part_of_a_path_is_a_name() {
        for good in ["oc-guardian", "a", "0f3c", "a_b.c-d"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "../x", "a/b", "a?b", "-a", ".a", "a b", "a%2f"] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(is_image("127.0.0.1:5000/a/b@sha256:00"));
        for bad in ["", "a/../b", "a?x=y", "a#b", "/a", "a//b"] {
            assert!(!is_image(bad), "{bad}");
        }
    }
}
