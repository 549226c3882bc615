//! Canonical JSON: the one spelling of a value whose bytes are signed.
//!
//! As `JSON.stringify` writes it: compact, fields in document order, its escapes. What two implementations could read
//! differently is refused, when building as when verifying: duplicate keys, keys outside `[a-z][a-z0-9_]*` (a script
//! engine would move `"1"` to the front), numbers that are not integers within ±(2⁵³−1), depth over [`MAX_DEPTH`], more
//! than [`MAX_BYTES`]. A string with a lone surrogate, which `JSON.stringify` can write and UTF-8 cannot hold, is
//! refused as well.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Largest document, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting: a bare array or object has depth 1.
pub const MAX_DEPTH: usize = 8;
/// Longest name that an error quotes, in characters.
const MAX_NAME: usize = 40;
/// 2⁵³−1, the largest integer that every JSON implementation keeps exact.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why bytes or a value are not canonical JSON.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CanonicalError {
    /// More than [`MAX_BYTES`].
    #[error("it has {0} bytes, and at most {MAX_BYTES} are allowed")]
    TooLarge(usize),
    /// Not JSON, or JSON that could be read in two ways.
    #[error("{0}")]
    Json(String),
    /// Nested deeper than allowed.
    #[error("it is nested deeper than {0}")]
    TooDeep(usize),
    /// A key that is not `[a-z][a-z0-9_]*`.
    #[error("the key {0:?} is not of the form a-z, then a-z 0-9 _")]
    Key(String),
    /// A number that is not an integer within ±(2⁵³−1).
    #[error("the number {0} is not an integer within ±(2^53-1)")]
    Number(String),
    /// The bytes are a strict document, but not its canonical spelling.
    #[error("it is not written canonically: byte {0} differs from what JSON.stringify writes")]
    Spelling(usize),
}

/// Reads a document strictly. White space between its parts is allowed; see [`check`].
///
/// # Errors
/// [`CanonicalError`], but never `Spelling`.
pub fn parse_strict(bytes: &[u8]) -> Result<Value, CanonicalError> {
    parse_within(bytes, MAX_DEPTH)
}

/// As [`parse_strict`], with another limit of depth: for documents that carry a payload further down.
pub(crate) fn parse_within(bytes: &[u8], depth: usize) -> Result<Value, CanonicalError> {
    if bytes.len() > MAX_BYTES {
        return Err(CanonicalError::TooLarge(bytes.len()));
    }
    // The parser's error type carries text only, so what was wrong with the value travels beside it.
    let mut fault = None;
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let strict = Strict {
        room: depth,
        limit: depth,
        fault: &mut fault,
    };
    let outcome = strict
        .deserialize(&mut parser)
        .and_then(|value| parser.end().map(|()| value));
    outcome.map_err(|error| fault.unwrap_or_else(|| CanonicalError::Json(error.to_string())))
}

/// Writes a value canonically.
///
/// # Errors
/// [`CanonicalError`], but never `Spelling`.
pub fn encode(value: &Value) -> Result<String, CanonicalError> {
    check_value(value, MAX_DEPTH)?;
    // serde_json escapes what JSON.stringify escapes, in the same spelling; a property test and a comparison with a
    // real JSON.stringify hold it to that.
    let text = value.to_string();
    if text.len() > MAX_BYTES {
        return Err(CanonicalError::TooLarge(text.len()));
    }
    Ok(text)
}

/// Reads a document that must be spelt canonically: it is written again, and any difference is refused.
///
/// # Errors
/// [`CanonicalError`]
pub fn check(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let value = parse_strict(bytes)?;
    let text = encode(&value)?;
    if text.as_bytes() == bytes {
        return Ok(value);
    }
    let same = text
        .bytes()
        .zip(bytes)
        .take_while(|(ours, theirs)| ours == *theirs);
    Err(CanonicalError::Spelling(same.count()))
}

/// Sorts the keys of every object in `value`: how free objects are built.
pub(crate) fn sort(value: &mut Value) {
    value.sort_all_objects();
}

fn is_key(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_lowercase())
        && key
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// A name from outside, short enough for an error message.
pub(super) fn cut(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

fn is_exact(number: &Number) -> bool {
    match (number.as_u64(), number.as_i64()) {
        (Some(value), _) => value <= MAX_INTEGER,
        (None, Some(value)) => value.unsigned_abs() <= MAX_INTEGER,
        (None, None) => false,
    }
}

fn check_value(value: &Value, room: usize) -> Result<(), CanonicalError> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(number) if is_exact(number) => Ok(()),
        Value::Number(number) => Err(CanonicalError::Number(number.to_string())),
        Value::Array(_) | Value::Object(_) if room == 0 => Err(CanonicalError::TooDeep(MAX_DEPTH)),
        Value::Array(items) => items.iter().try_for_each(|item| check_value(item, room - 1)),
        Value::Object(members) => members.iter().try_for_each(|(key, member)| {
            if is_key(key) {
                check_value(member, room - 1)
            } else {
                Err(CanonicalError::Key(cut(key)))
            }
        }),
    }
}

/// Builds a [`Value`], and stops at the first thing that the rules refuse.
struct Strict<'f> {
    /// How many more levels may open.
    room: usize,
    limit: usize,
    fault: &'f mut Option<CanonicalError>,
}

impl Strict<'_> {
    fn refuse<T, E: serde::de::Error>(self, fault: CanonicalError) -> Result<T, E> {
        let error = E::custom(&fault);
        *self.fault = Some(fault);
        Err(error)
    }

    fn number<E: serde::de::Error>(self, number: Number) -> Result<Value, E> {
        if is_exact(&number) {
            Ok(Value::Number(number))
        } else {
            self.refuse(CanonicalError::Number(number.to_string()))
        }
    }

    fn inner(&mut self) -> Strict<'_> {
        Strict {
            room: self.room - 1,
            limit: self.limit,
            fault: self.fault,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("strict JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.number(value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.number(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // Whatever it is: `1.0`, `1e3`, `-0` and integers beyond 64 bits all arrive here.
        self.refuse(CanonicalError::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<Value, A::Error> {
        if self.room == 0 {
            let limit = self.limit;
            return self.refuse(CanonicalError::TooDeep(limit));
        }
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(self.inner())? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        if self.room == 0 {
            let limit = self.limit;
            return self.refuse(CanonicalError::TooDeep(limit));
        }
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if !is_key(&key) {
                return self.refuse(CanonicalError::Key(cut(&key)));
            }
            // serde_json's own Value would keep the last of two silently.
            if members.contains_key(&key) {
                return Err(A::Error::custom(format!(
                    "the key {:?} is there twice",
                    cut(&key)
                )));
            }
            let member = map.next_value_seed(self.inner())?;
            members.insert(key, member);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
#[path = "canonical_tests.rs"]
mod tests;
