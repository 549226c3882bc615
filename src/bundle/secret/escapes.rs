/// The text with the escapes of JSON strings resolved wherever they stand, and for each byte of it (and its end) where
/// it came from; `None` where there are none. A secret does not get by because a letter of it is written `\u0061`.
pub(super) fn decode(text: &str) -> Option<(String, Vec<usize>)> {
    if !text.contains('\\') {
        return None;
    }
    let mut decoded = String::with_capacity(text.len());
    let mut origin = Vec::with_capacity(text.len() + 1);
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let (letter, length) = match letter {
            '\\' => escape(&text[at..]),
            other => (other, other.len_utf8()),
        };
        decoded.push(letter);
        origin.resize(decoded.len(), at);
        at += length;
    }
    origin.push(text.len());
    Some((decoded, origin))
}

/// What the escape at the start of `text` stands for, and how many bytes it takes.
fn escape(text: &str) -> (char, usize) {
    let digits = |from: usize, count: usize| {
        let digits = text.get(from..from + count)?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        // Half of a surrogate pair: no letter of any secret.
        Some((char::from_u32(code).unwrap_or('\u{fffd}'), from + count))
    };
    let simple = |letter| Some((letter, 2));
    text[1..]
        .chars()
        .next()
        .and_then(|letter| match letter {
            'u' => digits(2, 4),
            'x' => digits(2, 2),
            'n' => simple('\n'),
            'r' => simple('\r'),
            't' => simple('\t'),
            'b' | 'f' | 'v' => simple(' '),
            other => Some((other, 1 + other.len_utf8())),
        })
        .unwrap_or(('\\', 1))
}

#[cfg(test)]
mod tests {
    #[test]
    fn resolves_with_positions() {
        let (decoded, origin) = super::decode(r"a\u0062\n\ud83d\é\").unwrap();
        assert_eq!(decoded, "ab\n\u{fffd}é\\");
        assert_eq!(origin, [0, 1, 7, 9, 9, 9, 15, 15, 18, 19]);
        assert!(super::decode("plain").is_none());
    }
}
