//! Reading JSON with positions, more leniently than JSON is: what was tolerated is reported by [`super::lenient`].

use std::ops::Range;

use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::tokens::TokenAndRange;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, ast, parse_to_ast};

use super::finding::{Code, Finding};

/// Deepest nesting of brackets. A bundle has one level; the parser recurses.
const MAX_DEPTH: usize = 8;

pub(super) struct Parsed<'a> {
    /// `None` where there is nothing but space and comments.
    pub(super) value: Option<ast::Value<'a>>,
    /// With comments.
    pub(super) tokens: Vec<TokenAndRange<'a>>,
}

pub(super) fn parse(text: &str) -> Result<Parsed<'_>, Box<Finding>> {
    let outline = Outline::of(text);
    if let Some(span) = outline.too_deep {
        return Err(Finding::error(
            Code::TooDeep,
            span,
            format!("brackets are nested more than {MAX_DEPTH} deep"),
        )
        .help("A config bundle is one flat object of strings.")
        .into());
    }
    let collect = CollectOptions {
        comments: CommentCollectionStrategy::AsTokens,
        tokens: true,
    };
    match parse_to_ast(text, &collect, &ParseOptions::default()) {
        Ok(parsed) => Ok(Parsed {
            value: parsed.value,
            tokens: parsed.tokens.unwrap_or_default(),
        }),
        // The parser notices a forgotten quote lines later, at the next one.
        Err(_) if outline.unclosed.is_some() => {
            let span = outline.unclosed.unwrap_or_default();
            Err(
                Finding::error(Code::Syntax, span, "a string is not closed on its line")
                    .help("Put the closing quote where the string ends.")
                    .into(),
            )
        }
        Err(error) => Err(syntax(&error).into()),
    }
}

fn syntax(error: &ParseError) -> Finding {
    let span = error.range().start..error.range().end;
    let (message, help) = match error.kind() {
        ParseErrorKind::UnexpectedWord => (
            "a word stands where a value should be".to_owned(),
            Some("Put it in double quotes."),
        ),
        ParseErrorKind::UnterminatedObject => {
            ("the object is not closed".to_owned(), Some("Add the missing }."))
        }
        ParseErrorKind::UnterminatedArray => {
            ("the array is not closed".to_owned(), Some("Add the missing ]."))
        }
        ParseErrorKind::MultipleRootJsonValues => (
            "there is something after the end of the object".to_owned(),
            Some("A config bundle is one JSON object and nothing else."),
        ),
        ParseErrorKind::UnexpectedComma => ("there is a comma too many".to_owned(), None),
        ParseErrorKind::ExpectedColonAfterObjectKey => ("a colon is missing after a name".to_owned(), None),
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            let first = letters.next().map(|letter| letter.to_ascii_lowercase());
            (first.into_iter().chain(letters).collect(), None)
        }
    };
    let finding = Finding::error(Code::Syntax, span, message);
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// What can be seen of strings, comments and brackets without recursion.
#[derive(Default)]
struct Outline {
    /// The bracket that is one too deep.
    too_deep: Option<Range<usize>>,
    /// The first string that runs over the end of its line, up to there.
    unclosed: Option<Range<usize>>,
}

impl Outline {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut outline = Self::default();
        let (mut at, mut depth) = (0, 0usize);
        while at < bytes.len() {
            let start = at;
            at += 1;
            match (bytes[start], bytes.get(at)) {
                (quote @ (b'"' | b'\''), _) => at = outline.string(bytes, start, quote),
                (b'/', Some(b'/')) => at = end_of(text, start, "\n"),
                (b'/', Some(b'*')) => at = end_of(text, start + 2, "*/"),
                (b'{' | b'[', _) => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        outline.too_deep = Some(start..at);
                        return outline;
                    }
                }
                (b'}' | b']', _) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        outline
    }

    /// Passes over a string; returns where it ends.
    fn string(&mut self, bytes: &[u8], start: usize, quote: u8) -> usize {
        let mut at = start + 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\n' if self.unclosed.is_none() => self.unclosed = Some(start..at),
                b'\\' => at += 1,
                byte if *byte == quote => return at + 1,
                _ => {}
            }
            at += 1;
        }
        if self.unclosed.is_none() {
            self.unclosed = Some(start..bytes.len());
        }
        bytes.len()
    }
}

fn end_of(text: &str, from: usize, end: &str) -> usize {
    text[from..]
        .find(end)
        .map_or(text.len(), |at| from + at + end.len())
}
