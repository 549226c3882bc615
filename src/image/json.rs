//! JSON that means the same to everyone who reads it.
//!
//! Parsers differ on doubled names: the first counts, or the last; in Go, `Digest` also sets `digest`. A manifest that one
//! reader takes for something else than the other is a way past a signature, so it is refused before it is read.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 32;
/// Most values, counting those in objects and arrays.
const MAX_VALUES: usize = 100_000;

/// Checks that `bytes` are one JSON value with no name twice in an object, and with none of `fields` in another spelling
/// of its letters.
///
/// # Errors
/// What is wrong, with its line and column.
pub(super) fn check(bytes: &[u8], fields: &[&str]) -> Result<(), serde_json::Error> {
    let mut values = 0;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let check = Check {
        fields,
        depth: 0,
        values: &mut values,
    };
    check.deserialize(&mut deserializer)?;
    deserializer.end()
}

/// As [`check`], for documents whose names nobody reads in another spelling.
///
/// # Errors
/// What is wrong, with its line and column.
pub(super) fn refuse_doubled_members(bytes: &[u8]) -> Result<(), serde_json::Error> {
    check(bytes, &[])
}

struct Check<'a> {
    fields: &'a [&'a str],
    depth: usize,
    values: &'a mut usize,
}

impl Check<'_> {
    fn inner(&mut self) -> Check<'_> {
        Check {
            fields: self.fields,
            depth: self.depth + 1,
            values: self.values,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        *self.values += 1;
        if *self.values > MAX_VALUES {
            return Err(D::Error::custom(format_args!("more than {MAX_VALUES} values")));
        }
        if self.depth > MAX_DEPTH {
            return Err(D::Error::custom(format_args!(
                "brackets are nested more than {MAX_DEPTH} deep"
            )));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self.inner())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let folded = fold(&name);
            if self
                .fields
                .iter()
                .any(|field| *field != name && fold(field) == folded)
            {
                return Err(A::Error::custom(format_args!(
                    "{name:?} is another spelling of a field"
                )));
            }
            if names.contains(&name) {
                return Err(A::Error::custom(format_args!(
                    "{name:?} stands twice in one object"
                )));
            }
            names.insert(name);
            map.next_value_seed(self.inner())?;
        }
        Ok(())
    }
}

/// As Go's `encoding/json` compares names: without regard to case, by Unicode's simple folding. Two letters outside ASCII
/// fold into it.
fn fold(name: &str) -> String {
    let fold = |letter| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        match check(text.as_bytes(), &["size", "mediaType", "token"]) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn ordinary_json_passes() {
        for good in [
            r#"{"size":1,"a":[true,null,-1,1.5e3,"x",{"size":2}],"b":{"a":{}}}"#,
            "[]",
            " 1 ",
            r#"{"a":1,"A":2}"#,
        ] {
            assert_eq!(problem(good), "", "{good}");
        }
    }

    #[test]
    fn what_is_read_differently_is_refused() {
        for (bad, wanted) in [
            (
                r#"{"a":1,"a":1}"#,
                "\"a\" stands twice in one object at line 1 column 10",
            ),
            (r#"{"a":1,"\u0061":1}"#, "\"a\" stands twice"),
            (r#"[{"x":{"a":1,"b":2,"a":3}}]"#, "\"a\" stands twice"),
            (r#"{"Size":1}"#, "\"Size\" is another spelling of a field"),
            (r#"{"mediatype":1}"#, "another spelling"),
            ("{\"\u{17f}ize\":1}", "another spelling"),
            ("{\"to\u{212a}en\":1}", "another spelling"),
            ("{}{}", "trailing characters"),
            ("", "EOF"),
            ("{\"a\":1e999}", "out of range"),
            ("\"\\ud800\"", "hex escape"),
        ] {
            assert!(problem(bad).contains(wanted), "{bad}: {}", problem(bad));
        }
        assert!(check(b"\"\xff\"", &[]).is_err());
    }

    #[test]
    fn bombs_are_refused() {
        assert_eq!(problem(&("[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH))), "");
        assert!(problem(&"[".repeat(1_000_000)).contains("nested more than 32 deep"));
        let many = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert!(problem(&many).contains("more than 100000 values"));
    }
}
