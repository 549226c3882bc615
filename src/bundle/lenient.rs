//! What the lenient parser took and JSON does not have.

use std::ops::Range;

use jsonc_parser::tokens::{Token, TokenAndRange};

use super::finding::{Code, Finding};

/// One finding for each leniency, in order.
pub(super) fn findings(text: &str, tokens: &[TokenAndRange]) -> Vec<Finding> {
    let mut found = Vec::new();
    spaces(text, tokens, &mut found);
    let mut previous: Option<&TokenAndRange> = None;
    let mut rest = tokens.iter();
    while let Some(token) = rest.next() {
        let span = token.range.start..token.range.end;
        if is_comment(&token.token) {
            found.push(
                Finding::error(Code::Comment, span, "a comment: JSON has none")
                    .help("Remove it; `oc-guardian config schema` describes the fields."),
            );
            continue;
        }
        let next = rest
            .as_slice()
            .iter()
            .map(|next| &next.token)
            .find(|next| !is_comment(next));
        let is_name = next == Some(&Token::Colon);
        if let Some(previous) = previous
            && ends_value(&previous.token)
            && begins_member(&token.token)
        {
            let end = previous.range.end;
            found.push(Finding::error(
                Code::MissingComma,
                end..end,
                "a comma is missing here",
            ));
        }
        found.extend(check(text, &token.token, span, next, is_name));
        previous = Some(token);
    }
    found
}

fn check(
    text: &str,
    token: &Token,
    span: Range<usize>,
    next: Option<&Token>,
    is_name: bool,
) -> Option<Finding> {
    let source = text.get(span.clone()).unwrap_or_default();
    match token {
        Token::Comma if matches!(next, Some(Token::CloseBrace | Token::CloseBracket)) => Some(
            Finding::error(Code::TrailingComma, span, "a comma before a closing bracket").help("Remove it."),
        ),
        Token::String(_) if source.starts_with('\'') => Some(
            Finding::error(Code::SingleQuotes, span, "a string in single quotes").help("Use double quotes."),
        ),
        Token::String(_) => (!is_json(source)).then(|| {
            Finding::error(
                Code::BadString,
                span,
                "a string with an escape, a line break or a control character that JSON does not have",
            )
            .allowed(r#"the escapes \" \\ \/ \b \f \n \r \t \uXXXX"#)
        }),
        Token::Word(_) | Token::Number(_) | Token::Boolean(_) | Token::Null if is_name => Some(
            Finding::error(Code::UnquotedName, span, "a field name without quotes")
                .help("Put it in double quotes."),
        ),
        Token::Number(_) => (!is_json(source))
            .then(|| Finding::error(Code::BadNumber, span, "a number that JSON does not have")),
        _ => None,
    }
}

fn is_json(source: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(source).is_ok()
}

fn is_comment(token: &Token) -> bool {
    matches!(token, Token::CommentLine(_) | Token::CommentBlock(_))
}

fn ends_value(token: &Token) -> bool {
    !matches!(
        token,
        Token::Comma | Token::Colon | Token::OpenBrace | Token::OpenBracket
    )
}

fn begins_member(token: &Token) -> bool {
    !matches!(
        token,
        Token::Comma | Token::Colon | Token::CloseBrace | Token::CloseBracket
    )
}

/// Between two tokens there is only space, of kinds that JSON may not know.
fn spaces(text: &str, tokens: &[TokenAndRange], found: &mut Vec<Finding>) {
    let ends = std::iter::once(0).chain(tokens.iter().map(|token| token.range.end));
    let starts = tokens.iter().map(|token| token.range.start).chain([text.len()]);
    for (end, start) in ends.zip(starts) {
        let gap = text.get(end..start).unwrap_or_default();
        let stranger = gap
            .char_indices()
            .find(|(_, letter)| !matches!(letter, ' ' | '\t' | '\r' | '\n'));
        if let Some((at, letter)) = stranger {
            let at = end + at;
            found.push(
                Finding::error(
                    Code::BadSpace,
                    at..at + letter.len_utf8(),
                    format!("U+{:04X} is no space in JSON", u32::from(letter)),
                )
                .help("Replace it with an ordinary space."),
            );
        }
    }
}
