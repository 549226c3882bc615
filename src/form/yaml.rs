//! YAML from JSON values, in block style. Every string that could be read as anything else is double-quoted, with JSON's
//! escapes, which are YAML's too.

use std::fmt::Write as _;

use serde_json::Value;

/// The document, with a final newline.
pub(super) fn document(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(_) | Value::Array(_) if !is_empty(value) => block(&mut text, value, 0),
        scalar => {
            scalar_text(&mut text, scalar);
            text.push('\n');
        }
    }
    text
}

/// A mapping or sequence that is not empty, each entry on a line of its own.
fn block(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                indent(text, depth);
                quoted(text, key);
                text.push(':');
                entry(text, member, depth);
            }
        }
        Value::Array(items) => {
            for item in items {
                indent(text, depth);
                text.push('-');
                if is_empty(item) || !(item.is_object() || item.is_array()) {
                    entry(text, item, depth);
                } else {
                    // The first entry stands on the line of the dash.
                    let mut inner = String::new();
                    block(&mut inner, item, depth + 1);
                    text.push(' ');
                    text.push_str(&inner[2 * (depth + 1)..]);
                }
            }
        }
        scalar => scalar_text(text, scalar),
    }
}

/// What follows a key or a dash.
fn entry(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(_) | Value::Array(_) if !is_empty(value) => {
            text.push('\n');
            block(text, value, depth + 1);
        }
        Value::String(lines) if is_literal(lines) => {
            text.push_str(" |\n");
            for line in lines.lines() {
                indent(text, depth + 1);
                text.push_str(line);
                text.push('\n');
            }
        }
        scalar => {
            text.push(' ');
            scalar_text(text, scalar);
            text.push('\n');
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn scalar_text(text: &mut String, value: &Value) {
    match value {
        Value::String(string) => quoted(text, string),
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

/// Several lines that a literal block gives back byte for byte: visible ASCII, none empty or ending in a space, the first
/// not indented, and one line end after each.
fn is_literal(text: &str) -> bool {
    let good = |line: &str| {
        !line.is_empty() && !line.ends_with(' ') && line.bytes().all(|it| matches!(it, b' '..=b'~'))
    };
    text.strip_suffix('\n')
        .is_some_and(|lines| lines.contains('\n') && !lines.starts_with(' ') && lines.split('\n').all(good))
}

fn quoted(text: &mut String, string: &str) {
    if is_plain(string) {
        text.push_str(string);
        return;
    }
    text.push('"');
    for letter in string.chars() {
        match letter {
            '"' | '\\' => {
                text.push('\\');
                text.push(letter);
            }
            '\n' => text.push_str("\\n"),
            ' '..='~' => text.push(letter),
            other => {
                let code = u32::from(other);
                let _ = match code {
                    0..=0xffff => write!(text, "\\u{code:04x}"),
                    _ => write!(text, "\\U{code:08x}"),
                };
            }
        }
    }
    text.push('"');
}

/// Text that no version of YAML reads as anything but a string.
fn is_plain(string: &str) -> bool {
    const WORDS: [&str; 11] = [
        "y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf",
    ];
    let mut bytes = string.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'/')
        && bytes.all(|it| it.is_ascii_alphanumeric() || matches!(it, b'/' | b'.' | b'-' | b'_'))
        && !WORDS.contains(&string.to_ascii_lowercase().as_str())
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn is_in_block_style() {
        let value = json!({
            "a": { "b": 1, "c": [true, null, "x"], "d": {}, "e": [] },
            "list": [{ "k": "v", "p": { "m": 2 } }, ["p", ["q"]]],
            "text": "{\n  \"x\": 1\n}\n",
        });
        let wanted = "\
a:
  b: 1
  c:
    - true
    - null
    - x
  d: {}
  e: []
list:
  - k: v
    p:
      m: 2
  - - p
    - - q
text: |
  {
    \"x\": 1
  }
";
        assert_eq!(document(&value), wanted);
    }

    #[test]
    fn what_could_be_something_else_is_quoted() {
        for (string, wanted) in [
            ("plain", "plain"),
            ("/a/b-c_d.e", "/a/b-c_d.e"),
            ("", "\"\""),
            ("yes", "\"yes\""),
            ("NO", "\"NO\""),
            ("Null", "\"Null\""),
            ("~", "\"~\""),
            ("1", "\"1\""),
            ("9000:9000", "\"9000:9000\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("- a", "\"- a\""),
            ("*a", "\"*a\""),
            ("{a}", "\"{a}\""),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
            ("a\nb", "\"a\\nb\""),
            ("é\u{1f600}\u{2028}\t", "\"\\u00e9\\U0001f600\\u2028\\u0009\""),
            (" a\nb\n", "\" a\\nb\\n\""),
            ("a\n\nb\n", "\"a\\n\\nb\\n\""),
        ] {
            assert_eq!(document(&json!([string])), format!("- {wanted}\n"), "{string:?}");
        }
    }
}
