use super::{Candidate, Shape};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// PEM blocks of any kind of private key (RFC 7468, OpenSSH, PGP). One without an end goes on to the end of the text.
pub(super) fn scan(text: &str, found: &mut Vec<Candidate>) {
    let mut from = 0;
    while let Some(start) = text[from..].find(BEGIN).map(|at| from + at) {
        let label_start = start + BEGIN.len();
        from = label_start;
        let label: &str = text[label_start..]
            .split(|letter: char| !(letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == ' '))
            .next()
            .unwrap_or_default();
        if !label.contains("PRIVATE KEY") {
            continue;
        }
        let body = label_start + label.len();
        let end = text[body..].find(END).map_or(text.len(), |at| {
            let label_end = body + at + END.len();
            text[label_end..]
                .find(DASHES)
                .map_or(text.len(), |at| label_end + at + DASHES.len())
        });
        found.push(Candidate::new(start..end, Shape::Pem));
        from = end;
    }
}
